"""How sessions end: what a real CLI printed in each case, and every combination that must not fool us."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents.providers.events import (
    Ended,
    Failure,
    Limit,
    OutputEvent,
    Retry,
    SessionStarted,
    Text,
    ToolCall,
    Unread,
    Usage,
)
from agents.providers.registry import get_provider
from agents.runtime.conclusion import Conclusion, Totals, conclude
from agents.runtime.cw_files import Question, Signal

TRANSCRIPTS = Path(__file__).parents[1] / "providers" / "transcripts"
DONE = Signal("done")
QUESTION = Question(id="1", question="Which?", options=[], multiSelect=False)
ASKS = Signal("questions", questions=(QUESTION,))
FINE = Ended(ok=True, text="All is well.", end="success", cost_usd=0.5, input_tokens=10, output_tokens=2)
LATER = datetime(2030, 1, 1, tzinfo=UTC)


def recorded(provider: str, name: str) -> list[OutputEvent]:
    lines = (TRANSCRIPTS / provider / f"{name}.jsonl").read_bytes().split(b"\n")
    return [event for line in lines for event in get_provider(provider).read_line(line)]


def judge(
    events: Iterable[OutputEvent],
    exit_code: int | None = 0,
    signal: Signal | None = None,
    *,
    stopped: bool = False,
    lost: bool = False,
    settled: bool = False,
    previous: Totals | None = None,
    stderr: str = "",
) -> Conclusion:
    return conclude(
        events,
        exit_code=exit_code,
        signal=signal,
        stopped=stopped,
        lost=lost,
        settled=settled,
        previous=previous,
        stderr=stderr,
    )


@pytest.mark.parametrize(
    ("name", "exit_code", "signal", "end"),
    [
        ("hello", 0, DONE, "success"),
        ("work", 0, DONE, "success"),
        ("work", 0, None, "unfinished"),
        ("work", 0, ASKS, "question"),
        ("work", 0, Signal("error", error="no"), "error"),
        ("work", 0, Signal("bad", error="not JSON"), "unfinished"),
        ("work", 1, DONE, "crashed"),
        ("bg-bash", 0, DONE, "success"),
        ("subagent", 0, DONE, "success"),
        ("resume", 0, DONE, "success"),
        ("err-529-then-ok", 0, DONE, "success"),
        ("limit-warning", 0, DONE, "success"),
        ("limit-5h", 1, None, "limit"),
        ("limit-midrun", 1, None, "limit"),
        ("err-401-oauth", 1, None, "auth"),
        ("no-auth", 1, None, "auth"),
        ("err-400-credit", 1, None, "auth"),
        ("err-401", -9, None, "auth"),
        ("err-529-forever-r2", 1, None, "overload"),
        ("err-429-forever-r2", 1, None, "overload"),
        ("err-413-too-long", 1, None, "context"),
        ("err-404-model", 1, None, "error"),
        ("max-turns", 1, None, "cap"),
        ("max-budget", 1, None, "cap"),
        ("json-schema-invalid", 1, None, "error"),
        ("sigint-tool", 0, None, "stopped"),
        ("sigint-stream", 0, None, "stopped"),
        ("sigterm-stream", 143, None, "crashed"),
        ("sigkill-tool", -9, None, "crashed"),
        ("sigterm-tool-group-resume", 0, DONE, "success"),
        ("resume-unknown", 1, None, "error"),
        ("session-id-reused", 1, None, "crashed"),
    ],
)
def test_what_claude_really_printed(name: str, exit_code: int, signal: Signal | None, end: str) -> None:
    conclusion = judge(recorded("claude", name), exit_code, signal)
    assert conclusion.end == end
    assert bool(conclusion.reason) == (end != "success")
    assert conclusion.unread_lines == 0
    assert conclusion.session_missing == (name == "resume-unknown")


def test_every_recorded_run_is_judged_here() -> None:
    judged = {mark.args[1][i][0] for mark in _marks() for i in range(len(mark.args[1]))}
    assert judged == {file.stem for file in (TRANSCRIPTS / "claude").glob("*.jsonl")}


def _marks() -> list[pytest.Mark]:
    return list(test_what_claude_really_printed.pytestmark)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["sigint-tool", "sigterm-stream", "sigkill-tool", "err-401", "hello"])
@pytest.mark.parametrize("exit_code", [0, 143, -9, None])
def test_what_we_stopped_is_stopped(name: str, exit_code: int | None) -> None:
    assert judge(recorded("claude", name), exit_code, stopped=True).end == "stopped"


def test_work_that_was_done_when_the_stop_came_is_done() -> None:
    assert judge([FINE], 0, DONE, stopped=True).end == "success"
    assert judge([FINE], -9, DONE, stopped=True).end == "stopped"


@pytest.mark.parametrize("name", ["limit-5h", "limit-midrun"])
def test_a_limit_comes_with_its_end(name: str) -> None:
    conclusion = judge(recorded("claude", name), 1)
    assert conclusion.resets_at == datetime.fromtimestamp(1795421503, UTC)
    assert conclusion.reason.startswith("You've hit your 5-hour limit")


def test_a_limit_of_the_scripted_agent() -> None:
    conclusion = judge(recorded("scripted", "limit"), 1)
    assert conclusion.end == "limit"
    assert conclusion.resets_at is not None


def test_two_results_of_one_run_count_together_and_the_last_is_the_word() -> None:
    conclusion = judge(recorded("claude", "bg-bash"), 0, DONE)
    assert conclusion.text == "background finished, really done"
    assert conclusion.cost_usd == pytest.approx(0.015)
    assert (conclusion.input_tokens, conclusion.output_tokens) == (3000, 150)
    assert conclusion.totals == Totals(0.015, 3000, 150)


def test_a_second_turn_that_never_ended_is_no_success() -> None:
    events = recorded("claude", "bg-bash")
    cut = max(i for i, event in enumerate(events) if isinstance(event, SessionStarted))
    assert judge(events[: cut + 1], 0, DONE).end == "crashed"
    assert judge(events[:cut], 0, DONE).end == "success"


def test_a_resumed_session_costs_what_it_added() -> None:
    events = recorded("claude", "resume")
    alone = judge(events, 0, DONE)
    assert (alone.cost_usd, alone.input_tokens, alone.output_tokens) == (0.005, 1000, 50)
    after = judge(events, 0, DONE, previous=Totals(0.02, 4000, 200))
    assert after.cost_usd == pytest.approx(0.01)
    assert (after.input_tokens, after.output_tokens) == (2000, 100)
    shrunk = judge(events, 0, DONE, previous=Totals(9.0, 9000, 900))
    assert (shrunk.cost_usd, shrunk.input_tokens, shrunk.output_tokens) == (0.0, 0, 0)
    assert shrunk.totals is not None
    assert shrunk.totals.cost_usd == pytest.approx(0.03)
    assert (shrunk.totals.input_tokens, shrunk.totals.output_tokens) == (6000, 300)


def test_totals_outlast_a_run_that_said_nothing() -> None:
    assert judge([], -9, previous=Totals(1.0, 2, 3)).totals == Totals(1.0, 2, 3)
    assert judge([FINE], 0, DONE).totals is None


def test_a_lost_session_is_no_success_whatever_it_said() -> None:
    conclusion = judge([FINE], None, DONE, lost=True)
    assert conclusion.end == "crashed"
    assert "killed" in conclusion.reason


def test_one_that_would_not_go_after_its_last_word_is_judged_by_it() -> None:
    assert judge([FINE], -9, DONE, settled=True).end == "success"
    assert judge([FINE], -9, None, settled=True).end == "unfinished"
    assert judge([Text("working")], -9, DONE, settled=True).end == "crashed"


@pytest.mark.parametrize("exit_code", [0, 1, 3, -9, None])
def test_without_a_terminal_event_it_crashed_whatever_the_exit_code(exit_code: int | None) -> None:
    conclusion = judge([SessionStarted("s"), Text("half a")], exit_code, DONE, stderr="a\nSegmentation fault\n\n")
    assert conclusion.end == "crashed"
    assert conclusion.reason.endswith("It said: Segmentation fault")
    assert conclusion.text == "half a"


def test_a_retry_that_was_overcome_is_no_reason() -> None:
    retry = Retry(1, "overloaded", 529)
    assert judge([retry], -9).end == "overload"
    assert judge([retry, ToolCall("1", "Bash")], -9).end == "crashed"
    assert judge([Failure("overload", "529")], 1).end == "overload"


def test_the_kind_of_a_failure_that_the_end_does_not_know() -> None:
    ended = Ended(ok=False, text="", end="error")
    conclusion = judge([Limit("rejected", LATER), Failure("limit", "Used up."), ended], 1)
    assert (conclusion.end, conclusion.reason, conclusion.resets_at) == ("limit", "Used up.", LATER)


def test_what_happened_is_counted() -> None:
    events: list[OutputEvent] = [SessionStarted("s-1"), ToolCall("1", "a"), Unread("?"), ToolCall("2", "b"), FINE]
    conclusion = judge([*events, Usage(None, None, None, cumulative=False)], 0, DONE)
    assert (conclusion.session_id, conclusion.tool_calls, conclusion.unread_lines) == ("s-1", 2, 1)
    assert conclusion.text == "All is well."
    assert conclusion.resets_at is None
