"""The floor beside A3 and A5: read files as they grow and store each line as a row, one transaction a round.

Run as a program: `python -m benchmarks.kit.tail SECONDS_BETWEEN_ROUNDS DATABASE FILE…`. It ends when its input closes,
and prints as JSON the CPU seconds that it used after its first line came, how many lines it saw, and how old each was
when it was seen.
"""

import json
import os
import re
import select
import sqlite3
import sys
import time
from pathlib import Path

_MOMENT = re.compile(rb"@\d+ (\d+\.\d+) ")


def follow(pause: float, database: str, paths: list[Path]) -> dict[str, object]:
    """Rounds until standard input closes and one round more."""
    store = sqlite3.connect(database, isolation_level=None)
    store.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        "CREATE TABLE lines (id INTEGER PRIMARY KEY, file INTEGER, number INTEGER, text TEXT, UNIQUE (file, number));"
    )
    offsets, counts = [0] * len(paths), [0] * len(paths)
    ages: list[float] = []
    began = 0.0
    last = False
    while True:
        rows: list[tuple[int, int, str]] = []
        for index, path in enumerate(paths):
            data = _read(path, offsets[index])
            if not data:
                continue
            began = began or time.process_time()
            offsets[index] += len(data)
            moment = time.time()
            ages += [moment - float(stamp) for stamp in _MOMENT.findall(data)]
            for line in data.decode("utf-8", "replace").splitlines():
                rows.append((index, counts[index], line))
                counts[index] += 1
        if rows:
            store.execute("BEGIN IMMEDIATE")
            store.executemany("INSERT INTO lines (file, number, text) VALUES (?, ?, ?)", rows)
            store.execute("COMMIT")
        if last:
            return {"cpu": time.process_time() - began, "lines": sum(counts), "ages": ages}
        last = bool(select.select([sys.stdin], [], [], pause)[0])


def _read(path: Path, offset: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read()
    except FileNotFoundError:
        return b""
    return data[: data.rfind(b"\n") + 1]


if __name__ == "__main__":
    found = follow(float(sys.argv[1]), sys.argv[2], [Path(name) for name in sys.argv[3:]])
    os.write(1, json.dumps(found).encode())
