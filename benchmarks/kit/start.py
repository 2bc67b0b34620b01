"""From a task that is ready to the agent's first instruction, beside `git worktree add` and a bare spawn."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

from benchmarks.kit import agents
from benchmarks.kit.measure import in_turns, seconds_of
from benchmarks.kit.worker import running_worker
from initiatives.actions.task import create_task
from tests.factories import run_git


def measure_start(folder: Path, source: Path, *, rounds: int) -> dict[str, list[float]]:
    """Seconds for "ours" (task created -> agent's main), "floor" (worktree add + spawn) and "checkout" (worktree add
    alone). Nothing is deleted meanwhile: this would be measured too."""
    program, stamps = agents.write_stamping_program(folder)
    bare = folder / "bare.git"
    run_git(folder, "clone", "--quiet", "--bare", str(source), str(bare))
    floor = _Floor(bare, folder / "trees", program, stamps)
    try:
        with running_worker(folder / "data", CW_CLAUDE=str(program)):
            phase = agents.start_phase(source, name="Start agents")
            numbers = count(1)

            def ours() -> float:
                name = f"Task {next(numbers)}"
                return agents.seconds_to_first_line(lambda: create_task(phase.id, name=name), stamps)

            return in_turns({"ours": ours, "floor": floor.start, "checkout": floor.check_out}, rounds=rounds)
    finally:
        agents.stop_all()
        floor.end()


class _Floor:
    """Plain git and a plain spawn of the same program."""

    def __init__(self, bare: Path, trees: Path, program: Path, stamps: Path) -> None:
        self.bare, self.trees, self.program, self.stamps = bare, trees, program, stamps
        self.numbers = count(1)
        self.ends: list[Callable[[], object]] = []

    def start(self) -> float:
        number = next(self.numbers)
        return agents.seconds_to_first_line(lambda: self._spawn(self._add(number), number), self.stamps)

    def check_out(self) -> float:
        return seconds_of(lambda: self._add(next(self.numbers)))

    def end(self) -> None:
        for end in self.ends:
            end()

    def _add(self, number: int) -> Path:
        path = self.trees / str(number)
        run_git(self.bare, "worktree", "add", "--quiet", "-b", f"floor-{number}", str(path), "main")
        return path

    def _spawn(self, path: Path, number: int) -> None:
        process = agents.spawn(self.program, f"floor-{number}", path)
        self.ends += [process.kill, process.wait]
