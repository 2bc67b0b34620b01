"""What every provider must hold to; a third one is tested by being in the registry and having a recorded run."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.providers.base import LaunchRequest, Provider, new_session_id
from agents.providers.events import Ended, Limit, OutputEvent, SessionStarted, Text, ToolCall, ToolResult, Unread, Usage
from agents.providers.parsing import LARGEST_COUNT
from agents.providers.registry import PROVIDERS, get_provider
from cw_site.foundation.errors import Invalid, NotFound

TRANSCRIPTS = Path(__file__).parent / "transcripts"

HOSTILE = [
    b"\xff\xfe\x00",
    b"\x00" * 100,
    b"[" * 100_000,
    b'{"type":' * 10_000,
    b'{"a":' * 100 + b"1" + b"}" * 100,
    b'{"type": NaN}',
    b'{"type": "result", "total_cost_usd": Infinity}',
    b'{"type": "result", "num_turns": ' + b"9" * 5000 + b"}",
    b"true",
    b"null",
    b"3",
    b'"text"',
    b"[]",
    b"{}",
    b'{"type": null}',
    b'{"type": {"type": "result"}}',
    b'{"type": "never-heard-of"}',
    b'{"type": "result"',
    b"Warning: something that is no JSON at all",
    b"{'type': 'result'}",
]
ODD_BUT_READABLE = [
    b'{"type": "assistant"}',
    b'{"type": "assistant", "message": 3}',
    b'{"type": "assistant", "message": {"content": "text"}}',
    b'{"type": "assistant", "message": {"content": [null, 1, [], {"type": "text", "text": 5}]}}',
    b'{"type": "assistant", "message": {"content": [{"type": "tool_use", "input": []}]}}',
    b'{"type": "assistant", "error": [], "message": []}',
    b'{"type": "user", "message": {"content": [{"type": "tool_result", "content": {"a": 1}}]}}',
    b'{"type": "system"}',
    b'{"type": "system", "subtype": "api_retry", "attempt": "x", "error_status": -1}',
    b'{"type": "rate_limit_event", "rate_limit_info": {"resetsAt": 1e300}}',
    b'{"type": "rate_limit_event", "rate_limit_info": {"resetsAt": -5}}',
    b'{"type": "rate_limit_event", "rate_limit_info": 7}',
    b'{"type": "limit", "resets_at": 1e18}',
    b'{"type": "result", "modelUsage": [], "total_cost_usd": "free", "num_turns": 1e999}',
    b'{"type": "result", "is_error": "no", "errors": {"a": 1}, "result": ["x"]}',
    b'{"type": "result", "modelUsage": {"m": 3, "n": {"inputTokens": -1, "costUSD": true}}}',
    b'{"type": "text", "text": "\\ud800 alone, \\u0000 NUL, \\ud83d\\ude00 a pair"}',
    b'{"type": "assistant", "message": {"content": [{"type": "text", "text": "cut \\ud83d"}]}}',
    b'{"type": "text", "text": "\xff\xfe"}',
    b'{"type": "tool", "name": "x", "input": {"n": 1e999, "i": 99999999999999999999999, "k\\u0000": "\\udc00"}}',
]


@pytest.fixture(params=sorted(PROVIDERS))
def provider(request: pytest.FixtureRequest) -> Provider:
    return get_provider(str(request.param))


def launch_request(tmp_path: Path, **changes: object) -> LaunchRequest:
    values: dict[str, object] = {
        "prompt": "Do it.\n--dangerously-skip-permissions @/etc/passwd",
        "working_dir": tmp_path,
        "session_id": new_session_id(),
        "executable": "/bin/true",
    }
    return LaunchRequest(**(values | changes))  # type: ignore[arg-type]


def recorded(provider: Provider) -> list[OutputEvent]:
    files = sorted((TRANSCRIPTS / provider.name).glob("*.jsonl"))
    assert files, f"no recorded run of {provider.name} in {TRANSCRIPTS}"
    lines = [line for file in files for line in file.read_bytes().split(b"\n")]
    return [event for line in lines for event in provider.read_line(line)]


def texts_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from texts_in([*value.keys(), *value.values()])
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)


def check_storable(event: OutputEvent) -> None:
    """Whatever an event holds can go to either database and out as JSON."""
    for value in [getattr(event, name) for name in event.__slots__]:
        json.dumps(value, allow_nan=False, default=str)
        for text in texts_in(value):
            assert "\0" not in text
            text.encode()
        if isinstance(value, int | float):
            assert 0 <= value <= LARGEST_COUNT


def test_an_unknown_provider_is_refused_with_the_known_ones() -> None:
    with pytest.raises(NotFound, match="claude, scripted"):
        get_provider("nobody")


def test_a_provider_says_who_it_is(provider: Provider) -> None:
    assert PROVIDERS[provider.name] is provider
    assert provider.label


def test_the_prompt_goes_to_stdin_and_nowhere_else(provider: Provider, tmp_path: Path) -> None:
    request = launch_request(tmp_path, prompt="p" * 200_000 + "\ud800")
    launch = provider.launch(request)
    assert launch.stdin.startswith(b"p" * 200_000)
    assert not any("ppp" in text for text in [*launch.argv, *launch.env.values()])


def test_a_launch_names_the_session_and_the_program(provider: Provider, tmp_path: Path) -> None:
    request = launch_request(tmp_path)
    launch = provider.launch(request)
    assert launch.argv[0] == request.executable
    assert request.session_id in launch.argv
    assert all(isinstance(text, str) and "\0" not in text for text in launch.argv)
    assert launch.stop_signals
    assert all(seconds > 0 for _, seconds in launch.stop_signals)


def test_a_resume_is_another_command_for_the_same_session(provider: Provider, tmp_path: Path) -> None:
    assert provider.capabilities.resume
    session = new_session_id()
    first = provider.launch(launch_request(tmp_path, session_id=session))
    second = provider.launch(launch_request(tmp_path, session_id=session, resume=True))
    assert first.argv != second.argv
    assert session in second.argv


def test_the_environment_of_a_launch_is_not_ours(
    provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "canary")
    monkeypatch.setenv("SECRET_KEY", "canary")
    launch = provider.launch(launch_request(tmp_path, account_env={"MINE": "1"}))
    assert launch.env["MINE"] == "1"
    assert "canary" not in launch.env.values()


@pytest.mark.parametrize("line", HOSTILE, ids=range(len(HOSTILE)))
def test_a_line_that_makes_no_sense_is_unread(provider: Provider, line: bytes) -> None:
    events = provider.read_line(line)
    for event in events:
        check_storable(event)
    if b"result" not in line or not line.startswith(b'{"type": "result"'):
        assert [type(event) for event in events] == [Unread]


@pytest.mark.parametrize("line", ODD_BUT_READABLE, ids=range(len(ODD_BUT_READABLE)))
def test_an_odd_line_never_raises_and_gives_what_can_be_stored(provider: Provider, line: bytes) -> None:
    for event in provider.read_line(line):
        check_storable(event)


def test_a_blank_line_is_nothing(provider: Provider) -> None:
    assert provider.read_line(b"") == provider.read_line(b" \r") == []


def test_an_unread_line_is_shortened(provider: Provider) -> None:
    [event] = provider.read_line(b"x" * 1_000_000)
    assert isinstance(event, Unread)
    assert len(event.text) < 20_000


def test_every_recorded_line_cut_anywhere_is_still_taken(provider: Provider) -> None:
    for file in (TRANSCRIPTS / provider.name).glob("*.jsonl"):
        for line in file.read_bytes().split(b"\n"):
            for cut in range(0, len(line), 97):
                provider.read_line(line[:cut])


def test_capabilities_are_honest(provider: Provider) -> None:
    """What a provider claims must be seen in what its CLI really printed, and what it does not claim must not."""
    events = recorded(provider)
    kinds = {type(event) for event in events}
    assert {SessionStarted, Text, ToolCall, ToolResult, Ended} <= kinds
    assert Unread not in kinds
    limits = [event for event in events if isinstance(event, Limit)]
    assert provider.capabilities.limits == any(event.resets_at for event in limits if event.status == "rejected")
    costs = [event.cost_usd for event in events if isinstance(event, Usage | Ended) and event.cost_usd]
    assert provider.capabilities.cost == bool(costs)


def test_an_account_is_written_for_its_owner_only(provider: Provider, tmp_path: Path) -> None:
    folder = tmp_path / "account"
    env = provider.write_account(
        folder,
        config_json='{"theme": "dark", "env": {"ANTHROPIC_BASE_URL": "http://here"}}',
        credentials='{"a": "s3cret"}',
    )
    assert env == {"ANTHROPIC_BASE_URL": "http://here"}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = [path for path in folder.iterdir() if path.is_file()]
    assert any("s3cret" in path.read_text() for path in files)
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_an_account_is_not_written_through_a_link(provider: Provider, tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "account", tmp_path / "elsewhere"
    provider.write_account(folder, config_json="", credentials='{"a": "old"}')
    elsewhere.write_text("mine")
    for path in [path for path in folder.iterdir() if path.is_file()]:
        path.unlink()
        path.symlink_to(elsewhere)
    provider.write_account(folder, config_json="", credentials='{"a": "new"}')
    assert elsewhere.read_text() == "mine"


@pytest.mark.parametrize("config", ["not json", '{"env": 3}', '{"env": {"A B": "x"}}', '{"env": {"A": 1}}'])
def test_a_bad_account_is_refused_with_the_field(provider: Provider, tmp_path: Path, config: str) -> None:
    with pytest.raises(Invalid) as caught:
        provider.write_account(tmp_path / "account", config_json=config, credentials="")
    assert "config_json" in caught.value.fields


def test_accounts_of_a_pool_share_their_sessions(provider: Provider, tmp_path: Path) -> None:
    """Else a session could not go on with another account when one is used up."""
    for name in ("a", "b"):
        provider.write_account(tmp_path / name, config_json="", credentials="")
    links = [path for path in (tmp_path / "a").iterdir() if path.is_symlink()]
    assert links
    for link in links:
        (link / "session.jsonl").write_text("history")
        assert (tmp_path / "b" / link.name / "session.jsonl").read_text() == "history"
        assert not os.path.isabs(os.readlink(link))
