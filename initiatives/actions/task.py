"""Tasks: planning them, and what a person does with them. Agents are started and their work is merged elsewhere."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction

from cw_site.foundation.reconcile import request_reconcile
from initiatives.actions.checks import (
    checked_choice,
    checked_name,
    checked_provider,
    checked_text,
    checked_word,
    invalid,
)
from initiatives.models import Phase, Task
from initiatives.policies import (
    check_can_add_task,
    check_can_complete_checkpoint,
    check_can_delete_task,
    check_can_edit_task,
    check_can_retry,
)
from initiatives.repositories.phase import PhaseRepository
from initiatives.repositories.task import TaskRepository
from initiatives.states import PhaseStatus, TaskCategory, TaskPriority, TaskStatus, TaskType

SUMMARY_LENGTH = 20_000
_ORDER_LIMIT = 1_000_000


def create_task(
    phase_id: str,
    *,
    name: str,
    description: str = "",
    type: str = TaskType.AUTO,
    category: str = TaskCategory.EXECUTE,
    priority: str = TaskPriority.MEDIUM,
    depends_on: Sequence[str] = (),
    parent_task_id: str | None = None,
    provider: str = "",
    model: str = "",
    order: int | None = None,
) -> Task:
    """A new pending task of a phase. `depends_on` and the parent are of the same phase; `order` sorts the list."""
    phase = PhaseRepository().get(phase_id)
    check_can_add_task(phase)
    fields = _checked(
        {
            "name": name,
            "description": description,
            "type": type,
            "category": category,
            "priority": priority,
            "provider": provider,
            "model": model,
        }
    )
    siblings = TaskRepository().find_by_phase_id(phase_id) if depends_on or parent_task_id else []
    if parent_task_id:
        fields["parent_task_id"] = _sibling(siblings, parent_task_id, field="parent_task_id").id
    fields["order"] = _checked_order(TaskRepository().last_order(phase_id) + 1 if order is None else order)
    with transaction.atomic():
        task = TaskRepository().create(phase_id=phase_id, initiative_id=phase.initiative_id, **fields)
        for other_id in dict.fromkeys(depends_on):
            TaskRepository().create_dependency(task.id, _sibling(siblings, other_id, field="depends_on").id)
        request_reconcile()
    return TaskRepository().get(task.id)


def edit_task(task_id: str, *, depends_on: Sequence[str] | None = None, **changes: Any) -> Task:
    """Change what is given, by the names of create_task; `depends_on` replaces all dependencies."""
    task = TaskRepository().get(task_id)
    check_can_edit_task(task)
    order = changes.pop("order", None)
    fields = _checked({name: value for name, value in changes.items() if value is not None})
    if order is not None:
        fields["order"] = _checked_order(order)
    with transaction.atomic():
        if depends_on is not None:
            _replace_dependencies(task, list(dict.fromkeys(depends_on)))
        if fields:
            TaskRepository().update(task_id, **fields)
        request_reconcile()
    return TaskRepository().get(task_id)


def delete_task(task_id: str) -> None:
    """Delete a task that nobody has carried out, with its sub-tasks."""
    with transaction.atomic():
        task = TaskRepository().get(task_id)
        check_can_delete_task(task, TaskRepository().find_below(task_id))
        TaskRepository().delete(task_id)
        request_reconcile()


def complete_checkpoint(task_id: str, *, summary: str, by: str) -> Task:
    """A person completes a checkpoint; the note goes to the dependants as context."""
    task = TaskRepository().get(task_id)
    check_can_complete_checkpoint(task)
    note = checked_text(summary, field="summary", limit=SUMMARY_LENGTH)
    if not note:
        raise invalid("summary", "Write a note: the tasks that depend on this checkpoint receive it.")
    with transaction.atomic():
        task = TaskRepository().complete(task_id, summary=note, source=TaskStatus.PENDING, evidence={"by": by})
        request_reconcile()
    return task


def retry_task(task_id: str) -> Task:
    """Put a blocked task back to pending, with a fresh count of automatic retries. Its branch keeps what was done."""
    task = TaskRepository().get(task_id)
    check_can_retry(task)
    with transaction.atomic():
        task = TaskRepository().move(task_id, to=TaskStatus.PENDING, source=TaskStatus.BLOCKED, retry_count=0)
        if task.phase is not None and task.phase.status == PhaseStatus.BLOCKED:
            PhaseRepository().move(task.phase.id, to=PhaseStatus.IN_PROGRESS, source=PhaseStatus.BLOCKED)
        request_reconcile()
    return task


def add_task_dependency(task_id: str, *, depends_on_task_id: str) -> Task:
    """The task starts after the other one is completed."""
    task = TaskRepository().get(task_id)
    check_can_edit_task(task)
    other = _sibling(_siblings(task), depends_on_task_id, field="depends_on")
    TaskRepository().create_dependency(task_id, other.id)
    return TaskRepository().get(task_id)


def remove_task_dependency(task_id: str, *, depends_on_task_id: str) -> Task:
    """The task no longer waits for the other one."""
    check_can_edit_task(TaskRepository().get(task_id))
    with transaction.atomic():
        TaskRepository().remove_dependency(task_id, depends_on_task_id)
        request_reconcile()
    return TaskRepository().get(task_id)


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    checks: dict[str, Callable[[str], Any]] = {
        "name": checked_name,
        "description": lambda value: checked_text(value, field="description"),
        "type": lambda value: checked_choice(value, TaskType, field="type"),
        "category": lambda value: checked_choice(value, TaskCategory, field="category"),
        "priority": lambda value: checked_choice(value, TaskPriority, field="priority"),
        "provider": checked_provider,
        "model": lambda value: checked_word(value, field="model"),
    }
    return {name: checks[name](value) for name, value in values.items()}


def _checked_order(order: int) -> int:
    if not -_ORDER_LIMIT <= order <= _ORDER_LIMIT:
        raise invalid("order", f"The order is a whole number between -{_ORDER_LIMIT} and {_ORDER_LIMIT}.")
    return order


def _siblings(task: Task) -> list[Task]:
    return TaskRepository().find_by_phase_id(task.phase_id) if task.phase_id else []


def _sibling(siblings: Sequence[Task], task_id: str, *, field: str) -> Task:
    for task in siblings:
        if task.id == task_id:
            return task
    raise invalid(field, f"There is no task “{task_id[:40]}” in this phase.")


def _replace_dependencies(task: Task, wanted: list[str]) -> None:
    siblings = _siblings(task)
    present = [other.id for other in TaskRepository().get_dependencies(task.id)]
    for other_id in present:
        if other_id not in wanted:
            TaskRepository().remove_dependency(task.id, other_id)
    for other_id in wanted:
        if other_id not in present:
            TaskRepository().create_dependency(task.id, _sibling(siblings, other_id, field="depends_on").id)


def phase_of(task: Task) -> Phase | None:
    """The task's phase with its initiative, or None."""
    return PhaseRepository().get(task.phase_id) if task.phase_id else None
