"""What follows from the end of a session: a pure decision over facts, with no side effect."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from agents.models import Agent, AgentSession
from agents.runtime.conclusion import Conclusion
from agents.runtime.cw_files import Question
from agents.states import AgentStatus, SessionPurpose
from cw_site.foundation.clock import now

LIMIT_WITHOUT_RESET = timedelta(minutes=30)
"""How long an account rests when the provider did not say when its limit resets."""
SHORTEST_REST = timedelta(minutes=1)
"""Clocks differ: a limit that is said to be over was met just now, and would be met again at once."""
TRANSIENT = {"crashed", "overload"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an ended session. `problems`: what is not committed. `summary`: the agent's own words about
    its work. `gave_up`: the agent itself signalled that it cannot be done."""

    agent: Agent
    session: AgentSession
    conclusion: Conclusion
    questions: tuple[Question, ...] = ()
    problems: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    summary: str = ""
    signal_error: str = ""
    gave_up: bool = False
    retries: int = 2
    retry_delay: float = 5.0
    other_account: bool = False


@dataclass(frozen=True, slots=True)
class Next:
    """A session to queue."""

    purpose: SessionPurpose
    values: dict[str, Any]
    afresh: bool = False
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the agent, its task and its account become. `blocks`: the task is blocked with the reason."""

    status: AgentStatus
    reason: str
    result: dict[str, Any] | None = None
    questions: tuple[Question, ...] = ()
    next: Next | None = None
    blocks: bool = False
    counts_retry: bool = False
    exhausted_until: datetime | None = None
    login_expired: str = ""


def decide(facts: Facts) -> Outcome:
    """What follows. Every end leads somewhere: on, to a person, or to a blocked task with the reason."""
    end = facts.conclusion.end
    if end == "stopped":
        return Outcome(AgentStatus.STOPPED, "You stopped it.", blocks=True)
    if end == "unfinished" and (facts.agent.task is None or facts.session.purpose == SessionPurpose.COMMIT):
        # talk needs no signal, and one that was only asked to commit has signalled before
        end = "success"
    if end == "success":
        return _done(facts)
    if end == "question":
        asked = len(facts.questions)
        reason = f"It asks {asked} question{'s' * (asked != 1)}."
        return Outcome(AgentStatus.WAITING_FOR_INPUT, reason, questions=facts.questions)
    if end == "unfinished" and facts.session.purpose != SessionPurpose.SIGNAL:
        nudge = Next(SessionPurpose.SIGNAL, {"problem": facts.signal_error})
        return Outcome(AgentStatus.IDLE, "It ended without a signal, and is asked for one.", next=nudge)
    if end == "limit":
        return _limited(facts)
    if end == "auth":
        return _logged_out(facts)
    if end in TRANSIENT or (end == "error" and not facts.gave_up):
        return _retry(facts)
    return _failed(facts.conclusion.reason or "It ended without doing its work.")


def _done(facts: Facts) -> Outcome:
    problems = list(facts.problems)
    if problems and facts.session.purpose != SessionPurpose.COMMIT:
        nudge = Next(SessionPurpose.COMMIT, {"problems": problems})
        return Outcome(AgentStatus.IDLE, "Not all of its work is committed; it is asked for that.", next=nudge)
    result: dict[str, Any] = {"status": "done", "summary": facts.summary, "session": facts.session.number}
    reason = "It is done."
    if problems:
        result |= {"uncommitted": problems, "kept": list(facts.kept)}
        reason = f"It is done, but left work uncommitted, which is kept in git: {' '.join(problems)}"
    return Outcome(AgentStatus.IDLE, reason, result=result)


def _limited(facts: Facts) -> Outcome:
    """A usage limit is a clock, not a failure: another account goes on, else the session waits. Never a retry."""
    until = max(facts.conclusion.resets_at or now() + LIMIT_WITHOUT_RESET, now() + SHORTEST_REST)
    going_on = Next(SessionPurpose.LIMIT, {}, not_before=None if facts.other_account else until)
    how = "it goes on with another one" if facts.other_account else f"it goes on by itself at {until:%d %b %H:%M} UTC"
    return Outcome(
        AgentStatus.IDLE, f"Its account has reached a usage limit; {how}.", next=going_on, exhausted_until=until
    )


def _logged_out(facts: Facts) -> Outcome:
    """An expired login parks the account; without one of ours, a person has to log this machine in."""
    said = facts.conclusion.reason
    if facts.session.account_id is None:
        return _failed(f"The login of this machine's user is not valid: {said} Log in and retry, or add an account.")
    how = "it goes on with another one" if facts.other_account else "it waits until a login is mended"
    return Outcome(
        AgentStatus.IDLE,
        f"The login of its account is no longer valid; {how}.",
        next=Next(SessionPurpose.LIMIT, {}),
        login_expired=said,
    )


def _retry(facts: Facts) -> Outcome:
    """Crashes and overload: again in the same worktree, a bounded number of times, later each time."""
    reason, task = facts.conclusion.reason, facts.agent.task
    if task is None:
        return _failed(reason)
    if task.retry_count >= facts.retries:
        tried = f"It failed {task.retry_count + 1} times. " if task.retry_count else ""
        return _failed(f"{tried}{reason}")
    delay = timedelta(seconds=facts.retry_delay * 2**task.retry_count)
    # never live: there is no conversation to go on with
    afresh = facts.conclusion.session_missing or facts.session.started_at is None
    again = Next(SessionPurpose.RETRY, {"reason": reason}, afresh=afresh, not_before=now() + delay)
    count = f"retry {task.retry_count + 1} of {facts.retries}"
    return Outcome(AgentStatus.IDLE, f"{reason} It tries again ({count}).", next=again, counts_retry=True)


def _failed(reason: str) -> Outcome:
    result = {"status": "error", "error": reason}
    return Outcome(AgentStatus.CRASHED, reason, result=result, blocks=True)
