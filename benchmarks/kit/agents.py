"""Agents for measuring: a program in place of the coding CLI, a phase that they work in, and their end."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from agents.repositories import AgentRepository
from agents.runtime import process
from agents.runtime.paths import session_folder
from agents.states import OPEN_SESSION
from initiatives.actions.initiative import create_initiative
from initiatives.actions.phase import approve_phase, create_phase, queue_phase
from initiatives.actions.project import add_project, carry_out_sync
from initiatives.actions.task import create_task
from initiatives.models import Phase
from initiatives.repositories import PhaseRepository, TaskRepository
from initiatives.states import TaskType
from tests.waiting import wait_until

PROVIDER = "claude"
"""The provider whose place the program takes; nothing but the program's path is configured."""

_STAMPING = """#!/bin/bash
printf %s "$EPOCHREALTIME" > "{stamps}/.$CW_SESSION"
mv "{stamps}/.$CW_SESSION" "{stamps}/$CW_SESSION"
exec sleep 3600
"""


def write_stamping_program(folder: Path) -> tuple[Path, Path]:
    """A program whose first act is to write down the time in a file named by its session; (program, folder of stamps).

    It stays, as an agent at work does.
    """
    stamps = folder / "stamps"
    stamps.mkdir()
    program = folder / "agent"
    program.write_text(_STAMPING.format(stamps=stamps))
    program.chmod(0o755)
    return program, stamps


def start_phase(source: Path, *, name: str) -> Phase:
    """A phase in progress over the repository `source`; a server must be running. A checkpoint keeps it open."""
    project = add_project(name=name, url=str(source), default_branch="main")
    carry_out_sync(project.id)
    initiative = create_initiative(
        name=name, project_ids=[project.id], execution_mode="review_per_phase", provider=PROVIDER
    )
    phase = create_phase(initiative.id, name=name)
    create_task(phase.id, name="Wait for a person", type=TaskType.HUMAN_VERIFY)
    approve_phase(phase.id)
    queue_phase(phase.id)

    def begun() -> bool:
        now = PhaseRepository().get(phase.id)
        return now.status == "in_progress"

    wait_until(begun, timeout=120, message=f"the phase starts: {PhaseRepository().get(phase.id).status_reason}")
    return PhaseRepository().get(phase.id)


def seconds_to_first_line(create: Callable[[], object], stamps: Path, *, timeout: float = 120) -> float:
    """Call `create` and return the wall seconds from then until a new program's first act."""
    known = set(os.listdir(stamps))
    began = time.time()
    create()
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        new = [name for name in os.listdir(stamps) if name not in known and not name.startswith(".")]
        if new:
            return float((stamps / new[0]).read_text()) - began
        time.sleep(0.005)
    raise TimeoutError(f"No agent started within {timeout:g} seconds. {_why()}")


def spawn(program: Path, session: str, cwd: Path) -> subprocess.Popen[bytes]:
    """The program started by nobody but us: the floor."""
    env = {"CW_SESSION": session, "PATH": os.environ["PATH"]}
    return subprocess.Popen([str(program)], env=env, cwd=cwd, stdin=subprocess.DEVNULL, start_new_session=True)


def stop_all() -> None:
    """End the processes of every open session, and wait for it."""
    for session in AgentRepository().list_sessions(OPEN_SESSION):
        process.stop(session_folder(session.agent_id, session.number), marker=session.id)


def _why() -> str:
    reasons = [f"{task.name}: {task.status} {task.status_reason}" for task in TaskRepository().find_all()[-3:]]
    reasons += [f"{agent.name}: {agent.status} {agent.status_reason}" for agent in AgentRepository().find_all()[-3:]]
    return " | ".join(reasons)
