"""benchmarks/README.md, made from benchmarks/figures.json: the newest figures of each benchmark, wherever they ran."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.kit.machine import describe, load
from benchmarks.kit.result import HEAD, Result

BEGIN, END = "<!-- figures: written by `python -m benchmarks --write` -->\n", "<!-- end of figures -->\n"


def write_report(readme: Path, results: Mapping[str, Result], *, scale: float, order: tuple[str, ...]) -> None:
    """Put new results beside the older ones of other benchmarks, and the table of all into the README."""
    store = readme.with_name("figures.json")
    kept: dict[str, Any] = json.loads(store.read_text()) if store.exists() else {}
    stamp = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": describe(readme.parent),
        "load": round(load(), 2),
        "scale": scale,
    }
    kept |= {name: {**stamp, **result.as_json()} for name, result in results.items()}
    kept = {name: kept[name] for name in order if name in kept}
    store.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    text = readme.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    readme.write_text(before + BEGIN + _figures(kept) + END + after)


def _figures(kept: dict[str, Any]) -> str:
    results = {name: Result.from_json({"rows": item["rows"], "notes": item["notes"]}) for name, item in kept.items()}
    lines = ["\n"]
    for run in dict.fromkeys((item["date"], item["machine"], item["scale"]) for item in kept.values()):
        date, machine, scale = run
        names = [name for name, item in kept.items() if (item["date"], item["machine"], item["scale"]) == run]
        what = "" if len(names) == len(kept) else f" ({', '.join(names)})"
        size = "" if scale == 1 else f", at scale {scale:g} (too small to quote)"
        lines.append(f"Measured {date}{what}{size} on: {machine}.\n")
    verdicts = [row.met for result in results.values() for row in result.rows if row.met is not None]
    lines.append(f"\nGoals met: {sum(verdicts)} of {len(verdicts)}.\n\n{HEAD}")
    lines += [row.markdown() for result in results.values() for row in result.rows]
    lines.append("\n")
    lines += [f"- {note}\n" for result in results.values() for note in result.notes]
    return "".join(lines) + "\n"
