"""Rows as the API answers them: the columns, and beside them what is computed from other rows."""

from collections.abc import Iterable, Sequence
from typing import Any

from initiatives.models import Initiative, Page, Phase, Task
from initiatives.repositories.phase import PhaseRepository
from initiatives.repositories.project import ProjectRepository
from initiatives.repositories.task import TaskRepository
from initiatives.richtext import Document, load, markdown_of
from initiatives.waiting import why_phase_waits, why_task_waits


def columns_of(row: Any) -> dict[str, Any]:
    """The row's columns by their names, foreign keys as ids."""
    return {column.attname: getattr(row, column.attname) for column in row._meta.concrete_fields}


def rich(content: str | None, format: str) -> Document | str:
    """Rich text as it was asked for."""
    return markdown_of(content) if format == "markdown" else load(content)


def initiatives_out(rows: Sequence[Initiative]) -> list[dict[str, Any]]:
    """Initiatives with their projects and progress; three queries for any number."""
    ids = [row.id for row in rows]
    projects = ProjectRepository().find_projects_by_initiative_ids(ids)
    progress = TaskRepository().progress_by_initiative(ids)
    return [
        columns_of(row)
        | {
            "project_ids": [project.id for project in projects.get(row.id, [])],
            "progress": progress.get(row.id, {}),
        }
        for row in rows
    ]


def phases_out(rows: Sequence[Phase], initiative_id: str, *, format: str = "json") -> list[dict[str, Any]]:
    """Phases of one initiative with their dependencies and why they wait; a constant number of queries."""
    everyone = {phase.id: phase for phase in PhaseRepository().find_by_initiative_id(initiative_id)}
    edges = _grouped(PhaseRepository().list_edges(initiative_id))
    progress = TaskRepository().progress_by_phase(initiative_id)
    projects = ProjectRepository().find_projects_by_initiative_id(initiative_id)
    return [
        columns_of(row)
        | {
            "content": rich(row.content, format),
            "depends_on": edges.get(row.id, []),
            "waits": why_phase_waits(
                row,
                dependencies=[everyone[other] for other in edges.get(row.id, []) if other in everyone],
                progress=progress.get(row.id, {}),
                projects=projects,
            ),
        }
        for row in rows
    ]


def phase_out(row: Phase, *, format: str = "json") -> dict[str, Any]:
    """One phase."""
    return phases_out([row], row.initiative_id, format=format)[0]


def tasks_out(rows: Sequence[Task], siblings: Sequence[Task], edges: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """Tasks with their dependencies and why they wait. `siblings` holds every task that they may depend on."""
    by_id = {task.id: task for task in siblings}
    grouped = _grouped(edges)
    return [
        columns_of(row)
        | {
            "depends_on": grouped.get(row.id, []),
            "waits": why_task_waits(
                row,
                dependencies=[by_id[other] for other in grouped.get(row.id, []) if other in by_id],
                phase=row.phase,
            ),
        }
        for row in rows
    ]


def task_out(row: Task) -> dict[str, Any]:
    """One task."""
    dependencies = TaskRepository().get_dependencies(row.id)
    return tasks_out([row], dependencies, [(row.id, other.id) for other in dependencies])[0]


def page_out(row: Page, *, format: str = "json") -> dict[str, Any]:
    """One page with its content."""
    return columns_of(row) | {"content": rich(row.content, format)}


def _grouped(edges: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for row_id, other_id in edges:
        grouped.setdefault(row_id, []).append(other_id)
    return grouped
