"""Why something waits, in one sentence: what it waits for and what happens next by itself or by which button.

Plain functions over rows that the caller has read already, so that a page of a hundred tasks costs no query.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from initiatives.models import Phase, Project
from initiatives.states import CHECKPOINTS, InitiativeStatus, PhaseStatus, SyncState, TaskStatus

_PHASE_WORDS: dict[str, str] = {
    PhaseStatus.PENDING: "waits for your approval",
    PhaseStatus.IN_PROGRESS: "in progress",
    PhaseStatus.PENDING_REVIEW: "waits for your review",
    PhaseStatus.BLOCKED: "blocked",
}
_TASK_WORDS: dict[str, str] = {
    TaskStatus.PENDING: "not started",
    TaskStatus.IN_PROGRESS: "in progress",
    TaskStatus.BLOCKED: "blocked",
}


def why_phase_waits(
    phase: Phase,
    *,
    dependencies: Sequence[Phase] = (),
    progress: Mapping[str, int] | None = None,
    projects: Sequence[Project] | None = None,
    due: int = 0,
) -> str:
    """The sentence for a phase, '' where it is completed.

    `progress` counts its tasks by status; `due` is how many checkpoints wait for a person now.
    """
    counts = dict(progress or {})
    if phase.initiative.status == InitiativeStatus.ARCHIVED:
        return "The initiative is archived; restore it to go on."
    match phase.status:
        case PhaseStatus.PENDING:
            return "Waits for your approval."
        case PhaseStatus.APPROVED:
            return _why_approved_waits(phase, dependencies, counts, progress is not None, projects)
        case PhaseStatus.IN_PROGRESS:
            return phase.status_reason or _why_running(counts, due)
        case PhaseStatus.PENDING_REVIEW:
            return phase.status_reason or "Every task is done; waits for your review."
        case PhaseStatus.BLOCKED:
            return phase.status_reason or "Blocked; free it with Unblock."
        case _:
            return ""


def _why_approved_waits(
    phase: Phase,
    dependencies: Sequence[Phase],
    counts: dict[str, int],
    counted: bool,
    projects: Sequence[Project] | None,
) -> str:
    if not phase.queued_at:
        return "Approved, but not queued: press Queue and it starts when its turn comes."
    opened = [row for row in dependencies if row.status != PhaseStatus.COMPLETED]
    if opened:
        names = _listed([f"“{row.name}” ({_phase_in_words(row)})" for row in opened])
        when = "it is" if len(opened) == 1 else "they are"
        return f"Waits for {names}; starts by itself once {when} completed."
    if counted and not sum(counts.values()):
        return "Has no task yet: add one and the phase starts by itself."
    if projects is not None:
        blocked = why_projects_wait(projects)
        if blocked:
            return blocked
    return phase.status_reason or "Queued; starts by itself within seconds."


def why_projects_wait(projects: Sequence[Project]) -> str:
    """Why no branch can be made in these projects yet, '' where nothing hinders it."""
    if not projects:
        return "The initiative has no project: edit it and choose one."
    failed = next((project for project in projects if project.sync_state == SyncState.FAILED), None)
    if failed is not None:
        return f"{failed.name} could not be fetched: {failed.sync_reason} Sync it again when that is mended."
    missing = next((project for project in projects if project.sync_state == SyncState.NEVER), None)
    return f"Waits until {missing.name} is cloned; starts by itself after that." if missing is not None else ""


def _why_running(counts: dict[str, int], due: int) -> str:
    total, done = sum(counts.values()), counts.get(TaskStatus.COMPLETED, 0)
    if not total:
        return "Has no task: add one."
    if done == total:
        return "Every task is done; the phase is closed by itself within seconds."
    blocked = counts.get(TaskStatus.BLOCKED, 0)
    asks = []
    if blocked:
        asks.append(f"{blocked} blocked task{' needs' if blocked == 1 else 's need'} you")
    if due:
        asks.append(f"{due} checkpoint{' waits' if due == 1 else 's wait'} for you")
    if asks:
        return f"{' and '.join(asks)}; the rest goes on by itself."
    return f"{done} of {total} tasks done; goes on by itself."


class TaskWords(Protocol):
    """What of a task the sentence is made from: a row, or some columns of one."""

    @property
    def name(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def status_reason(self) -> str: ...
    @property
    def type(self) -> str: ...


def why_task_waits(task: TaskWords, *, dependencies: Sequence[TaskWords] = (), phase: Phase | None = None) -> str:
    """The sentence for a task, '' where it is completed. `phase` is the task's, where it has one."""
    match task.status:
        case TaskStatus.BLOCKED:
            return task.status_reason or "Blocked; Retry gives it to an agent again."
        case TaskStatus.IN_PROGRESS:
            return task.status_reason or "An agent works on it."
        case TaskStatus.PENDING:
            return _why_pending_waits(task, dependencies, phase)
        case _:
            return ""


def _why_pending_waits(task: TaskWords, dependencies: Sequence[TaskWords], phase: Phase | None) -> str:
    if phase is not None and phase.initiative.status == InitiativeStatus.ARCHIVED:
        return "The initiative is archived; restore it to go on."
    if phase is not None and phase.status != PhaseStatus.IN_PROGRESS:
        return _why_phase_holds(phase)
    opened = [row for row in dependencies if row.status != TaskStatus.COMPLETED]
    if opened:
        names = _listed([f"“{row.name}” ({_TASK_WORDS.get(row.status, row.status)})" for row in opened])
        when = "it is" if len(opened) == 1 else "they are"
        return f"Waits for {names}; starts by itself once {when} completed."
    if task.type in CHECKPOINTS:
        return "A checkpoint: waits for you to complete it with a note."
    return task.status_reason or "Ready; an agent starts on it within seconds."


def _why_phase_holds(phase: Phase) -> str:
    match phase.status:
        case PhaseStatus.PENDING:
            return f"Waits for your approval of the phase “{phase.name}”."
        case PhaseStatus.APPROVED if not phase.queued_at:
            return f"Waits until the phase “{phase.name}” is queued."
        case PhaseStatus.APPROVED:
            return f"Starts with its phase “{phase.name}”, which is queued."
        case PhaseStatus.BLOCKED:
            return f"Its phase “{phase.name}” is blocked."
        case _:
            return f"Its phase “{phase.name}” is {PhaseStatus(phase.status).label.lower()}."


def _phase_in_words(phase: Phase) -> str:
    if phase.status == PhaseStatus.APPROVED:
        return "queued, not started" if phase.queued_at else "approved, not queued"
    return _PHASE_WORDS.get(phase.status, phase.status)


def _listed(names: list[str]) -> str:
    if len(names) <= 3:
        return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    return f"{', '.join(names[:3])} and {len(names) - 3} more"
