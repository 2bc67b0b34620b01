"""The worker process: it takes work up, ends at once when it is told to, and leaves agents alone."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from agents.repositories import AgentRepository
from agents.runtime import process
from agents.runtime.paths import session_folder
from cw_site.git.clones import ensure_clone
from initiatives.actions.branches import clone_of
from initiatives.models import Phase
from tests.factories import make_initiative, make_phase, make_project, make_task
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def phase(tmp_path: Path) -> Phase:
    project = make_project(tmp_path / "source", default_branch="main")
    ensure_clone(clone_of(project), url=project.url)
    return make_phase(make_initiative(projects=[project]), status="in_progress")


@pytest.fixture
def worker() -> Iterator[subprocess.Popen[str]]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("CW_", "DJANGO_"))}
    started = subprocess.Popen(
        [sys.executable, "manage.py", "worker"],
        cwd=ROOT,
        env=kept
        | {
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "CW_TEST_DATA_DIR": str(settings.CW_DATA_DIR),
            "CW_TEST_DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}",
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    yield started
    if started.poll() is None:
        started.kill()
    started.wait()


def test_sigterm_ends_the_worker_and_not_its_agents(worker: subprocess.Popen[str], phase: Phase) -> None:
    assert worker.stdout is not None
    assert "ready" in worker.stdout.readline()
    steps = json.dumps([{"say": "Here."}, {"wait": 60}])
    make_task(phase, description=f"```cw-script\n{steps}\n```\n", provider="scripted")
    [session] = wait_until(lambda: AgentRepository().list_sessions("live"), timeout=20)
    asked = time.monotonic()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(10) == 0
    took = time.monotonic() - asked
    folder = session_folder(session.agent_id, session.number)
    try:
        assert process.probe(folder).state == "running"
        assert took < 3, "a second, and some for a busy machine"
    finally:
        process.stop(folder, marker=session.id)
    assert process.survivors(session.id) == []
