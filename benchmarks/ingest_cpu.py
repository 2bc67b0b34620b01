"""A3: CPU of the worker for each line that 20 agents print (100 lines a second each) and that is stored durably.

Goal: 0.08 x what Agor used with a viewer (982 us), which is 75 us; `live_line` measures it with the viewers. Beside it
the least that any program would do: read the files every 100 ms and insert a row for each line in one transaction.
"""

from pathlib import Path

from benchmarks.kit.follower import following
from benchmarks.kit.measure import cpu_seconds, scaled
from benchmarks.kit.printing import printing_agents
from benchmarks.kit.result import Result, Row

AGENTS, RATE, SECONDS = 20, 100, 30


def run(folder: Path, *, scale: float) -> Result:
    """Both follow the same files at the same time, so that both see the same load."""
    agents, lines = scaled(AGENTS, scale, least=2), scaled(RATE * SECONDS, scale, least=50)
    with (
        printing_agents(folder, count=agents) as load,
        following(load.outputs(), folder / "floor.sqlite3", pause=0.1) as floor,
    ):
        load.say_go(rate=RATE, lines=lines)
        before = cpu_seconds(load.worker.pid)
        load.wait_until_stored(lines=lines, timeout=lines / RATE + 60)
        ours = cpu_seconds(load.worker.pid) - before
    total = agents * lines
    assert floor.lines == total, f"the floor saw {floor.lines} of {total} lines"
    what = f"worker's CPU for a line stored; {agents} agents x {RATE} lines/s, {total:,} lines"
    return Result(
        [
            Row("A3", what, "µs", ours / total * 1e6, floor.cpu / total * 1e6, "read + insert, every 100 ms",
                limit=75, count=total)
        ]
    )  # fmt: skip
