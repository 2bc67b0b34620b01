"""What follows from each end of a session: a decision over facts, tried without any process."""

from datetime import timedelta
from typing import Any

import pytest

from agents.actions.outcome import LIMIT_WITHOUT_RESET, Facts, decide
from agents.models import Agent, AgentSession
from agents.providers.events import End
from agents.runtime.conclusion import Conclusion
from agents.states import AgentStatus, SessionPurpose
from cw_site.foundation.clock import now
from initiatives.models import Task

QUESTION: Any = {"id": "q", "question": "Which?", "options": [], "multiSelect": False}


def facts(end: End, *, retries_so_far: int = 0, task: bool = True, **fields: Any) -> Facts:
    agent = Agent(name="brisk-otter", task=Task(name="T", retry_count=retries_so_far) if task else None)
    session = AgentSession(
        agent=agent,
        number=1,
        purpose=fields.pop("purpose", SessionPurpose.WORK),
        started_at=fields.pop("started_at", now()),
        account_id=fields.pop("account_id", None),
    )
    conclusion = Conclusion(
        end=end,
        reason=fields.pop("reason", "It said why."),
        resets_at=fields.pop("resets_at", None),
        session_id="s",
        text="",
        input_tokens=0,
        output_tokens=0,
        cost_usd=0,
        tool_calls=0,
        unread_lines=0,
        session_missing=fields.pop("session_missing", False),
    )
    return Facts(agent=agent, session=session, conclusion=conclusion, **fields)


def test_done_is_done_with_the_summary() -> None:
    outcome = decide(facts("success", summary="Made it."))
    assert outcome.status == AgentStatus.IDLE
    assert outcome.result == {"status": "done", "summary": "Made it.", "session": 1}
    assert (outcome.next, outcome.blocks) == (None, False)


def test_uncommitted_work_is_asked_for_once() -> None:
    first = decide(facts("success", problems=("P: 1 uncommitted: a.txt.",)))
    assert first.next is not None
    assert (first.next.purpose, first.result) == (SessionPurpose.COMMIT, None)
    second = decide(facts("success", problems=("P: 1 uncommitted.",), kept=("abc",), purpose=SessionPurpose.COMMIT))
    assert second.next is None
    assert second.result is not None
    assert second.result["kept"] == ["abc"]


@pytest.mark.parametrize("purpose", [SessionPurpose.WORK, SessionPurpose.RETRY, SessionPurpose.ANSWER])
def test_a_missing_signal_is_asked_for(purpose: SessionPurpose) -> None:
    outcome = decide(facts("unfinished", purpose=purpose, signal_error="signal.json is not valid JSON"))
    assert outcome.next is not None
    assert outcome.next.purpose == SessionPurpose.SIGNAL
    assert "not valid JSON" in outcome.next.values["problem"]


def test_a_signal_that_is_missing_again_blocks() -> None:
    outcome = decide(facts("unfinished", purpose=SessionPurpose.SIGNAL))
    assert (outcome.status, outcome.blocks, outcome.next) == (AgentStatus.CRASHED, True, None)


def test_one_that_was_asked_to_commit_and_did_needs_no_second_signal() -> None:
    outcome = decide(facts("unfinished", purpose=SessionPurpose.COMMIT))
    assert outcome.result is not None
    assert outcome.result["status"] == "done"


def test_talk_needs_no_signal() -> None:
    assert decide(facts("unfinished", task=False)).status == AgentStatus.IDLE


def test_questions_wait_for_a_person() -> None:
    outcome = decide(facts("question", questions=(QUESTION, QUESTION)))
    assert (outcome.status, outcome.reason) == (AgentStatus.WAITING_FOR_INPUT, "It asks 2 questions.")


@pytest.mark.parametrize("end", ["crashed", "overload", "error"])
def test_crashes_are_retried_later_each_time_and_not_for_ever(end: End) -> None:
    delays = []
    for so_far in range(2):
        outcome = decide(facts(end, retries_so_far=so_far, retries=2, retry_delay=5))
        assert outcome.counts_retry
        assert outcome.next is not None
        assert outcome.next.not_before is not None
        delays.append(round((outcome.next.not_before - now()).total_seconds()))
    assert delays == [5, 10]
    last = decide(facts(end, retries_so_far=2, retries=2))
    assert (last.status, last.blocks, last.next) == (AgentStatus.CRASHED, True, None)
    assert "3 times" in last.reason


def test_what_an_agent_gave_up_is_not_tried_again() -> None:
    outcome = decide(facts("error", gave_up=True, reason="There is no such file."))
    assert (outcome.blocks, outcome.next, outcome.reason) == (True, None, "There is no such file.")


@pytest.mark.parametrize("end", ["context", "refused", "cap"])
def test_what_would_only_fail_again_blocks_at_once(end: End) -> None:
    outcome = decide(facts(end))
    assert (outcome.status, outcome.blocks, outcome.counts_retry) == (AgentStatus.CRASHED, True, False)


def test_a_conversation_that_is_gone_begins_afresh() -> None:
    outcome = decide(facts("error", session_missing=True))
    assert outcome.next is not None
    assert outcome.next.afresh


def test_one_that_never_ran_begins_afresh() -> None:
    outcome = decide(facts("crashed", started_at=None))
    assert outcome.next is not None
    assert outcome.next.afresh


def test_a_limit_is_a_clock() -> None:
    resets_at = now() + timedelta(hours=2)
    waits = decide(facts("limit", resets_at=resets_at))
    assert waits.next is not None
    assert (waits.next.not_before, waits.exhausted_until, waits.counts_retry) == (resets_at, resets_at, False)
    switches = decide(facts("limit", resets_at=resets_at, other_account=True))
    assert switches.next is not None
    assert switches.next.not_before is None
    unknown = decide(facts("limit"))
    assert unknown.exhausted_until is not None
    assert abs(unknown.exhausted_until - now() - LIMIT_WITHOUT_RESET) < timedelta(seconds=5)


def test_an_expired_login_parks_the_account_and_says_what_the_provider_said() -> None:
    outcome = decide(facts("auth", account_id="a", reason="OAuth token revoked"))
    assert outcome.login_expired == "OAuth token revoked"
    assert outcome.next is not None
    assert not outcome.blocks


def test_without_an_account_the_person_has_to_log_in() -> None:
    outcome = decide(facts("auth", reason="Please run /login"))
    assert outcome.blocks
    assert "Log in and retry" in outcome.reason
    assert "Please run /login" in outcome.reason


def test_a_stop_is_neither_a_success_nor_a_failure() -> None:
    outcome = decide(facts("stopped"))
    assert (outcome.status, outcome.result, outcome.blocks) == (AgentStatus.STOPPED, None, True)


def test_a_limit_that_says_it_is_over_already_still_rests() -> None:
    """Clocks differ: without a rest the same limit would be met again at once, without end."""
    outcome = decide(facts("limit", resets_at=now() - timedelta(minutes=3), account_id="a"))
    assert outcome.next is not None
    assert outcome.next.not_before is not None
    assert outcome.next.not_before > now()
    assert outcome.exhausted_until is not None
    assert outcome.exhausted_until > now()
