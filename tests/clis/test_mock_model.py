"""The mock itself, driven by the real Claude Code: it writes a file and ends in success."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.clis.mock_model import MockModel, Turn

pytestmark = pytest.mark.clis


def test_the_real_claude_code_works_against_the_mock(tmp_path: Path, claude_executable: str) -> None:
    turns = Turn(when="greet", text="I write it.", bash=("echo hello > greeting.txt",)), Turn(text="Written.")
    with MockModel(*turns) as model:
        ended = subprocess.run(
            [claude_executable, "-p", "--output-format", "stream-json", "--verbose", "--dangerously-skip-permissions"],
            input=b"Please greet.",
            cwd=tmp_path,
            capture_output=True,
            timeout=60,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "CLAUDE_CONFIG_DIR": str(tmp_path / "config"),
                "ANTHROPIC_BASE_URL": model.url,
                "ANTHROPIC_API_KEY": "key-of-the-test",
                "IS_SANDBOX": "1",
                "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            },
        )
    last = json.loads(ended.stdout.split(b"\n")[-2])
    assert (ended.returncode, last["type"], last["is_error"], last["result"]) == (0, "result", False, "Written.")
    assert (tmp_path / "greeting.txt").read_text() == "hello\n"
    assert "key-of-the-test" in model.credentials
