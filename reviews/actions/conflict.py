"""A conflict becomes one task that an agent resolves; nothing else stops for it."""

from django.db import transaction

from initiatives.models import Phase, Task
from initiatives.repositories import InitiativeRepository, PhaseRepository, TaskRepository
from initiatives.states import PhaseStatus, TaskCategory, TaskPriority, TaskStatus
from reviews.actions.merge import Conflict

MOST_ATTEMPTS = 3


def resolve_task_conflict(task: Task, conflicts: list[Conflict]) -> bool:
    """One open merge task for a task whose branch conflicts with its phase's; whether anything changed.

    The task itself stays in progress: once the resolution is merged, its own commits are in the phase as well.
    """
    tasks = TaskRepository()
    sentence = " ".join(conflict.as_sentence() for conflict in conflicts)
    with transaction.atomic():
        InitiativeRepository().lock(task.initiative_id or "")
        if _merge_depth(task) >= MOST_ATTEMPTS:
            tasks.move(task.pk, to=TaskStatus.BLOCKED, source=TaskStatus.IN_PROGRESS, reason=_given_up(sentence))
            return True
        attempts = [child for child in tasks.find_by_parent_task_id(task.pk) if child.category == TaskCategory.MERGE]
        open_one = next((child for child in attempts if child.status != TaskStatus.COMPLETED), None)
        if open_one is None and len(attempts) >= MOST_ATTEMPTS:
            tasks.move(task.pk, to=TaskStatus.BLOCKED, source=TaskStatus.IN_PROGRESS, reason=_given_up(sentence))
            return True
        created = open_one is None
        if open_one is None:
            open_one = tasks.create(
                phase_id=task.phase_id,
                parent_task_id=task.pk,
                name=f"Resolve conflicts of {task.name}"[:200],
                description=_describe(conflicts, what=f"the task “{task.name}”"),
                category=TaskCategory.MERGE,
                priority=TaskPriority.HIGH,
                order=task.order,
                provider=task.provider,
                model=task.model,
            )
        tasks.explain(task.pk, f"{sentence} The task “{open_one.name}” resolves it; then this one completes by itself.")
        return created


def resolve_phase_conflict(phase: Phase, conflicts: list[Conflict]) -> bool:
    """One merge task in a phase that conflicts with its initiative; the phase is worked on (and reviewed) again.

    Returns whether anything changed.
    """
    tasks, phases = TaskRepository(), PhaseRepository()
    sentence = " ".join(conflict.as_sentence() for conflict in conflicts)
    with transaction.atomic():
        InitiativeRepository().lock(phase.initiative_id)
        present = tasks.find_by_phase_id(phase.pk)
        attempts = [task for task in present if task.category == TaskCategory.MERGE and task.parent_task_id is None]
        open_one = next((task for task in attempts if task.status != TaskStatus.COMPLETED), None)
        if open_one is None and len(attempts) >= MOST_ATTEMPTS:
            phases.move(phase.pk, to=PhaseStatus.BLOCKED, reason=_given_up(sentence))
            return True
        created = open_one is None
        if open_one is None:
            open_one = tasks.create(
                phase_id=phase.pk,
                name=f"Resolve conflicts with {phase.initiative.name}"[:200],
                description=_describe([_turned(conflict) for conflict in conflicts], what="the initiative's branch"),
                category=TaskCategory.MERGE,
                priority=TaskPriority.HIGH,
                order=max((task.order for task in present), default=0) + 1,
            )
        reason = f"{sentence} The task “{open_one.name}” resolves it; then the phase comes back by itself."
        if phase.status == PhaseStatus.PENDING_REVIEW:
            phases.move(phase.pk, to=PhaseStatus.IN_PROGRESS, source=PhaseStatus.PENDING_REVIEW, reason=reason)
        else:
            phases.explain(phase.pk, reason)
        return created


def _turned(conflict: Conflict) -> Conflict:
    """In a phase the agent works on the phase's side, so that what has to be merged in is the target."""
    return Conflict(
        conflict.project_name, conflict.source, conflict.target, conflict.theirs, conflict.ours, conflict.files
    )


def _merge_depth(task: Task) -> int:
    """How many merge tasks stand above each other, this one included."""
    depth, current = 0, task
    while current.category == TaskCategory.MERGE:
        depth += 1
        parent = TaskRepository().find_by_id(current.parent_task_id) if current.parent_task_id else None
        if parent is None:
            break
        current = parent
    return depth


def _given_up(sentence: str) -> str:
    return (
        f"{sentence} {MOST_ATTEMPTS} attempts to resolve it did not help. "
        "Resolve it by hand on the branch, then press Retry; or delete what is no longer wanted."
    )


def _describe(conflicts: list[Conflict], *, what: str) -> str:
    parts = [
        f"The changes of {what} and those of the branch you stand on touch the same lines. "
        "Merge them so that both intentions are kept."
    ]
    for conflict in conflicts:
        files = "\n".join(f"- `{name}`" for name in conflict.files)
        parts.append(
            f"In {conflict.project_name}, run `git merge --no-ff {conflict.theirs}` (the head of `{conflict.source}`). "
            f"Git reports conflicts in:\n\n{files}"
        )
    parts.append(
        "Resolve every conflict, leave no conflict marker, run the tests where there are any, and commit the merge "
        "(do not squash it and do not rebase: the merge must have both parents)."
    )
    return "\n\n".join(parts) + "\n"
