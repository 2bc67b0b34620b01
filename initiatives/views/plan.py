"""All that the initiative's page shows, read in a constant number of queries."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.urls import reverse
from django.utils.safestring import SafeString

from initiatives import policies
from initiatives.graph import Graph, Node, draw
from initiatives.models import Initiative, Phase, Project, Task
from initiatives.policies import why_not
from initiatives.repositories.initiative import InitiativeRepository
from initiatives.repositories.phase import PhaseRepository
from initiatives.repositories.project import ProjectRepository
from initiatives.repositories.task import TaskRepository
from initiatives.richtext import html_of
from initiatives.states import CHECKPOINTS, InitiativeStatus, PhaseStatus, SyncState, TaskStatus
from initiatives.waiting import why_phase_waits, why_projects_wait, why_task_waits


@dataclass(frozen=True)
class TaskRow:
    """A task in a list. `tone` is amber where a person is asked for, red where it is stuck."""

    task: Task
    dependencies: list[Task]
    why: str
    tone: str
    is_due: bool
    depth: int = 0

    @property
    def says_why(self) -> bool:
        """Whether a list repeats the reason: not where the phase above it says it for all of its tasks."""
        phase = self.task.phase
        started = phase is None or phase.status == PhaseStatus.IN_PROGRESS
        return self.task.status == TaskStatus.BLOCKED or (self.task.status == TaskStatus.PENDING and started)


@dataclass(frozen=True)
class PhaseCard:
    """A phase with its tasks and what can be done with it; a refusal is '' where the button works."""

    phase: Phase
    rows: list[TaskRow]
    dependencies: list[Phase]
    dependents: list[Phase]
    counts: dict[str, int]
    why: str
    tone: str
    approve_refusal: str
    queue_refusal: str
    add_refusal: str
    edit_refusal: str
    delete_refusal: str

    @property
    def content_html(self) -> SafeString:
        return html_of(self.phase.content)


@dataclass(frozen=True)
class Plan:
    """An initiative's whole plan."""

    initiative: Initiative
    projects: list[Project]
    cards: list[PhaseCard]
    loose_rows: list[TaskRow]
    counts: dict[str, int]
    graph: Graph | None
    queue_refusal: str
    change_refusal: str
    projects_wait: str
    refusals: dict[str, str] = field(default_factory=dict)

    @property
    def projects_tone(self) -> str:
        """Amber where the person must choose a project, red where one cannot be fetched, none for a clone under way."""
        if not self.projects:
            return "amber"
        return "red" if any(project.sync_state == SyncState.FAILED for project in self.projects) else ""


def read_plan(initiative_id: str) -> Plan:
    """Raises NotFound."""
    initiative = InitiativeRepository().get(initiative_id)
    phases = PhaseRepository().find_by_initiative_id(initiative_id)
    phase_edges = PhaseRepository().list_edges(initiative_id)
    tasks = TaskRepository().find_by_initiative_id(initiative_id)
    task_edges = TaskRepository().list_edges_of_initiative(initiative_id)
    projects = ProjectRepository().find_projects_by_initiative_id(initiative_id)
    rows = _rows(tasks, task_edges)
    cards = _cards(phases, phase_edges, rows, projects)
    return Plan(
        initiative=initiative,
        projects=projects,
        cards=cards,
        loose_rows=[row for row in rows if row.task.phase_id is None],
        counts=count_tasks(tasks),
        graph=_graph(cards, phase_edges) if len(cards) > 1 else None,
        queue_refusal=why_not(lambda: policies.check_can_queue_all(initiative, phases)),
        change_refusal=why_not(lambda: policies.check_can_change_plan(initiative)),
        projects_wait="" if initiative.status in {"completed", "archived"} else why_projects_wait(projects),
        refusals={
            "archive": why_not(lambda: policies.check_can_archive(initiative)),
            "restore": why_not(lambda: policies.check_can_restore(initiative)),
            "delete": why_not(lambda: policies.check_can_delete_initiative(initiative, tasks)),
        },
    )


def count_tasks(tasks: Sequence[Task]) -> dict[str, int]:
    """How many there are by status, and the total: what the progress bar wants."""
    return with_total(Counter(str(task.status) for task in tasks))


def with_total(counts: Mapping[str, int]) -> dict[str, int]:
    """The counts with their sum."""
    return {**counts, "total": sum(counts.values())}


def task_row(task: Task, dependencies: list[Task], *, depth: int = 0) -> TaskRow:
    """A task with the reason it waits. `is_due`: a checkpoint that waits for a person now."""
    why = why_task_waits(task, dependencies=dependencies, phase=task.phase)
    is_due = task.type in CHECKPOINTS and not why_not(lambda: policies.check_can_complete_checkpoint(task))
    tone = "red" if task.status == TaskStatus.BLOCKED else "amber" if is_due else ""
    return TaskRow(task, dependencies, why, tone, is_due, depth)


def _rows(tasks: Sequence[Task], edges: Sequence[tuple[str, str]]) -> list[TaskRow]:
    by_id = {task.id: task for task in tasks}
    dependencies: dict[str, list[Task]] = {}
    for task_id, other_id in edges:
        if other_id in by_id:
            dependencies.setdefault(task_id, []).append(by_id[other_id])
    return [task_row(task, dependencies.get(task.id, []), depth=depth) for task, depth in _nested(tasks)]


def _nested(tasks: Sequence[Task]) -> list[tuple[Task, int]]:
    """Each task followed by its sub-tasks, with how deep it stands."""
    ids = {task.id for task in tasks}
    children: dict[str | None, list[Task]] = {}
    for task in tasks:
        children.setdefault(task.parent_task_id if task.parent_task_id in ids else None, []).append(task)
    nested: list[tuple[Task, int]] = []
    stack = [(task, 0) for task in reversed(children.get(None, []))]
    while stack:
        task, depth = stack.pop()
        nested.append((task, depth))
        stack += [(child, depth + 1) for child in reversed(children.get(task.id, []))]
    return nested


def _cards(
    phases: Sequence[Phase],
    edges: Sequence[tuple[str, str]],
    rows: Sequence[TaskRow],
    projects: Sequence[Project],
) -> list[PhaseCard]:
    by_id = {phase.id: phase for phase in phases}
    before: dict[str, list[Phase]] = {}
    after: dict[str, list[Phase]] = {}
    for phase_id, other_id in edges:
        before.setdefault(phase_id, []).append(by_id[other_id])
        after.setdefault(other_id, []).append(by_id[phase_id])
    rows_of: dict[str | None, list[TaskRow]] = {}
    for row in rows:
        rows_of.setdefault(row.task.phase_id, []).append(row)
    return [
        _card(phase, rows_of.get(phase.id, []), before.get(phase.id, []), after.get(phase.id, []), projects)
        for phase in phases
    ]


def _card(
    phase: Phase,
    rows: list[TaskRow],
    dependencies: list[Phase],
    dependents: list[Phase],
    projects: Sequence[Project],
) -> PhaseCard:
    tasks = [row.task for row in rows]
    counts = count_tasks(tasks)
    progress = {status: count for status, count in counts.items() if status != "total"}
    due = sum(row.is_due for row in rows)
    stuck = phase.status == PhaseStatus.BLOCKED or (bool(counts.get(TaskStatus.BLOCKED)) and _is_open(phase))
    asks = phase.status in {PhaseStatus.PENDING, PhaseStatus.PENDING_REVIEW} or due
    return PhaseCard(
        phase=phase,
        rows=rows,
        dependencies=dependencies,
        dependents=dependents,
        counts=counts,
        why=why_phase_waits(phase, dependencies=dependencies, progress=progress, projects=projects, due=due),
        tone="red" if stuck else "amber" if asks else "",
        approve_refusal=why_not(lambda: policies.check_can_approve(phase)),
        queue_refusal=why_not(lambda: policies.check_can_queue(phase)),
        add_refusal=why_not(lambda: policies.check_can_add_task(phase)),
        edit_refusal=why_not(lambda: policies.check_can_edit_phase(phase)),
        delete_refusal=why_not(lambda: policies.check_can_delete_phase(phase, tasks)),
    )


def _graph(cards: Sequence[PhaseCard], edges: Sequence[tuple[str, str]]) -> Graph:
    nodes = [
        Node(
            key=card.phase.id,
            title=card.phase.name,
            status=card.phase.status,
            status_label="Queued" if is_queued(card.phase) else PhaseStatus(card.phase.status).label,
            href=_address(card.phase),
            done=card.counts.get(TaskStatus.COMPLETED, 0),
            total=card.counts["total"],
        )
        for card in cards
    ]
    return draw(nodes, edges)


def _is_open(phase: Phase) -> bool:
    return phase.status != PhaseStatus.COMPLETED and phase.initiative.status != InitiativeStatus.ARCHIVED


def is_queued(phase: Phase) -> bool:
    """Approved and asked to start."""
    return phase.status == PhaseStatus.APPROVED and phase.queued_at is not None


def _address(phase: Phase) -> str:
    return f"{reverse('initiative', args=[phase.initiative_id])}#phase-{phase.id}"
