"""G1: the next ready tasks of a graph of 10,000, from SQLite. Goal: at most 0.25 x a NOT EXISTS query over the same
rows, and completing a task, its dependants counted anew, in at most 0.5 ms."""

import random
from pathlib import Path

from django.db import connection

from benchmarks.kit.measure import in_turns, medians, scaled, seconds_of
from benchmarks.kit.result import Result, Row
from initiatives.models import Phase, Task, TaskDependency
from initiatives.repositories.task import TaskRepository
from tests.factories import make_initiative, make_phase

TASKS = 10_000
REACH = 60
"""How far back a task's dependencies lie; gives a depth like a real plan's."""
NEXT = 20
NOT_EXISTS = """
SELECT id, name FROM tasks WHERE status = 'pending' AND type = 'auto' AND NOT EXISTS (
    SELECT 1 FROM task_dependencies AS edge JOIN tasks AS other ON other.id = edge.depends_on_task_id
    WHERE edge.task_id = tasks.id AND other.status <> 'completed')
ORDER BY priority, "order", created_at, id LIMIT %s
"""


def run(folder: Path, *, scale: float) -> Result:
    """The first ready tasks as objects, and a completion, against bare SQL on the same connection."""
    phase = make_phase(make_initiative(), status="in_progress")
    tasks = _make_graph(phase, scaled(TASKS, scale, least=200))
    repository = TaskRepository()
    rounds = scaled(60, scale, least=3)
    looking = medians(
        in_turns(
            {
                "ours": lambda: seconds_of(lambda: repository.list_ready(NEXT)),
                "not exists": lambda: seconds_of(_select_not_exists),
            },
            rounds=rounds,
        )
    )
    ready = repository.list_ready(rounds + 1)
    for task in ready:
        repository.move(task.id, to="in_progress")
    waiting = iter(ready)
    completing = medians(
        in_turns(
            {"ours": lambda: seconds_of(lambda: repository.complete(next(waiting).id, summary="Done."))}, rounds=rounds
        )
    )
    edges = TaskDependency.objects.count()
    what = f"{len(tasks):,} tasks, {edges:,} edges"
    return Result(
        [
            Row("G1", f"next {NEXT} ready tasks; {what}", "ms", looking["ours"] * 1e3, looking["not exists"] * 1e3,
                "NOT EXISTS, bare rows", goal=0.25, count=rounds),
            Row("G1", "complete a task and free its dependants", "ms", completing["ours"] * 1e3, limit=0.5,
                count=rounds),
        ]
    )  # fmt: skip


def _select_not_exists() -> int:
    with connection.cursor() as cursor:
        cursor.execute(NOT_EXISTS, [NEXT])
        return len(cursor.fetchall())


def _make_graph(phase: Phase, count: int) -> list[Task]:
    """Tasks of one phase, each waiting for up to three that lie shortly before it."""
    chance = random.Random(7)
    tasks = [
        Task(phase=phase, initiative_id=phase.initiative_id, name=f"Task {number}", order=number)
        for number in range(count)
    ]
    edges = []
    for number, task in enumerate(tasks):
        wanted = min(number, chance.choice((0, 1, 1, 2, 2, 3)))
        others = chance.sample(range(max(0, number - REACH), number), wanted) if wanted else []
        task.open_dependencies = len(others)
        edges += [TaskDependency(task=task, depends_on_task=tasks[other]) for other in others]
    Task.objects.bulk_create(tasks, batch_size=500)
    TaskDependency.objects.bulk_create(edges, batch_size=500)
    return tasks
