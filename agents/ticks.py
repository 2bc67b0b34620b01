"""What happens to agents by itself. Each tick reads rows and moves each one step; running it twice, or in two
processes, changes nothing more. One row's trouble never stops the others: it is written on the row."""

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import transaction

from agents.actions.accounts import look_for_account
from agents.actions.agent import provider_for, start_agent_for_task, stop_agent
from agents.actions.launch import full_house, why_put_away
from agents.actions.settle import settle_session
from agents.models import Agent, AgentSession
from agents.providers.registry import PROVIDERS, get_provider
from agents.repositories.account import AccountRepository
from agents.repositories.agent import AgentRepository
from agents.runtime.engine import enqueue_start
from agents.runtime.programs import executable_of
from agents.runtime.workspace import release
from agents.states import SessionPurpose, SessionState
from cw_site.foundation.clock import now
from cw_site.foundation.errors import DomainError, LostRace, NotAllowed
from initiatives.models import Task
from initiatives.repositories.task import TaskRepository

logger = logging.getLogger(__name__)

JUST_QUEUED = timedelta(seconds=1)
"""A session queued less than this ago has its start in the engine's queue already."""
READY_TASKS = 200


def free_accounts() -> int:
    """Accounts whose usage limit has reset can be used again."""
    return AccountRepository().clear_expired_exhaustion()


def settle_sessions() -> int:
    """Every ended session of this host is concluded, and what follows from it is written."""
    agents = AgentRepository()
    moved = 0
    for session in agents.list_sessions(SessionState.ENDED, host=settings.CW_HOST_NAME) + _ended_before_their_start():
        moved += _try(
            partial(settle_session, session),
            explain=partial(agents.explain_session, session.id),
        )
    return moved


def _ended_before_their_start() -> list[AgentSession]:
    """Sessions that were stopped while they were queued; no host has anything of them."""
    return AgentRepository().list_sessions(SessionState.ENDED, host="")


def start_tasks() -> int:
    """Every task that is ready gets an agent while there are places; the others say what they wait for."""
    tasks = TaskRepository()
    waits: dict[str, str] = {}
    moved = 0
    for task in tasks.list_ready(READY_TASKS):
        provider = provider_for(task)
        if provider not in waits:
            waits[provider] = _why_none(provider)
        if not waits[provider]:
            waits[provider] = _why_full(provider)
        if waits[provider]:
            # nothing is written where the sentence is there already: this is asked for many times a second
            if task.status_reason != waits[provider]:
                tasks.explain(task.id, waits[provider])
            continue
        moved += _try(partial(_start, task, provider), explain=partial(tasks.explain, task.id))
    return moved


def _start(task: Task, provider: str) -> None:
    """Start it if there is a place still: two workers that count at once must not both take the last one."""
    with transaction.atomic():
        if reason := _why_full(provider):
            raise NotAllowed(reason)
        start_agent_for_task(task)


def _why_none(provider: str) -> str:
    """Why no agent of the provider can start here, whatever runs; empty where one can."""
    try:
        executable_of(provider)
    except DomainError as error:
        return error.message
    return look_for_account(provider).waits


def _why_full(provider: str) -> str:
    """Why there is no place for one more agent, empty where there is one."""
    parked = [name for name in PROVIDERS if look_for_account(name).waits]
    taken = AgentRepository().count_running_by_provider(settings.CW_HOST_NAME, parked=parked)
    if sum(taken.values()) >= settings.CW_AGENTS_PER_HOST:
        return f"Waits for a place: at most {settings.CW_AGENTS_PER_HOST} agents work at once (CW_AGENTS_PER_HOST)."
    if taken.get(provider, 0) >= settings.CW_AGENTS_PER_PROVIDER:
        label, most = get_provider(provider).label, settings.CW_AGENTS_PER_PROVIDER
        return f"Waits for a place: at most {most} agents of {label} work at once (CW_AGENTS_PER_PROVIDER)."
    return ""


def resume_waiting() -> int:
    """Queued sessions whose time has come are started, oldest first, while there are places."""
    moment = now()
    asked = 0
    for session in AgentRepository().list_sessions(SessionState.QUEUED):
        mine = session.agent.host in {"", settings.CW_HOST_NAME}
        due = session.not_before is None or session.not_before <= moment or _account_came_free(session)
        if not mine or not due or moment - session.created_at < JUST_QUEUED:
            continue
        provider = session.agent.provider
        reason = why_put_away(session) or full_house(provider) or look_for_account(provider).waits
        if reason:
            if session.status_reason != reason:
                AgentRepository().explain_session(session.id, reason)
            continue
        enqueue_start(session.id, host=settings.CW_HOST_NAME)
        asked += 1
    return asked


def _account_came_free(session: AgentSession) -> bool:
    """A session that waits for a limit to reset need not wait when an account can be used before."""
    if session.purpose == SessionPurpose.RETRY or look_for_account(session.agent.provider).account is None:
        return False
    AgentRepository().update_session(session.id, not_before=None)
    return True


def stop_orphans() -> int:
    """Agents whose task or initiative was deleted are stopped, then dismissed: nobody waits for their work, which is
    kept in git as ever."""
    agents = AgentRepository()
    moved = 0
    for agent in agents.list_orphans(settings.CW_HOST_NAME):
        moved += _try(partial(_stop_orphan, agent), explain=partial(agents.explain, agent.id))
    return moved


def _stop_orphan(agent: Agent) -> None:
    agents = AgentRepository()
    session = agents.open_session(agent.id)
    if session is None:
        agents.explain(agent.id, "What it worked on was deleted. Its commits are kept in git.")
        agents.update(agent.id, user_dismissed_at=now())
    elif session.stop_requested_at is None:
        stop_agent(agent.id)
    else:
        raise LostRace("It is being stopped.")


def release_worktrees() -> int:
    """The worktrees of agents that are finished or dismissed are removed, everything in them kept on refs first."""
    agents = AgentRepository()
    moved = 0
    for agent in agents.list_releasable(settings.CW_HOST_NAME):
        moved += _try(
            partial(_release, agent),
            explain=partial(agents.explain, agent.id),
        )
    return moved


def _release(agent: Agent) -> None:
    release(agent)
    AgentRepository().update(agent.id, worktree_released_at=now())


def _try(step: Callable[[], object], *, explain: Callable[[str], None]) -> int:
    """1 where the step was done; 0 where somebody else did it, or where it cannot be done, with the reason written."""
    try:
        step()
    except LostRace:
        return 0
    except DomainError as error:
        explain(error.message)
        return 0
    except Exception as error:
        logger.exception("a tick could not move a row")
        explain(f"An error of our own: {type(error).__name__}. The server's log has more.")
        return 0
    return 1
