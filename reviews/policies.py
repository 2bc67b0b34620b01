"""What is allowed when: each check raises NotAllowed with the sentence that stands beside the disabled button."""

from cw_site.foundation.errors import NotAllowed
from initiatives.models import Initiative, Phase
from initiatives.states import InitiativeStatus, PhaseStatus
from reviews.models import ChatSession, ReviewComment
from reviews.states import ChatStatus

_WITH_A_DIFF = frozenset({PhaseStatus.IN_PROGRESS, PhaseStatus.PENDING_REVIEW, PhaseStatus.BLOCKED})


def check_can_comment(phase: Phase) -> None:
    """Comments need a diff that can still change."""
    if phase.status == PhaseStatus.COMPLETED:
        raise NotAllowed("This phase is merged: its review is history and takes no more comments.")
    if phase.status not in _WITH_A_DIFF:
        raise NotAllowed("This phase has not started, so there are no lines to comment on yet.")


def check_can_decide(phase: Phase) -> None:
    """A decision needs a phase that waits for one."""
    if phase.status == PhaseStatus.PENDING_REVIEW:
        return
    if phase.status == PhaseStatus.COMPLETED:
        raise NotAllowed("This phase is merged already. Nothing is left to decide.")
    if phase.status == PhaseStatus.IN_PROGRESS:
        raise NotAllowed("This phase is being worked on. It can be decided when every task is completed.")
    raise NotAllowed(f"This phase is {phase.get_status_display().lower()}: there is nothing to decide yet.")


def check_can_edit_comment(comment: ReviewComment, *, author: str) -> None:
    """What somebody wrote is theirs."""
    if comment.author_agent_id is not None or comment.author != author:
        raise NotAllowed(f"This comment was written by {comment.author}. Only its author can change or delete it.")
    check_can_comment(comment.phase)


def check_can_finish(initiative: Initiative, *, open_phases: list[Phase]) -> None:
    """An initiative is finished once, after all of its phases."""
    if initiative.status == InitiativeStatus.COMPLETED:
        raise NotAllowed("This initiative is finished already.")
    if initiative.status == InitiativeStatus.ARCHIVED:
        raise NotAllowed("This initiative is archived. Restore it first.")
    if open_phases:
        names = ", ".join(f"“{phase.name}”" for phase in open_phases[:3])
        more = f" and {len(open_phases) - 3} more" if len(open_phases) > 3 else ""
        raise NotAllowed(f"Not every phase is completed: {names}{more}. Complete or delete them first.")
    if initiative.status != InitiativeStatus.PENDING_REVIEW:
        raise NotAllowed("This initiative is not ready yet: it becomes so when all of its phases are completed.")
    if initiative.finish_action:
        raise NotAllowed("This initiative is being finished right now.")


def check_can_write(chat: ChatSession) -> None:
    """A closed chat is kept for reading."""
    if chat.status == ChatStatus.CLOSED:
        raise NotAllowed("This chat is closed. Start a new one on the same phase or task.")
