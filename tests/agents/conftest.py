"""The engine of agents in one thread: real processes, real git, and no waiting for a worker's poll."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django_ox.testing import run_tasks
from pytest_django.fixtures import Settings

from agents import ticks
from agents.models import Agent, AgentSession
from agents.repositories.agent import AgentRepository
from agents.runtime import process
from agents.runtime.paths import session_folder
from agents.runtime.supervisor import Supervisor
from agents.states import SessionState
from cw_site.git.clones import ensure_clone
from initiatives.actions.branches import clone_of
from initiatives.models import Initiative, Phase, Project, Task
from initiatives.repositories import TaskRepository
from tests.factories import make_initiative, make_phase, make_project, make_task

AGENT_TICKS = [
    "agents.ticks.free_accounts",
    "agents.ticks.settle_sessions",
    "agents.ticks.start_tasks",
    "agents.ticks.resume_waiting",
    "agents.ticks.release_worktrees",
]


class Engine:
    """What a worker does, step by step."""

    def __init__(self, host: str) -> None:
        self.supervisor = Supervisor(host)
        self.agents = AgentRepository()
        self.settles = True

    def step(self) -> None:
        """One round of everything."""
        run_tasks()
        self.supervisor.round()
        if self.settles:
            ticks.settle_sessions()
        ticks.start_tasks()
        ticks.resume_waiting()

    def until(self, condition: Callable[[], Any], timeout: float = 20) -> Any:
        """Go on until the condition holds; returns its value."""
        deadline = time.monotonic() + timeout
        while not (value := condition()):
            if time.monotonic() > deadline:
                raise AssertionError(f"nothing came true within {timeout:g} s; sessions: {self.describe()}")
            self.step()
            time.sleep(0.02)
        return value

    def until_settled(self, task: Task) -> Agent:
        """Go on until the task's agent has no open session and its task says how it ended."""

        def rests() -> Agent | None:
            found = self.agents.find_by_task_id(task.id)
            return found[0] if found and self.agents.open_session(found[0].id) is None else None

        agent: Agent = self.until(rests)
        return agent

    def describe(self) -> str:
        sessions = self.agents.list_sessions(list(SessionState))
        return "; ".join(f"{s.agent.name}#{s.number} {s.status} {s.end} {s.status_reason}" for s in sessions)

    def stop_all(self) -> None:
        for session in self.agents.list_sessions([SessionState.STARTING, SessionState.LIVE, SessionState.ENDED]):
            process.sweep(session.id)


def script(*steps: dict[str, Any]) -> str:
    """A task's description that the scripted agent plays."""
    return f"Do this.\n\n```cw-script\n{json.dumps(list(steps))}\n```\n"


def done_steps(name: str = "made.txt") -> tuple[dict[str, Any], ...]:
    """An agent that writes a file, commits it and is done."""
    return (
        {"say": "I begin."},
        {"write": {"path": name, "content": "made\n"}},
        {"commit": f"Make {name}"},
        {"done": f"Made {name}."},
    )


class Plan:
    """A project with its clone, an initiative and a phase in progress."""

    def __init__(self, project: Project, initiative: Initiative, phase: Phase) -> None:
        self.project = project
        self.initiative = initiative
        self.phase = phase

    def task(self, *steps: dict[str, Any], **fields: Any) -> Task:
        return make_task(self.phase, description=script(*steps), **{"provider": "scripted", **fields})


def reload(task: Task) -> Task:
    return TaskRepository().get(task.id)


def output_of(session: AgentSession) -> Path:
    return session_folder(session.agent_id, session.number) / "output.jsonl"


@pytest.fixture
def engine(db: None, settings: Settings) -> Iterator[Engine]:
    settings.CW_TICKS = AGENT_TICKS
    settings.CW_TASK_INPUTS = []
    made = Engine(settings.CW_HOST_NAME)
    yield made
    made.stop_all()


@pytest.fixture
def plan(db: None, tmp_path: Path) -> Plan:
    project = make_project(tmp_path / "source", files={"README.md": "# A project\n"}, default_branch="main")
    ensure_clone(clone_of(project), url=project.url)
    initiative = make_initiative(projects=[project])
    return Plan(project, initiative, make_phase(initiative, status="in_progress"))
