from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import (
    Case,
    Count,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextChoices,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from cw_site.foundation.clock import now
from cw_site.foundation.errors import NotAllowed, NotFound
from cw_site.foundation.repository import StatusRepository
from initiatives.models import Phase, Task, TaskDependency
from initiatives.repositories.edges import find_path
from initiatives.repositories.initiative import InitiativeRepository
from initiatives.repositories.phase import PhaseRepository
from initiatives.states import (
    CHECKPOINTS,
    PRIORITY_ORDER,
    TASK_MACHINE,
    InitiativeStatus,
    PhaseStatus,
    TaskStatus,
    TaskType,
)

_PRIORITY = Case(
    *[When(priority=priority, then=Value(rank)) for priority, rank in PRIORITY_ORDER.items()],
    output_field=IntegerField(),
)


class TaskRepository(StatusRepository[Task]):
    """The tables `tasks` and `task_dependencies`; keeps `tasks.open_dependencies` right."""

    model = Task
    noun = "task"
    machine = TASK_MACHINE
    default_order = ("order", "created_at", "id")

    def topics(self, row: Task) -> list[str]:
        topics = [f"task:{row.pk}"]
        if row.phase_id:
            topics.append(f"phase:{row.phase_id}")
        if row.initiative_id:
            topics.append(f"initiative:{row.initiative_id}")
        return [*topics, "hq"]

    def create(self, **fields: Any) -> Task:
        """Insert a task; one in a phase belongs to that phase's initiative."""
        return super().create(**self._with_initiative(fields))

    def update(self, row_id: str, **fields: Any) -> Task:
        """Write the named columns; raises NotAllowed where a task with dependencies would leave its phase."""
        fields = self._with_initiative(fields)
        with transaction.atomic():
            leaves = "phase_id" in fields and fields["phase_id"] != self.get(row_id).phase_id
            edges = TaskDependency.objects.filter(Q(task_id=row_id) | Q(depends_on_task_id=row_id))
            if leaves and edges.exists():
                raise NotAllowed("This task has dependencies inside its phase. Remove them before you move it.")
            return super().update(row_id, **fields)

    def delete(self, row_id: str) -> None:
        """Delete the task with its child tasks; what waited for them waits no longer. Raises NotFound."""
        with transaction.atomic():
            task = self.get(row_id)
            self._lock(task)
            family = self._family(row_id)
            edges = TaskDependency.objects.filter(depends_on_task_id__in=family).exclude(task_id__in=family)
            waiting = list(edges.values_list("task_id", flat=True))
            super().delete(row_id)
            self._recount(waiting)

    def move(
        self,
        row_id: str,
        *,
        to: TextChoices | str,
        source: TextChoices | str | Iterable[TextChoices | str] | None = None,
        since: datetime | None = None,
        reason: str = "",
        evidence: dict[str, Any] | None = None,
        **fields: Any,
    ) -> Task:
        """As StatusRepository.move; a move to completed frees what waits for the task in the same transaction."""
        with transaction.atomic():
            if str(to) == TaskStatus.COMPLETED:
                self._lock(self.get(row_id))
            task = super().move(row_id, to=to, source=source, since=since, reason=reason, evidence=evidence, **fields)
            if str(to) == TaskStatus.COMPLETED:
                edges = TaskDependency.objects.filter(depends_on_task_id=row_id)
                self._recount(list(edges.values_list("task_id", flat=True)))
        return task

    def complete(
        self,
        task_id: str,
        *,
        summary: str,
        source: TextChoices | str | Iterable[TextChoices | str] | None = None,
        since: datetime | None = None,
        evidence: dict[str, Any] | None = None,
    ) -> Task:
        """Move the task to completed with the summary its dependants are given, and free them."""
        return self.move(
            task_id, to=TaskStatus.COMPLETED, source=source, since=since, evidence=evidence, summary=summary
        )

    def find_by_id(self, row_id: str) -> Task | None:
        """The task with its phase and initiative, or None."""
        return self._rows().filter(pk=row_id).first()

    def find_by_phase_id(self, phase_id: str) -> list[Task]:
        """The tasks of a phase in their order."""
        return self._with_owner(Task.objects.filter(phase_id=phase_id))

    def list_columns(
        self, phase_id: str, columns: Iterable[str], *, limit: int | None = None, offset: int = 0
    ) -> list[dict[str, Any]]:
        """Some columns of a phase's tasks in their order, without building a row for each."""
        rows = Task.objects.filter(phase_id=phase_id).order_by(*self.default_order).values(*columns)
        return list(rows[offset : None if limit is None else offset + limit])

    def count_of_phase(self, phase_id: str) -> int:
        """How many tasks a phase has."""
        return Task.objects.filter(phase_id=phase_id).count()

    def last_order(self, phase_id: str) -> int:
        """The highest `order` in a phase, -1 where it has no task."""
        highest = Task.objects.filter(phase_id=phase_id).aggregate(highest=Max("order"))["highest"]
        return -1 if highest is None else int(highest)

    def find_by_parent_task_id(self, parent_task_id: str) -> list[Task]:
        """The child tasks of a task in their order."""
        return list(self._rows().filter(parent_task_id=parent_task_id))

    def find_below(self, task_id: str) -> list[Task]:
        """The child tasks of a task, theirs, and so on: what is deleted with it."""
        return list(self._rows().filter(pk__in=self._family(task_id)).exclude(pk=task_id))

    def find_by_initiative_id(self, initiative_id: str) -> list[Task]:
        """All tasks of an initiative, those of its phases included."""
        return self._with_owner(Task.objects.filter(initiative_id=initiative_id))

    def find_by_status(self, status: TaskStatus | str) -> list[Task]:
        """Tasks in this status, longest in it first."""
        return list(self._rows().filter(status=status).order_by("status_since", "id"))

    def create_dependency(self, task_id: str, depends_on_task_id: str) -> TaskDependency:
        """Let a task wait for another one of its phase; raises NotAllowed with the rule that is broken."""
        with transaction.atomic():
            task, other = self.get(task_id), self.get(depends_on_task_id)
            self._check_pair(task, other)
            self._lock(task)
            edges = self._edges_around(task)
            if (task.pk, other.pk) in edges:
                raise NotAllowed(f"“{task.name}” already waits for “{other.name}”.")
            path = find_path(edges, start=other.pk, goal=task.pk)
            if path:
                names = dict(Task.objects.filter(pk__in=path).values_list("id", "name"))
                chain = " → ".join(names[task_id] for task_id in path)
                raise NotAllowed(f"“{other.name}” already waits for “{task.name}”: {chain}. This would be a circle.")
            edge = TaskDependency.objects.create(task=task, depends_on_task=other)
            self._recount([task.pk])
            self._tell(task, "updated")
        return edge

    def remove_dependency(self, task_id: str, depends_on_task_id: str) -> None:
        """Let a task no longer wait for the other one; raises NotFound."""
        with transaction.atomic():
            task = self.get(task_id)
            self._lock(task)
            edges = TaskDependency.objects.filter(task_id=task_id, depends_on_task_id=depends_on_task_id)
            if not edges.exists():
                raise NotFound(f"“{task.name}” does not wait for that task.")
            edges.delete()
            self._recount([task_id])
            self._tell(task, "updated")

    def get_dependencies(self, task_id: str) -> list[Task]:
        """What the task waits for."""
        return list(self._rows().filter(dependent_links__task_id=task_id))

    def get_dependents(self, task_id: str) -> list[Task]:
        """What waits for the task."""
        return list(self._rows().filter(dependency_links__depends_on_task_id=task_id))

    def list_edges(self, phase_id: str) -> list[tuple[str, str]]:
        """All edges of a phase as (task, task it waits for)."""
        return _pairs(TaskDependency.objects.filter(task__phase_id=phase_id))

    def list_edges_of_initiative(self, initiative_id: str) -> list[tuple[str, str]]:
        """All edges of an initiative's tasks as (task, task it waits for)."""
        return _pairs(TaskDependency.objects.filter(task__initiative_id=initiative_id))

    def list_ready(self, limit: int = 100) -> list[Task]:
        """Tasks an agent can start now: high priority first, then by order and age."""
        rows = self._ready().filter(type=TaskType.AUTO)
        return list(rows.order_by(_PRIORITY, "order", "created_at", "id")[:limit])

    def list_ready_checkpoints(self) -> list[Task]:
        """Checkpoints that wait for a person now, longest first."""
        return list(self._ready().filter(type__in=CHECKPOINTS).order_by("status_since", "id"))

    def progress_by_phase(self, initiative_id: str) -> dict[str, dict[str, int]]:
        """How many tasks of each phase are in each status; phases without tasks are absent."""
        rows = Task.objects.filter(initiative_id=initiative_id, phase__isnull=False)
        return _tally(rows.values_list("phase_id", "status").annotate(count=Count("id")).order_by())

    def progress_by_initiative(self, initiative_ids: Iterable[str]) -> dict[str, dict[str, int]]:
        """How many tasks of each initiative are in each status; initiatives without tasks are absent."""
        rows = Task.objects.filter(initiative_id__in=list(initiative_ids))
        return _tally(rows.values_list("initiative_id", "status").annotate(count=Count("id")).order_by())

    def _rows(self) -> QuerySet[Task]:
        return Task.objects.select_related("phase__initiative", "initiative").order_by(*self.default_order)

    def _with_owner(self, rows: QuerySet[Task]) -> list[Task]:
        """Tasks of one initiative with their phases: joined, a phase would be read and built once for each task."""
        tasks = list(rows.prefetch_related("phase", "initiative").order_by(*self.default_order))
        for task in tasks:
            if task.phase is not None and task.initiative is not None:
                task.phase.initiative = task.initiative
        return tasks

    def _ready(self) -> QuerySet[Task]:
        begun = Q(phase__status=PhaseStatus.IN_PROGRESS) | Q(phase__isnull=True)
        rows = self._rows().filter(begun, initiative__status=InitiativeStatus.ACTIVE)
        return rows.filter(status=TaskStatus.PENDING, open_dependencies=0)

    def _edges_around(self, task: Task) -> list[tuple[str, str]]:
        if task.phase_id:
            return self.list_edges(task.phase_id)
        return self.list_edges_of_initiative(task.initiative_id or "")

    def _check_pair(self, task: Task, other: Task) -> None:
        if task.pk == other.pk:
            raise NotAllowed(f"The task “{task.name}” cannot wait for itself.")
        if task.initiative_id is None or other.initiative_id is None:
            raise NotAllowed("Only tasks of an initiative can wait for each other.")
        if task.initiative_id != other.initiative_id:
            raise NotAllowed(f"“{task.name}” and “{other.name}” belong to different initiatives.")
        if task.phase_id != other.phase_id:
            pair = f"“{task.name}” and “{other.name}”"
            raise NotAllowed(f"{pair} are in different phases. Let the one phase wait for the other instead.")

    def _lock(self, task: Task) -> None:
        if task.initiative_id is not None:
            InitiativeRepository().lock(task.initiative_id)

    def _family(self, task_id: str) -> list[str]:
        """The task and all below it: what the database deletes with it."""
        family, level = [task_id], [task_id]
        while level:
            level = list(Task.objects.filter(parent_task_id__in=level).values_list("id", flat=True))
            family += level
        return family

    def _recount(self, task_ids: list[str]) -> None:
        """Write how many dependencies are open; the caller holds the initiative, so that no count is stale."""
        if not task_ids:
            return
        edges = TaskDependency.objects.filter(task_id=OuterRef("pk"))
        edges = edges.exclude(depends_on_task__status=TaskStatus.COMPLETED).order_by()
        counts = edges.values("task_id").annotate(count=Count("id")).values("count")
        Task.objects.filter(pk__in=task_ids).update(
            open_dependencies=Coalesce(Subquery(counts, output_field=IntegerField()), 0), updated_at=now()
        )

    def _with_initiative(self, fields: dict[str, Any]) -> dict[str, Any]:
        """The fields with the phase as its id and the initiative taken from it."""
        fields = dict(fields)
        phase: Phase | None = fields.pop("phase", None)
        if phase is not None:
            fields["phase_id"] = phase.pk
        phase_id = fields.get("phase_id")
        if phase_id:
            fields.pop("initiative", None)
            fields["initiative_id"] = (phase or PhaseRepository().get(phase_id)).initiative_id
        return fields


def _pairs(edges: QuerySet[TaskDependency]) -> list[tuple[str, str]]:
    return list(edges.order_by("created_at", "id").values_list("task_id", "depends_on_task_id"))


def _tally(rows: Iterable[tuple[Any, ...]]) -> dict[str, dict[str, int]]:
    tally: dict[str, dict[str, int]] = {}
    for owner_id, status, count in rows:
        tally.setdefault(str(owner_id), {})[str(status)] = count
    return tally
