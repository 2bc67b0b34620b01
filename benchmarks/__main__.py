"""`make bench`, or `python -m benchmarks NAME…`: each benchmark in a process and on a data folder of its own."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path

from benchmarks.kit.result import HEAD, Result

BENCHMARKS = (
    "start_tiny",
    "start_large",
    "ingest_cpu",
    "lines_lost",
    "live_line",
    "merge",
    "small_diff",
    "whole_diff",
    "json_list",
    "insert",
    "html_list",
    "serving",
    "ready_tasks",
)
ROOT = Path(__file__).resolve().parent.parent
FAILED = 1


def main() -> int:
    options = _options()
    if options.inside:
        return _measure(options.names[0], options.inside, scale=options.scale)
    unknown = [name for name in options.names if name not in BENCHMARKS]
    if unknown:
        print(f"No benchmark is called {', '.join(unknown)}. There are: {', '.join(BENCHMARKS)}.", file=sys.stderr)
        return FAILED
    results: dict[str, Result] = {}
    print(HEAD, end="", flush=True)
    for name in options.names or BENCHMARKS:
        result = _run_apart(name, scale=options.scale)
        if result is not None:
            results[name] = result
            print("".join(row.markdown() for row in result.rows), end="", flush=True)
    for result in results.values():
        for note in result.notes:
            print(f"- {note}")
    if options.write:
        from benchmarks.kit.report import write_report

        write_report(ROOT / "benchmarks" / "README.md", results, scale=options.scale, order=BENCHMARKS)
    return 0 if len(results) == len(options.names or BENCHMARKS) else FAILED


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(BENCHMARKS)} (default: all)")
    parser.add_argument("--scale", type=float, default=1.0, help="size and rounds; figures for the README need 1")
    parser.add_argument("--write", action="store_true", help="put the figures into benchmarks/README.md")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _run_apart(name: str, *, scale: float) -> Result | None:
    """Run one benchmark in a fresh process; None, with its last words on stderr, where it fails."""
    folder = Path(tempfile.mkdtemp(prefix="cw-bench-"))
    command = [sys.executable, "-m", "benchmarks", name, "--scale", str(scale), "--inside", str(folder)]
    try:
        ended = subprocess.run(command, cwd=ROOT, env=_environment(), stdin=subprocess.DEVNULL, check=False)
        answer = folder / "result.json"
        if ended.returncode or not answer.exists():
            print(f"{name} failed (exit code {ended.returncode}).", file=sys.stderr)
            return None
        return Result.from_json(json.loads(answer.read_text()))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _environment() -> dict[str, str]:
    """Ours without what would point the product at somebody's real data."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("CW_", "DATABASE_URL", "DJANGO_"))}


def _measure(name: str, folder: Path, *, scale: float) -> int:
    from benchmarks.kit.product import set_up

    set_up(folder / "data")
    result: Result = import_module(f"benchmarks.{name}").run(folder, scale=scale)
    (folder / "result.json").write_text(json.dumps(result.as_json()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
