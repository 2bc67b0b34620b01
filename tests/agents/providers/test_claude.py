"""Claude Code: its command, its accounts, and what its lines mean."""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents.providers.base import LaunchRequest, ProviderMissing
from agents.providers.claude import Claude, native_binary
from agents.providers.events import (
    Ended,
    Failure,
    Limit,
    OutputEvent,
    Retry,
    SessionStarted,
    Text,
    ToolCall,
    ToolResult,
    Usage,
)
from cw_site.foundation.errors import Invalid

TRANSCRIPTS = Path(__file__).parent / "transcripts" / "claude"


def program(path: Path, content: bytes = b"#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o755)
    return path


def request(tmp_path: Path, **changes: object) -> LaunchRequest:
    values: dict[str, object] = {"prompt": "hi", "working_dir": tmp_path, "session_id": "S", "executable": "/x/claude"}
    return LaunchRequest(**(values | changes))  # type: ignore[arg-type]


def events_of(name: str) -> list[OutputEvent]:
    lines = (TRANSCRIPTS / f"{name}.jsonl").read_bytes().split(b"\n")
    return [event for line in lines for event in Claude().read_line(line)]


def test_a_new_session(tmp_path: Path) -> None:
    launch = Claude().launch(request(tmp_path))
    assert launch.argv == [
        "/x/claude",
        "-p",
        "--output-format",
        "stream-json",
        "--verbose",
        "--dangerously-skip-permissions",
        "--settings",
        '{"includeCoAuthoredBy":false}',
        "--disallowedTools",
        "WebFetch,WebSearch,Workflow,CronCreate,ScheduleWakeup,SendMessage",
        "--session-id",
        "S",
    ]
    assert launch.stdin == b"hi"
    assert launch.env["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] == "1"
    assert launch.env["CLAUDE_CODE_EAGER_FLUSH"] == "1"
    assert 0 < int(launch.env["CLAUDE_CODE_MAX_RETRIES"]) < 10
    assert "CLAUDE_CONFIG_DIR" not in launch.env
    assert [name for name, _ in launch.stop_signals] == ["SIGINT", "SIGTERM"]


def test_a_resumed_session_with_an_account_a_model_and_a_cap(tmp_path: Path) -> None:
    launch = Claude().launch(
        request(
            tmp_path,
            resume=True,
            model="sonnet",
            max_turns=7,
            config_dir=tmp_path / "acc",
            account_env={"ANTHROPIC_API_KEY": "k", "CLAUDE_CODE_MAX_RETRIES": "1"},
        )
    )
    joined = " ".join(launch.argv)
    assert joined.endswith("--model sonnet --max-turns 7 --resume S")
    assert "--session-id" not in launch.argv
    assert launch.env["CLAUDE_CONFIG_DIR"] == str(tmp_path / "acc")
    assert launch.env["CLAUDE_CODE_MAX_RETRIES"] == "1"


@pytest.mark.parametrize(("uid", "wanted"), [(0, "1"), (1000, None)])
def test_only_root_says_that_it_is_in_a_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uid: int, wanted: str | None
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    assert Claude().launch(request(tmp_path)).env.get("IS_SANDBOX") == wanted


def test_the_program_is_found_on_the_path_or_where_it_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(ProviderMissing, match="npm install"):
        Claude().find_executable(None)
    found = program(tmp_path / "bin" / "claude")
    assert Claude().find_executable(None) == str(found)
    other = program(tmp_path / "other")
    assert Claude().find_executable(str(other)) == str(other)
    with pytest.raises(ProviderMissing, match="configured"):
        Claude().find_executable(str(tmp_path / "nothing"))


@pytest.mark.parametrize("nested", [False, True])
def test_the_native_program_behind_the_npm_launcher_is_preferred(tmp_path: Path, nested: bool) -> None:
    machine = {"x86_64": "x64", "aarch64": "arm64"}[platform.machine()]
    scope = tmp_path / "lib" / "node_modules" / "@anthropic-ai"
    launcher = program(scope / "claude-code" / "cli.js")
    link = tmp_path / "bin" / "claude"
    link.parent.mkdir()
    link.symlink_to(launcher)
    assert Claude().find_executable(str(link)) == str(link)
    root = scope / "claude-code" / "node_modules" / "@anthropic-ai" if nested else scope
    native = program(root / f"claude-code-linux-{machine}" / "claude", b"\x7fELF")
    assert Claude().find_executable(str(link)) == str(native)
    assert native_binary(native) is None


@pytest.mark.parametrize(
    ("credentials", "variable"),
    [
        ("sk-ant-api03-x\n", "ANTHROPIC_API_KEY"),
        ("sk-ant-oat01-x", "CLAUDE_CODE_OAUTH_TOKEN"),
        ("other", "ANTHROPIC_API_KEY"),
    ],
)
def test_a_key_or_a_token_becomes_environment(tmp_path: Path, credentials: str, variable: str) -> None:
    env = Claude().write_account(tmp_path / "a", config_json="", credentials=credentials)
    assert env == {variable: credentials.strip()}
    assert not (tmp_path / "a" / ".credentials.json").exists()


def test_a_login_becomes_files_without_the_env(tmp_path: Path) -> None:
    login = '{"claudeAiOauth": {"accessToken": "t"}}'
    env = Claude().write_account(tmp_path, config_json='{"theme": "dark", "env": {"A": "b"}}', credentials=login)
    assert env == {"A": "b"}
    assert json.loads((tmp_path / ".claude.json").read_text()) == {"theme": "dark"}
    assert (tmp_path / ".credentials.json").read_text() == login


def test_a_login_that_the_cli_refreshed_is_kept_until_another_is_given(tmp_path: Path) -> None:
    claude, file = Claude(), tmp_path / ".credentials.json"
    claude.write_account(tmp_path, config_json="", credentials='{"v": 1}')
    file.write_text('{"v": "refreshed"}')
    claude.write_account(tmp_path, config_json="", credentials='{"v": 1}')
    assert file.read_text() == '{"v": "refreshed"}'
    claude.write_account(tmp_path, config_json="", credentials='{"v": 2}')
    assert file.read_text() == '{"v": 2}'
    claude.write_account(tmp_path, config_json="", credentials="sk-ant-api03-x")
    assert not file.exists()


@pytest.mark.parametrize("credentials", ["{not json", "{}", "two words"])
def test_bad_credentials_are_refused_without_showing_them(tmp_path: Path, credentials: str) -> None:
    with pytest.raises(Invalid) as caught:
        Claude().write_account(tmp_path, config_json="", credentials=credentials)
    assert "credentials" in caught.value.fields


def test_a_run_that_works() -> None:
    events = events_of("work")
    assert isinstance(events[0], SessionStarted)
    calls = [event for event in events if isinstance(event, ToolCall)]
    results = [event for event in events if isinstance(event, ToolResult)]
    assert calls
    assert [call.call_id for call in calls] == [result.call_id for result in results]
    assert events[-2:] == [
        Usage(cost_usd=0.025, input_tokens=5000, output_tokens=250, cumulative=True),
        Ended(
            ok=True,
            text="All done: added hello.py.\n\nShould I also add tests?",
            end="success",
            cost_usd=0.025,
            input_tokens=5000,
            output_tokens=250,
            turns=6,
        ),
    ]
    assert Text("All done: added hello.py.\n\nShould I also add tests?") in events


def test_a_resumed_run_says_its_own_cost_and_the_total() -> None:
    usage, ended = events_of("resume")[-2:]
    assert isinstance(usage, Usage)
    assert isinstance(ended, Ended)
    assert usage.cost_usd == pytest.approx(0.03)
    assert (ended.cost_usd, ended.input_tokens, ended.output_tokens) == (0.005, 1000, 50)


def test_a_usage_limit_says_when_it_ends() -> None:
    resets_at = datetime.fromtimestamp(1795421503, UTC)
    events = events_of("limit-5h")
    assert Limit("rejected", resets_at) in events
    [failure] = [event for event in events if isinstance(event, Failure)]
    assert (failure.end, failure.resets_at) == ("limit", resets_at)
    assert failure.text.startswith("You've hit your 5-hour limit")


def test_a_warning_is_no_limit() -> None:
    assert [event.status for event in events_of("limit-warning") if isinstance(event, Limit)] == ["allowed_warning"]


def test_retries_are_told() -> None:
    retries = [event for event in events_of("err-529-then-ok") if isinstance(event, Retry)]
    assert retries == [Retry(1, "overloaded", 529), Retry(2, "overloaded", 529)]


def test_parts_of_a_tool_result_that_are_no_text_are_named() -> None:
    content = [{"type": "text", "text": "a"}, {"type": "image", "source": {}}]
    block = {"type": "tool_result", "tool_use_id": "t", "content": content}
    line = json.dumps({"type": "user", "message": {"content": [block]}}).encode()
    assert Claude().read_line(line) == [ToolResult("t", "a\n[image]")]
