"""The main story with the real Claude Code, the model mocked: the reviewer's words reach the model."""

import json
from pathlib import Path

import pytest

from tests.clis.mock_model import MockModel, Turn
from tests.journeys.journey import COMMENT, git, make_repository, play
from tests.journeys.server import running_server

pytestmark = pytest.mark.clis
WORK = """printf "print('hello')\\n" > greeting.py && git add greeting.py && git commit -qm "Say hello" """
FINISH = """mkdir -p .cw/output && echo '{"status":"done"}' > .cw/output/signal.json"""
ADDRESS = """printf "print('HELLO')\\n" > greeting.py && git commit -qam "Greet in capitals" && python3 - <<'END'
import json, subprocess
commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip()
comments = json.load(open(".cw/input/comments.json"))
answers = [{"comment_id": c["comment_id"], "body": "Capitals now.", "commit": commit} for c in comments]
json.dump(answers, open(".cw/output/comment-responses.json", "w"))
END"""


def test_the_reviewers_words_reach_the_model_and_its_work_is_merged(tmp_path: Path, claude_executable: str) -> None:
    repository = make_repository(tmp_path / "greeter.git")
    turns = (
        Turn(when=COMMENT, text="I greet in capitals.", bash=(ADDRESS, FINISH)),
        Turn(when=COMMENT, text="Every greeting is in capitals."),
        Turn(when="Say hello", text="I write the greeting.", bash=(WORK, FINISH)),
        Turn(when="Say hello", text="greeting.py says hello."),
    )
    with (
        MockModel(*turns) as model,
        running_server(tmp_path / "data", CW_CLAUDE=claude_executable) as server,
    ):
        api = server.api()
        api.post(
            "/accounts",
            email="mock@example.org",
            provider="claude",
            credentials="sk-ant-api03-key-of-the-test",
            config_json=json.dumps({"env": {"ANTHROPIC_BASE_URL": model.url}}),
        )
        story = play(api, repository, provider="claude", description="Say hello from Python.", timeout=120)
        agents = api.items("/agents")
    assert model.was_told(COMMENT)
    assert [reply["body"] for reply in story.replies] == ["Capitals now."]
    assert git(repository, "show", "main:greeting.py") == "print('HELLO')"
    assert all(agent["cost_usd"] > 0 for agent in agents)
    assert "sk-ant-api03-key-of-the-test" not in server.log.read_text()
