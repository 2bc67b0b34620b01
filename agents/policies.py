"""What may be done with an agent now; each refusal is a sentence that also stands beside a disabled button."""

from collections.abc import Callable

from agents.models import Agent, AgentSession
from agents.states import AgentStatus
from cw_site.foundation.errors import NotAllowed
from initiatives.states import TaskStatus


def check_can_stop(agent: Agent, open_session: AgentSession | None) -> None:
    """Something runs, is about to, or waits for an answer."""
    if open_session is not None and open_session.stop_requested_at is not None:
        raise NotAllowed(f"{agent.name} is being stopped already.")
    if open_session is None and agent.status != AgentStatus.WAITING_FOR_INPUT:
        raise NotAllowed(f"{agent.name} does not run, so there is nothing to stop.")


def check_can_resume(agent: Agent, open_session: AgentSession | None) -> None:
    """It rests, its worktree is there, and its task is not finished."""
    if agent.user_dismissed_at is not None:
        raise NotAllowed(f"{agent.name} was dismissed. Retry its task to have it done.")
    if open_session is not None:
        raise NotAllowed(f"{agent.name} is at work. Wait until its session has ended, or stop it.")
    if agent.worktree_released_at is not None:
        raise NotAllowed(f"{agent.name} has finished and its worktree was cleared away; its work is kept in git.")
    if agent.task is not None and agent.task.status == TaskStatus.COMPLETED:
        raise NotAllowed("Its task is completed. Comment on the phase's review to have something changed.")


def check_can_answer(agent: Agent) -> None:
    """It asked, and nobody has answered yet."""
    if agent.status != AgentStatus.WAITING_FOR_INPUT or not agent.pending_questions:
        raise NotAllowed(f"{agent.name} has no open questions (any more).")


def check_can_dismiss(agent: Agent, open_session: AgentSession | None) -> None:
    """Nothing runs, and nobody counts on what it is about to deliver."""
    if agent.user_dismissed_at is not None:
        raise NotAllowed(f"{agent.name} was dismissed already.")
    if open_session is not None:
        raise NotAllowed(f"{agent.name} is at work. Stop it first.")
    if agent.task is not None and agent.task.status == TaskStatus.IN_PROGRESS and agent.status == AgentStatus.IDLE:
        raise NotAllowed(f"{agent.name}'s work is about to be merged. Wait for that, then dismiss it.")


def check_can_delete(agent: Agent, open_session: AgentSession | None) -> None:
    """Nothing runs and its worktrees are gone: everything it made is reachable from refs that are kept."""
    if open_session is not None:
        raise NotAllowed(f"{agent.name} is at work. Stop it first.")
    if agent.worktree_id and agent.worktree_released_at is None:
        raise NotAllowed(f"{agent.name} still has its worktree. Dismiss it first; the worktree is then cleared away.")


def reason_against(
    check: Callable[[Agent, AgentSession | None], None], agent: Agent, session: AgentSession | None
) -> str:
    """The reason why a check says no, empty where it says yes: for buttons."""
    try:
        check(agent, session)
    except NotAllowed as error:
        return error.message
    return ""
