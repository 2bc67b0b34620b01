"""What an agent's process gets, and above all what it does not."""

import os
import subprocess
from pathlib import Path

import pytest

from agents.runtime.environment import FALLBACK_PATH, agent_environment, agent_path

CANARIES = [
    "DJANGO_SETTINGS_MODULE",
    "SECRET_KEY",
    "DATABASE_URL",
    "CW_DATA_DIR",
    "GITHUB_TOKEN",
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "SSH_AUTH_SOCK",
    "GIT_DIR",
    "GIT_SSH_COMMAND",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "LD_PRELOAD",
    "PORT",
    "NODE_OPTIONS",
    "CLAUDECODE",
    "CLAUDE_CODE_SESSION_ID",
    "AWS_PROFILE",
]


def make(tmp_path: Path, *, home: Path | None = None, extra: dict[str, str] | None = None) -> dict[str, str]:
    return agent_environment(
        session_marker="agent-7-2",
        home=home,
        tmp=tmp_path,
        path="/usr/bin:/bin",
        extra=extra or {},
        git_name="brisk-otter",
        git_email="brisk-otter@agents.invalid",
    )


def test_nothing_of_ours_is_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CANARIES:
        monkeypatch.setenv(name, "canary")
    environment = make(tmp_path)
    assert "canary" not in environment.values()
    assert set(environment) == {
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "SHELL",
        "LANG",
        "LC_ALL",
        "TERM",
        "TMPDIR",
        "NO_COLOR",
        "CI",
        "GIT_TERMINAL_PROMPT",
        "GIT_AUTHOR_NAME",
        "GIT_AUTHOR_EMAIL",
        "GIT_COMMITTER_NAME",
        "GIT_COMMITTER_EMAIL",
        "CW_SESSION",
    }


def test_home_is_the_accounts_or_this_machines_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/somewhere")
    assert make(tmp_path)["HOME"] == "/somewhere"
    assert make(tmp_path, home=tmp_path)["HOME"] == str(tmp_path)
    assert make(tmp_path)["TMPDIR"] == str(tmp_path)


def test_the_provider_adds_its_own_but_cannot_change_the_marker(tmp_path: Path) -> None:
    environment = make(tmp_path, extra={"ANTHROPIC_API_KEY": "k", "CW_SESSION": "another", "TERM": "xterm"})
    assert environment["ANTHROPIC_API_KEY"] == "k"
    assert environment["TERM"] == "xterm"
    assert environment["CW_SESSION"] == "agent-7-2"


def test_git_commits_under_the_agents_name_without_any_configuration(tmp_path: Path) -> None:
    environment = make(tmp_path, home=tmp_path)
    for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run(["git", *command], cwd=tmp_path, env=environment, check=True)
    log = subprocess.run(
        ["git", "log", "--format=%an %ae %cn %ce"],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    assert log.stdout.split() == ["brisk-otter", "brisk-otter@agents.invalid"] * 2


def test_the_path_is_ours_without_our_own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", "/srv/venv")
    monkeypatch.setenv("PATH", os.pathsep.join(["/srv/venv/bin", "bin", "", "/usr/bin", "/opt/node/bin"]))
    assert agent_path() == "/usr/bin:/opt/node/bin"
    assert agent_path("") == FALLBACK_PATH
