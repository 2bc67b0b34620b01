"""The main story with scripted agents, on a real server, through the API; on SQLite and on PostgreSQL."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.journeys.journey import git, make_repository, play, wait_for_status
from tests.journeys.server import ROOT, Server, running_server
from tests.postgresql import start_server
from tests.waiting import wait_until

pytestmark = pytest.mark.slow
SCRIPT: list[dict[str, object]] = [
    {"say": "I write the greeting."},
    {"write": {"path": "greeting.py", "content": "print('hello')\nprint('bye')\n"}},
    {"commit": "Say hello"},
    {"done": "greeting.py says hello and bye."},
]


def described(script: list[dict[str, object]]) -> str:
    return f"Say hello.\n\n```cw-script\n{json.dumps(script)}\n```\n"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """The environment that names the database."""
    if request.param == "sqlite":
        yield {}
        return
    server = start_server()
    try:
        with psycopg.connect(server.url.replace("/codewalkers", "/postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE codewalkers")
        yield {"DATABASE_URL": server.url}
    finally:
        server.stop()


def test_from_an_empty_folder_to_a_merged_reviewed_change(tmp_path: Path, database: dict[str, str]) -> None:
    repository = make_repository(tmp_path / "greeter.git")
    with running_server(tmp_path / "data", environment=database) as server:
        story = play(server.api(), repository, provider="scripted", description=described(SCRIPT))
    assert story.replies
    fixed = story.replies[0]["fixed_in"]
    assert git(repository, "fsck", "--full") == ""
    assert len(git(repository, "rev-list", "--parents", "-n1", story.merge_commit).split()) == 3
    assert "Say hello" in git(repository, "log", "--format=%s", "main")
    assert git(repository, "merge-base", fixed, "main") == fixed


def test_a_second_server_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server:
        second = subprocess.run(
            [sys.executable, "manage.py", "serve", "--port", "1"], cwd=ROOT, env=server.environment, capture_output=True
        )
    assert second.returncode != 0
    assert f"running already on {server.base}" in second.stderr.decode()


def test_an_agent_goes_on_without_the_server_and_is_taken_up_again(tmp_path: Path, database: dict[str, str]) -> None:
    repository = make_repository(tmp_path / "greeter.git")
    lines = 120
    script: list[dict[str, object]] = [{"print_lines": {"count": lines, "every": 0.05}}, *SCRIPT]
    with running_server(tmp_path / "data", environment=database) as server:
        api = server.api()
        project = api.post("/projects", name="greeter", url=str(repository))
        initiative = api.post("/initiatives", name="Greet", project_ids=[project["id"]])
        phase = api.post(f"/initiatives/{initiative['id']}/phases", name="First words")
        task = api.post(
            f"/phases/{phase['id']}/tasks", name="Speak", description=described(script), provider="scripted"
        )
        api.post(f"/phases/{phase['id']}/approve")
        api.post(f"/phases/{phase['id']}/queue")
        wait_until(lambda: any(agent["log_sequence"] > 1 for agent in api.items("/agents")), 30, "the agent speaks")
        agent = api.items("/agents")[0]
        kill_all(server)
        os.kill(agent["pid"], 0)  # it lives on
        server.start()
        wait_for_status(api, f"/tasks/{task['id']}", "completed", timeout=60)
        log = "".join(chunk["content"] for chunk in api.get(f"/agents/{agent['id']}/log?after=0&limit=500")["items"])
    printed = [line for line in log.split("\n") if '"line ' in line]
    assert len(printed) == len(set(printed)) == lines
    with pytest.raises(ProcessLookupError):
        os.kill(agent["pid"], 0)


def kill_all(server: Server) -> None:
    """kill -9 of the server and, with it, of web process and worker; agents are in sessions of their own."""
    assert server.process is not None
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    for pid in [server.process.pid, *map(int, children)]:
        os.kill(pid, signal.SIGKILL)
    server.process.wait(10)
