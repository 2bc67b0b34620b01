"""A place for the scripted program to work in: a real repository, and runs of the program as a separate process."""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agents.providers.base import LaunchRequest, new_session_id
from agents.providers.events import Ended, OutputEvent
from agents.providers.scripted import Scripted


def script(*steps: dict[str, Any]) -> str:
    """A prompt with a script in it."""
    return f"Please do this.\n\n```cw-script\n{json.dumps(steps)}\n```\nThank you."


@dataclass(frozen=True)
class Run:
    """What one run of the program gave."""

    exit_code: int
    events: list[OutputEvent]
    stderr: str
    signal: dict[str, Any] | None

    @property
    def ended(self) -> Ended:
        """The last event, which must be terminal."""
        assert isinstance(self.events[-1], Ended)
        return self.events[-1]


@dataclass
class Desk:
    """A working folder, and a session of the scripted program in it."""

    folder: Path
    state: Path
    session_id: str

    def begin(self, prompt: str, *, resume: bool = False) -> subprocess.Popen[bytes]:
        """Start the program; its output goes to a file, as under the shim."""
        provider = Scripted()
        launch = provider.launch(
            LaunchRequest(
                prompt=prompt,
                working_dir=self.folder,
                session_id=self.session_id,
                executable=provider.find_executable(None),
                resume=resume,
                config_dir=self.state,
            )
        )
        (self.state / "prompt.txt").write_bytes(launch.stdin)
        with (
            open(self.state / "prompt.txt", "rb") as stdin,
            open(self.state / "output.jsonl", "wb") as stdout,
            open(self.state / "stderr.log", "wb") as stderr,
        ):
            env = {"PATH": os.environ["PATH"], "HOME": str(self.state)} | launch.env
            for role in ("AUTHOR", "COMMITTER"):
                env |= {f"GIT_{role}_NAME": "brisk-otter", f"GIT_{role}_EMAIL": "brisk-otter@agents.invalid"}
            return subprocess.Popen(
                launch.argv, cwd=self.folder, env=env, stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True
            )

    def events(self) -> list[OutputEvent]:
        """What the program has printed so far."""
        lines = (self.state / "output.jsonl").read_bytes().split(b"\n")
        return [event for line in lines for event in Scripted().read_line(line)]

    def end(self, process: subprocess.Popen[bytes]) -> Run:
        """Wait for the program and gather what it left."""
        code = process.wait(timeout=20)
        file = self.folder / ".cw" / "output" / "signal.json"
        signal = json.loads(file.read_text()) if file.exists() else None
        file.unlink(missing_ok=True)
        return Run(code, self.events(), (self.state / "stderr.log").read_text(), signal)

    def run(self, prompt: str, *, resume: bool = False) -> Run:
        """One whole run."""
        return self.end(self.begin(prompt, resume=resume))

    def git(self, *arguments: str) -> str:
        """Ask git about the working folder."""
        command = ["git", *arguments]
        return subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    folder, state = tmp_path / "work", tmp_path / "state"
    state.mkdir()
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    return Desk(folder, state, new_session_id())


@pytest.fixture
def make_script() -> Callable[..., str]:
    return script
