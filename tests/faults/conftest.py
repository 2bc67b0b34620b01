"""Real workers on the test's database, which may be killed at any moment."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from agents.repositories import AgentRepository
from agents.runtime import process
from agents.states import SessionState
from cw_site.git.clones import ensure_clone
from initiatives.actions.branches import clone_of
from initiatives.models import Phase, Task
from tests.factories import make_initiative, make_phase, make_project, make_task

ROOT = Path(__file__).resolve().parent.parent.parent


class Workers:
    """Worker processes of this host."""

    def __init__(self, log: Path, places: int) -> None:
        self.log = log
        self.running: list[subprocess.Popen[bytes]] = []
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("CW_", "DJANGO_"))}
        self.environment = kept | {
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "CW_TEST_DATA_DIR": str(settings.CW_DATA_DIR),
            "CW_TEST_DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}",
            "CW_AGENTS_PER_HOST": str(places),
            "CW_AGENTS_PER_PROVIDER": str(places),
        }

    def start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "manage.py", "worker"], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
        self.running.append(worker)
        return worker

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """kill -9: nothing of it has a chance to tidy up."""
        worker.kill()
        worker.wait()
        self.running.remove(worker)

    def stop_all(self) -> None:
        for worker in list(self.running):
            worker.terminate()
        for worker in self.running:
            worker.wait(10)


def script(*steps: dict[str, Any]) -> str:
    return f"```cw-script\n{json.dumps(list(steps))}\n```\n"


@pytest.fixture
def workers(live_db: None, tmp_path: Path) -> Iterator[Workers]:
    """Ten places; whatever lives at the end is ended."""
    made = Workers(tmp_path / "workers.log", places=10)
    yield made
    made.stop_all()
    for session in AgentRepository().list_sessions(list(SessionState)):
        process.sweep(session.id)


@pytest.fixture
def phase(live_db: None, tmp_path: Path) -> Phase:
    """A phase in progress over a real project."""
    project = make_project(tmp_path / "source", default_branch="main")
    ensure_clone(clone_of(project), url=project.url)
    return make_phase(make_initiative(projects=[project]), status="in_progress")


def scripted_task(phase: Phase, *steps: dict[str, Any]) -> Task:
    return make_task(phase, description=script(*steps), provider="scripted")
