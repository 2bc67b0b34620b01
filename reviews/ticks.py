"""The ticks of the reviews app: each reads rows and moves each one step; running one twice changes nothing more."""

import logging
from collections.abc import Callable, Iterable

from agents.repositories import AgentRepository
from cw_site.foundation.errors import DomainError, LostRace
from cw_site.foundation.models import Record
from cw_site.foundation.reconcile import request_reconcile
from cw_site.git.errors import RefBusy, RefMoved
from initiatives.repositories import InitiativeRepository, PhaseRepository, TaskRepository
from initiatives.states import InitiativeStatus, PhaseStatus
from reviews.actions import chat, settle
from reviews.repositories import ChatSessionRepository

logger = logging.getLogger(__name__)


def merge_tasks() -> int:
    """Merge the branches of tasks whose agents are done, and complete the tasks."""
    tasks = TaskRepository()
    agents = AgentRepository().list_done_for_tasks()
    return _each(agents, settle.merge_task, lambda agent, why: tasks.explain(agent.task_id or "", why))


def collect_chat_answers() -> int:
    """What chat agents said becomes messages; messages that waited meanwhile are handed to them. Those of closed chats
    are let go."""
    chats = ChatSessionRepository()
    let_go = _each(chats.list_closed_with_agents(), chat.let_agent_go, lambda row, why: None)
    return let_go + _each(chats.list_active(), chat.collect_answers, lambda row, why: None)


def close_phases() -> int:
    """Phases whose tasks are all completed: a review round opens; in yolo they are merged."""
    phases = PhaseRepository()
    rows = [phase for phase in phases.find_by_status(PhaseStatus.IN_PROGRESS) if _is_live(phase.initiative.status)]
    return _each(rows, settle.close_phase, lambda phase, why: phases.explain(phase.pk, why))


def merge_phases() -> int:
    """Approved phases are merged at the approved commits; commits that came since open a new round."""
    phases = PhaseRepository()
    rows = [phase for phase in phases.find_by_status(PhaseStatus.PENDING_REVIEW) if _is_live(phase.initiative.status)]
    return _each(rows, settle.merge_phase, lambda phase, why: phases.explain(phase.pk, why))


def close_initiatives() -> int:
    """Initiatives whose phases are all completed wait for a person to finish them; with a new phase they go on."""
    initiatives = InitiativeRepository()
    active = initiatives.find_by_status(InitiativeStatus.ACTIVE)
    waiting = initiatives.find_by_status(InitiativeStatus.PENDING_REVIEW)
    closed = _each(active, settle.close_initiative, lambda row, why: initiatives.explain(row.pk, why))
    return closed + _each(waiting, settle.reopen_initiative, lambda row, why: initiatives.explain(row.pk, why))


def finish_initiatives() -> int:
    """Merge and push what a person decided to finish."""
    initiatives = InitiativeRepository()
    waiting = initiatives.find_by_status(InitiativeStatus.PENDING_REVIEW)
    rows = [initiative for initiative in waiting if initiative.finish_action]
    return _each(rows, settle.finish, lambda row, why: initiatives.explain(row.pk, why))


def _is_live(status: str) -> bool:
    return status != InitiativeStatus.ARCHIVED


def _each[M: Record](rows: Iterable[M], step: Callable[[M], bool], explain: Callable[[M, str], None]) -> int:
    """Take the step with every row; one that cannot be moved gets the reason and never stops the others."""
    moved = 0
    for row in rows:
        try:
            moved += step(row)
        except (LostRace, RefMoved, RefBusy):
            logger.debug("%r moved meanwhile; the next run looks again", row)
        except DomainError as error:
            explain(row, error.message)
        except Exception as error:
            logger.exception("%r could not be moved; the others go on", row)
            explain(row, f"An error of our own: {type(error).__name__}. The server's log has more.")
    if moved:
        request_reconcile()  # what was freed can start at once
    return moved
