"""The main story with scripted agents, on a real server, through the API; on SQLite and on PostgreSQL."""

import json
from pathlib import Path

import pytest

from tests.journeys.journey import git, make_repository, play
from tests.journeys.server import running_server

pytestmark = pytest.mark.slow
SCRIPT = [
    {"say": "I write the greeting."},
    {"write": {"path": "greeting.py", "content": "print('hello')\nprint('bye')\n"}},
    {"commit": "Say hello"},
    {"done": "greeting.py says hello and bye."},
]


def test_from_an_empty_folder_to_a_merged_reviewed_change(tmp_path: Path) -> None:
    repository = make_repository(tmp_path / "greeter.git")
    with running_server(tmp_path / "data") as server:
        description = f"Say hello.\n\n```cw-script\n{json.dumps(SCRIPT)}\n```\n"
        story = play(server.api(), repository, provider="scripted", description=description)
    assert story.replies
    assert story.replies[0]["fixed_in"]
    assert git(repository, "fsck", "--full") == ""
    assert len(git(repository, "rev-list", "--parents", "-n1", story.merge_commit).split()) == 3
    assert "Say hello" in git(repository, "log", "--format=%s", "main")
    assert git(repository, "merge-base", "--is-ancestor", story.replies[0]["fixed_in"], "main") == ""


def test_a_second_server_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    import subprocess
    import sys

    from tests.journeys.server import ROOT

    with running_server(tmp_path / "data") as server:
        second = subprocess.run(
            [sys.executable, "manage.py", "serve", "--port", "1"], cwd=ROOT, env=server.environment, capture_output=True
        )
    assert second.returncode != 0
    assert f"running already on {server.base}" in second.stderr.decode()
