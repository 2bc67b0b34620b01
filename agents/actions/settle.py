"""Settling an ended session: the facts are gathered from the world, what follows is decided, and all of it is written
in one transaction that begins with the session's compare-and-set. Repeating it, or doing it twice at once, changes
nothing more."""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from agents.actions.accounts import is_usable
from agents.actions.agent import STOPPED_TASK
from agents.actions.outcome import Facts, Outcome, decide
from agents.actions.queueing import queue_session
from agents.models import Agent, AgentSession
from agents.prompts import render_prompt
from agents.providers.events import OutputEvent
from agents.providers.registry import get_provider
from agents.repositories.account import AccountRepository
from agents.repositories.agent import AgentRepository
from agents.repositories.message import MessageRepository
from agents.runtime import log_file
from agents.runtime.conclusion import Conclusion, Totals, conclude
from agents.runtime.cw_files import Signal, read_signal
from agents.runtime.ingest import OUTPUT
from agents.runtime.paths import session_folder
from agents.runtime.workspace import check_work, read_workspace, record_heads, snapshot_work
from agents.states import NUDGES, MessageType, PartyType, SessionPurpose, SessionState
from cw_site.foundation.errors import LostRace
from cw_site.foundation.reconcile import request_reconcile
from cw_site.git.errors import GitError, LockBusy
from initiatives.repositories.task import TaskRepository
from initiatives.states import TaskStatus

STDERR_TAIL = 4096


def settle_session(session: AgentSession) -> Outcome:
    """Conclude an ended session of this host. Raises LostRace where somebody else did, GitError where git refuses."""
    facts = gather(session)
    outcome = decide(facts)
    with transaction.atomic():
        _settle(session, facts.conclusion)
        if AgentRepository().get_session(session.id).stop_requested_at != session.stop_requested_at:
            raise LostRace("A stop was asked for just now. It counts: the end is judged again.")
        _park_account(session, outcome)
        agent = _write_agent(facts, outcome)
        _write_task(agent, outcome)
        if outcome.next is not None:
            _queue_next(agent, outcome)
        request_reconcile()
    return outcome


def gather(session: AgentSession) -> Facts:
    """Read everything that the decision needs. Keeps uncommitted work on a ref where it was asked for in vain."""
    agent = AgentRepository().get(session.agent_id)
    workspace = read_workspace(agent)
    signal = read_signal(workspace.cwd) if workspace is not None and session.started_at else None
    conclusion = _conclude(session, agent, signal)
    problems: list[str] = []
    kept: list[str] = []
    if agent.task is not None and conclusion.end in {"success", "unfinished"}:
        try:
            problems = check_work(agent)
            record_heads(agent)
            if problems and session.purpose == SessionPurpose.COMMIT:
                kept = snapshot_work(agent, message=f"Uncommitted work of {agent.name}, session {session.number}")
        except LockBusy:
            raise
        except GitError as error:
            # it broke its worktree: its own retry may mend that, a person can; asking git again does not
            conclusion = replace(conclusion, end="crashed", reason=f"Its worktree cannot be read. {error.message}")
    return Facts(
        agent=agent,
        session=session,
        conclusion=conclusion,
        questions=signal.questions if signal else (),
        problems=tuple(problems),
        kept=tuple(kept),
        summary=_summary(session, conclusion),
        signal_error=signal.error if signal else "",
        gave_up=signal is not None and signal.status == "error",
        retries=settings.CW_CRASH_RETRIES,
        retry_delay=settings.CW_RETRY_DELAY_SECONDS,
        other_account=_has_other_account(agent.provider, session.account_id),
    )


def _conclude(session: AgentSession, agent: Agent, signal: Signal | None) -> Conclusion:
    folder = session_folder(agent.id, session.number)
    evidence = session.status_evidence
    conclusion = conclude(
        _events(session, agent),
        exit_code=session.exit_code,
        signal=signal,
        stopped=bool(evidence.get("stopped")) or session.stop_requested_at is not None,
        lost=bool(evidence.get("lost")),
        settled=bool(evidence.get("settled")),
        previous=_previous_totals(session),
        stderr=_tail(folder / "stderr.log"),
    )
    if conclusion.end == "stopped":
        return conclusion
    if evidence.get("not_started") or (evidence.get("error") and conclusion.end == "crashed"):
        return replace(conclusion, end="crashed", reason=str(evidence["error"]))
    if evidence.get("capped"):
        hours = settings.CW_SESSION_MAX_SECONDS / 3600
        return replace(
            conclusion, end="cap", reason=f"It ran for {hours:g} hours and was ended. Retry it, or split it."
        )
    return conclusion


def _events(session: AgentSession, agent: Agent) -> Iterator[OutputEvent]:
    """What the session printed, from its file: the raw bytes are the truth."""
    path, provider, offset = session_folder(agent.id, session.number) / OUTPUT, get_provider(agent.provider), 0
    while (block := log_file.read_block(path, offset, final=True)).data:
        offset = block.next_offset
        for line in log_file.split_lines(block.data):
            yield from provider.read_line(line)


def _tail(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            file.seek(max(0, path.stat().st_size - STDERR_TAIL))
            return log_file.to_text(file.read(STDERR_TAIL))
    except FileNotFoundError:
        return ""


def _previous_totals(session: AgentSession) -> Totals | None:
    """What the CLI's own counters said at the end of the session before, in the same conversation."""
    for earlier in reversed(AgentRepository().find_sessions(session.agent_id)):
        if earlier.number < session.number and earlier.cli_session_id == session.cli_session_id:
            totals = earlier.status_evidence.get("totals")
            if totals:
                return Totals(**totals)
    return None


def _summary(session: AgentSession, conclusion: Conclusion) -> str:
    """The agent's words about its work: not those about a nudge, unless there are no others."""
    if session.purpose not in NUDGES:
        return conclusion.text
    for earlier in reversed(AgentRepository().find_sessions(session.agent_id)):
        if earlier.number < session.number and earlier.purpose not in NUDGES:
            return earlier.final_text or conclusion.text
    return conclusion.text


def _has_other_account(provider: str, account_id: str | None) -> bool:
    accounts = AccountRepository().find_by_provider(provider)
    return any(is_usable(account) for account in accounts if account.id != account_id)


def _settle(session: AgentSession, conclusion: Conclusion) -> None:
    totals = {"totals": asdict(conclusion.totals)} if conclusion.totals else {}
    AgentRepository().move_session(
        session.id,
        to=SessionState.SETTLED,
        source=SessionState.ENDED,
        reason=conclusion.reason,
        evidence=session.status_evidence | totals | {"unread_lines": conclusion.unread_lines},
        end=conclusion.end,
        end_reason=conclusion.reason,
        resets_at=conclusion.resets_at,
        final_text=conclusion.text,
        cost_usd=conclusion.cost_usd or 0,
        input_tokens=conclusion.input_tokens or 0,
        output_tokens=conclusion.output_tokens or 0,
        tool_calls=conclusion.tool_calls,
    )


def _park_account(session: AgentSession, outcome: Outcome) -> None:
    if session.account_id is None:
        return
    if outcome.exhausted_until is not None:
        AccountRepository().mark_exhausted(session.account_id, outcome.exhausted_until)
    if outcome.login_expired:
        AccountRepository().mark_login_expired(session.account_id, outcome.login_expired)


def _write_agent(facts: Facts, outcome: Outcome) -> Agent:
    """The agent's status, result and sums; a question also becomes a message to the person."""
    agents, conclusion = AgentRepository(), facts.conclusion
    agent = agents.get(facts.agent.id)
    fields: dict[str, Any] = {
        "exit_code": facts.session.exit_code,
        "pid": None,
        "result": json.dumps(outcome.result) if outcome.result else None,
        "pending_questions": json.dumps(outcome.questions) if outcome.questions else None,
        "cost_usd": agent.cost_usd + (conclusion.cost_usd or 0),
        "input_tokens": agent.input_tokens + (conclusion.input_tokens or 0),
        "output_tokens": agent.output_tokens + (conclusion.output_tokens or 0),
    }
    if conclusion.session_id:
        fields["session_id"] = conclusion.session_id
    if outcome.questions:
        _ask_person(agent, outcome)
    if agent.status == outcome.status:
        agents.update(agent.id, **fields)
        agents.explain(agent.id, outcome.reason)
        return agents.get(agent.id)
    evidence = facts.session.status_evidence | {"session": facts.session.number, "end": conclusion.end}
    agents.move(agent.id, to=outcome.status, reason=outcome.reason, evidence=evidence, **fields)
    return agents.get(agent.id)


def _ask_person(agent: Agent, outcome: Outcome) -> None:
    MessageRepository().create(
        sender_type=PartyType.AGENT,
        sender_id=agent.id,
        recipient_type=PartyType.USER,
        type=MessageType.QUESTION,
        content="\n\n".join(item["question"] for item in outcome.questions),
        requires_response=True,
    )


def _write_task(agent: Agent, outcome: Outcome) -> None:
    tasks, task = TaskRepository(), agent.task
    if task is None or task.status != TaskStatus.IN_PROGRESS:
        return
    if outcome.blocks:
        stopped = outcome.result is None
        reason = STOPPED_TASK if stopped else f"{agent.name}: {outcome.reason}"
        tasks.move(task.id, to=TaskStatus.BLOCKED, reason=reason, evidence={"agent": agent.name})
        return
    if outcome.counts_retry:
        tasks.update(task.id, retry_count=task.retry_count + 1)
    tasks.explain(task.id, f"{agent.name}: {outcome.reason}")


def _queue_next(agent: Agent, outcome: Outcome) -> None:
    going_on = outcome.next
    if going_on is None:
        return
    afresh = going_on.afresh or agent.session_id is None
    # an empty prompt becomes the whole first prompt at the start
    prompt = "" if afresh else render_prompt(going_on.purpose, **going_on.values)
    queue_session(
        agent,
        prompt=prompt,
        purpose=going_on.purpose,
        afresh=afresh,
        not_before=going_on.not_before,
        reason=outcome.reason,
    )
