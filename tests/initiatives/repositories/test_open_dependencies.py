"""Whatever happens to tasks, `open_dependencies` is what a count of the rows says."""

from contextlib import suppress

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from cw_site.foundation.errors import DomainError
from initiatives.models import Task, TaskDependency
from initiatives.repositories import TaskRepository
from tests.factories import make_phase, make_task

pytestmark = [pytest.mark.databases, pytest.mark.django_db]

TASKS = 5
_task = st.integers(0, TASKS - 1)
_steps = st.lists(
    st.one_of(
        st.tuples(st.just("depend"), _task, _task),
        st.tuples(st.just("undo"), _task, _task),
        st.tuples(st.sampled_from(["begin", "complete", "block", "retry", "delete"]), _task, _task),
    ),
    max_size=14,
)


@settings(max_examples=40, deadline=None)
@given(steps=_steps, parents=st.lists(st.none() | _task, min_size=TASKS, max_size=TASKS))
def test_the_stored_count_is_the_recount(steps: list[tuple[str, int, int]], parents: list[int | None]) -> None:
    with transaction.atomic():
        phase = make_phase(status="in_progress")
        tasks: list[Task] = []
        for parent in parents:
            above = tasks[parent] if parent is not None and parent < len(tasks) else None
            tasks.append(make_task(phase, parent_task=above))
        for name, one, other in steps:
            with suppress(DomainError):
                _take(name, tasks[one].pk, tasks[other].pk)
            assert _stored() == _recounted()
        transaction.set_rollback(True)


def _take(name: str, task_id: str, other_id: str) -> None:
    repository = TaskRepository()
    if name == "depend":
        repository.create_dependency(task_id, other_id)
    elif name == "undo":
        repository.remove_dependency(task_id, other_id)
    elif name == "complete":
        repository.complete(task_id, summary="Done.")
    elif name == "delete":
        repository.delete(task_id)
    else:
        repository.move(task_id, to={"begin": "in_progress", "block": "blocked", "retry": "pending"}[name])


def _stored() -> dict[str, int]:
    return {task.pk: task.open_dependencies for task in Task.objects.all()}


def _recounted() -> dict[str, int]:
    counts = dict.fromkeys(Task.objects.values_list("id", flat=True), 0)
    for edge in TaskDependency.objects.select_related("depends_on_task"):
        counts[edge.task_id] += edge.depends_on_task.status != "completed"
    return counts
