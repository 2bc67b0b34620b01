"""A1: a task becomes ready -> the agent's main(), on a repository of five files. Goal: 0.4 x what Agor took (76 ms),
which is 30 ms; beside the floor of that day (worktree add 7.3 ms and spawn 0.7 ms) at most 3.8 x."""

from pathlib import Path

from benchmarks.kit.measure import medians, scaled
from benchmarks.kit.result import Result, Row
from benchmarks.kit.start import measure_start
from benchmarks.kit.trees import make_tiny


def run(folder: Path, *, scale: float) -> Result:
    """The whole way: the action that creates the task, the ticks, the engine, worktree, files, shim, agent."""
    rounds = scaled(20, scale, least=2)
    found = medians(measure_start(folder, make_tiny(folder / "source"), rounds=rounds))
    return Result(
        [
            Row("A1", "task ready → agent's main(), 5 files", "ms", found["ours"] * 1e3, found["floor"] * 1e3,
                "worktree add + spawn", goal=3.8, count=rounds)
        ]
    )  # fmt: skip
