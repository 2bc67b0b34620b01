"""Sessions of small real agents (shell or Python), none of which outlives its test."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from agents.runtime import process, shim
from tests.waiting import wait_until

GENTLE = (("SIGTERM", 5.0),)


@dataclass(frozen=True)
class Agent:
    """One session's folder and marker."""

    folder: Path
    cwd: Path
    marker: str

    def start(self) -> None:
        process.start(self.folder, timeout=30)

    def probe(self) -> process.Probe:
        return process.probe(self.folder)

    def wait_for(self, state: str) -> process.Probe:
        wait_until(lambda: self.probe().state == state, timeout=20, message=f"never {state}: {self.probe()}")
        return self.probe()

    def output(self) -> str:
        file = self.folder / "output.jsonl"
        return file.read_text() if file.exists() else ""

    def wait_for_output(self, text: str) -> None:
        wait_until(lambda: text in self.output(), message=f"{text!r} was never printed")

    def stop(self) -> process.Probe:
        return process.stop(self.folder, marker=self.marker)


MakeAgent = Callable[..., Agent]


@pytest.fixture
def make_agent(tmp_path: Path) -> Iterator[MakeAgent]:
    made: list[Agent] = []

    def make(
        shell: str = "",
        *,
        python: str = "",
        argv: Sequence[str] = (),
        stop_signals: Sequence[tuple[str, float]] = GENTLE,
        stdin: bytes = b"",
        env: dict[str, str] | None = None,
    ) -> Agent:
        agent = Agent(tmp_path / f"session-{len(made)}", tmp_path / "cwd", f"m-{uuid4().hex}")
        agent.cwd.mkdir(exist_ok=True)
        command = list(argv) or (["/bin/sh", "-c", shell] if shell else [sys.executable, "-I", "-c", python])
        environment = {"PATH": os.environ["PATH"], process.MARKER_NAME: agent.marker} | (env or {})
        process.write_launch(
            agent.folder, argv=command, env=environment, cwd=agent.cwd, stdin=stdin, stop_signals=stop_signals
        )
        made.append(agent)
        return agent

    yield make
    for agent in made:
        holder = process.lock_holder(agent.folder / "lock")
        victims = shim.descendants([holder]) if holder else []
        if holder and (found := shim.read_process(holder)):
            victims.append(found)
        for victim in victims:
            shim.send(victim, 9)
        process.sweep(agent.marker)


def is_alive(pid: int) -> bool:
    """Whether there is a living (not a zombie) process with that pid."""
    found = shim.read_process(pid)
    return found is not None and found.state not in "ZX"


@pytest.fixture
def alive() -> Callable[[int], bool]:
    return is_alive
