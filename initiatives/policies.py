"""What the present state allows. The same sentence disables a button and answers the API."""

from collections.abc import Callable, Sequence

from cw_site.foundation.errors import DomainError, NotAllowed
from initiatives.models import Initiative, Phase, Project, Task
from initiatives.states import CHECKPOINTS, InitiativeStatus, PhaseStatus, TaskStatus

_RUNNING_PHASES = frozenset({PhaseStatus.IN_PROGRESS, PhaseStatus.PENDING_REVIEW})
_OPEN_INITIATIVES = frozenset({InitiativeStatus.ACTIVE, InitiativeStatus.PENDING_REVIEW})


def why_not(check: Callable[[], None]) -> str:
    """The reason a check refuses, '' where it allows: what a template needs to disable a button."""
    try:
        check()
    except DomainError as refusal:
        return refusal.message
    return ""


def check_can_change_plan(initiative: Initiative) -> None:
    """Phases, tasks and dependencies may change while the initiative is open."""
    if initiative.status not in _OPEN_INITIATIVES:
        state = InitiativeStatus(initiative.status).label.lower()
        hint = " Restore it first." if initiative.status == InitiativeStatus.ARCHIVED else " Make a new initiative."
        raise NotAllowed(f"This initiative is {state}, so its plan cannot change.{hint}")


def check_can_change_pages(initiative: Initiative) -> None:
    """Pages may be written as long as the initiative is not put away."""
    if initiative.status == InitiativeStatus.ARCHIVED:
        raise NotAllowed("This initiative is archived, so its pages cannot change. Restore it first.")


def check_can_archive(initiative: Initiative) -> None:
    """Any initiative that is not archived yet."""
    if initiative.status == InitiativeStatus.ARCHIVED:
        raise NotAllowed("This initiative is archived already.")


def check_can_restore(initiative: Initiative) -> None:
    """Only an archived initiative comes back."""
    if initiative.status != InitiativeStatus.ARCHIVED:
        raise NotAllowed("This initiative is not archived.")


def check_can_change_projects(initiative: Initiative, phases: Sequence[Phase]) -> None:
    """The projects are fixed once a branch of the initiative exists in them."""
    check_can_change_plan(initiative)
    started = [phase for phase in phases if phase.status not in {PhaseStatus.PENDING, PhaseStatus.APPROVED}]
    if started:
        raise NotAllowed(
            f"The projects cannot change any more: “{started[0].name}” has started. Make a new initiative instead."
        )


def check_can_delete_initiative(initiative: Initiative, tasks: Sequence[Task]) -> None:
    """Not while somebody works on it."""
    running = [task for task in tasks if task.status == TaskStatus.IN_PROGRESS]
    if running:
        raise NotAllowed(f"An agent works on “{running[0].name}”. Stop the agent or archive the initiative.")


def check_can_queue_all(initiative: Initiative, phases: Sequence[Phase]) -> None:
    """There must be an approved phase that is not queued."""
    check_can_change_plan(initiative)
    approved = [phase for phase in phases if phase.status == PhaseStatus.APPROVED]
    if not approved:
        raise NotAllowed("No phase is approved. Approve the phases that agents may start.")
    if all(phase.queued_at for phase in approved):
        raise NotAllowed("Every approved phase is queued already.")


def check_can_edit_phase(phase: Phase) -> None:
    """What was reviewed and merged stays as it was."""
    check_can_change_plan(phase.initiative)
    if phase.status == PhaseStatus.COMPLETED:
        raise NotAllowed("This phase is completed and merged, so it cannot change. Add another phase.")


def check_can_delete_phase(phase: Phase, tasks: Sequence[Task]) -> None:
    """Only a phase whose work has not begun."""
    check_can_edit_phase(phase)
    if phase.status in _RUNNING_PHASES:
        state = PhaseStatus(phase.status).label.lower()
        raise NotAllowed(f"This phase is {state}: agents have worked on it, so it stays. Archive the initiative.")
    if any(task.status in {TaskStatus.IN_PROGRESS, TaskStatus.COMPLETED} for task in tasks):
        raise NotAllowed("A task of this phase is running or completed, so the phase stays.")


def check_can_approve(phase: Phase) -> None:
    """A pending phase; a blocked one is freed by the same button."""
    check_can_change_plan(phase.initiative)
    if phase.status not in {PhaseStatus.PENDING, PhaseStatus.BLOCKED}:
        raise NotAllowed(f"This phase is {PhaseStatus(phase.status).label.lower()}, so there is nothing to approve.")


def check_can_withdraw(phase: Phase) -> None:
    """Approval can be taken back until the phase starts."""
    check_can_change_plan(phase.initiative)
    if phase.status != PhaseStatus.APPROVED:
        state = PhaseStatus(phase.status).label.lower()
        raise NotAllowed(f"This phase is {state}; only the approval of a phase that has not started is withdrawn.")


def check_can_queue(phase: Phase) -> None:
    """An approved phase, once."""
    check_can_change_plan(phase.initiative)
    if phase.status == PhaseStatus.PENDING:
        raise NotAllowed("This phase is not approved yet. Approve it first.")
    if phase.status != PhaseStatus.APPROVED:
        raise NotAllowed(f"This phase is {PhaseStatus(phase.status).label.lower()}, so it cannot be queued.")
    if phase.queued_at:
        raise NotAllowed("This phase is queued already.")


def check_can_change_dependencies(phase: Phase) -> None:
    """Dependencies decide when a phase starts, so they are fixed once it has."""
    check_can_change_plan(phase.initiative)
    if phase.status not in {PhaseStatus.PENDING, PhaseStatus.APPROVED, PhaseStatus.BLOCKED}:
        state = PhaseStatus(phase.status).label.lower()
        raise NotAllowed(f"This phase is {state}, so its dependencies no longer matter and cannot change.")


def check_can_add_task(phase: Phase) -> None:
    """Tasks are added until the phase is looked at."""
    check_can_change_plan(phase.initiative)
    if phase.status == PhaseStatus.PENDING_REVIEW:
        raise NotAllowed("This phase waits for your review. Request changes there to have more done.")
    if phase.status == PhaseStatus.COMPLETED:
        raise NotAllowed("This phase is completed and merged. Add another phase for more work.")


def check_can_edit_task(task: Task) -> None:
    """A task's words can change until an agent has them."""
    if task.phase is not None:
        check_can_edit_phase(task.phase)
    if task.status == TaskStatus.IN_PROGRESS:
        raise NotAllowed("An agent works on this task now. Stop the agent before you change the task.")
    if task.status == TaskStatus.COMPLETED:
        raise NotAllowed("This task is completed, so it cannot change. Add another task.")


def check_can_delete_task(task: Task, children: Sequence[Task] = ()) -> None:
    """Only a task that nobody has carried out."""
    check_can_edit_task(task)
    if any(child.status in {TaskStatus.IN_PROGRESS, TaskStatus.COMPLETED} for child in children):
        raise NotAllowed("A sub-task of this task is running or completed, so the task stays.")


def check_can_complete_checkpoint(task: Task) -> None:
    """A person completes checkpoints whose turn has come."""
    if task.type not in CHECKPOINTS:
        raise NotAllowed("An agent carries out this task; only checkpoints are completed by a person.")
    if task.status == TaskStatus.COMPLETED:
        raise NotAllowed("This checkpoint is completed already.")
    if task.status != TaskStatus.PENDING:
        raise NotAllowed(f"This checkpoint is {TaskStatus(task.status).label.lower()}. Retry it first.")
    if task.open_dependencies:
        raise NotAllowed("The tasks that this checkpoint depends on are not completed yet.")
    if task.phase is not None:
        check_can_change_plan(task.phase.initiative)
        if task.phase.status != PhaseStatus.IN_PROGRESS:
            raise NotAllowed(f"Its phase “{task.phase.name}” has not started. Approve and queue the phase first.")


def check_can_retry(task: Task) -> None:
    """Only what is blocked is tried again."""
    if task.phase is not None:
        check_can_change_plan(task.phase.initiative)
    if task.status != TaskStatus.BLOCKED:
        raise NotAllowed(f"This task is {TaskStatus(task.status).label.lower()}; only a blocked task is retried.")


def check_can_delete_project(project: Project, initiatives: Sequence[Initiative]) -> None:
    """A project stays while an initiative works in it."""
    if initiatives:
        names = ", ".join(f"“{initiative.name}”" for initiative in initiatives[:3])
        more = "" if len(initiatives) <= 3 else f" and {len(initiatives) - 3} more"
        raise NotAllowed(f"{project.name} is used by {names}{more}. Delete or move those initiatives first.")


def check_can_sync(project: Project) -> None:
    """One request at a time."""
    if project.sync_requested_at:
        raise NotAllowed(f"{project.name} is being synced already.")
