"""A2: the same on a repository of 7,000 files. Goal: at most 1.15 x `git worktree add` alone."""

from pathlib import Path

from benchmarks.kit.measure import medians, scaled
from benchmarks.kit.result import Result, Row
from benchmarks.kit.start import measure_start
from benchmarks.kit.trees import LARGE, make_large


def run(folder: Path, *, scale: float) -> Result:
    """As A1; the checkout of the files is most of it."""
    files, rounds = scaled(LARGE, scale, least=100), scaled(8, scale, least=2)
    found = medians(measure_start(folder, make_large(folder / "source", files=files), rounds=rounds))
    what = f"task ready → agent's main(), {files:,} files"
    return Result(
        [
            Row("A2", what, "ms", found["ours"] * 1e3, found["checkout"] * 1e3, "worktree add", goal=1.15,
                count=rounds),
            Row("A2", what, "ms", found["ours"] * 1e3, found["floor"] * 1e3, "worktree add + spawn", count=rounds),
        ]
    )  # fmt: skip
