"""Rows as the API answers them: the columns that the schemas name, and beside them what is computed from other rows.

The answers are written here, as JSON: validating and copying a hundred rows of our own columns by the schema that names
them takes 10 ms. The tests hold every answer against the schema instead.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.db.models import Model
from django.http import HttpResponse
from ninja import Schema

from cw_site.foundation.paging import page_of
from initiatives.api.schemas import InitiativeOut, PageOut, PhaseOut, ProjectOut, TaskOut
from initiatives.models import Initiative, Page, Phase, Project, Task
from initiatives.repositories.phase import PhaseRepository
from initiatives.repositories.project import ProjectRepository
from initiatives.repositories.task import TaskRepository
from initiatives.richtext import Document, load, markdown_of
from initiatives.waiting import why_phase_waits, why_task_waits

Row = dict[str, Any]


def _columns(schema: type[Schema], model: type[Model]) -> tuple[str, ...]:
    there = {column.attname for column in model._meta.concrete_fields}
    return tuple(name for name in schema.model_fields if name in there)


PROJECT_COLUMNS = _columns(ProjectOut, Project)
INITIATIVE_COLUMNS = _columns(InitiativeOut, Initiative)
PHASE_COLUMNS = _columns(PhaseOut, Phase)
TASK_COLUMNS = _columns(TaskOut, Task)
PAGE_COLUMNS = _columns(PageOut, Page)


def answer(data: Any, *, status: int = 200) -> HttpResponse:
    """The data as a JSON answer."""
    return HttpResponse(
        orjson.dumps(data, option=orjson.OPT_UTC_Z), content_type="application/json; charset=utf-8", status=status
    )


def answer_page(items: Sequence[Row], count: int) -> HttpResponse:
    """A page of a list as a JSON answer."""
    return answer(page_of(items, count))


def columns_of(row: Model) -> Row:
    """All of a row's columns by their names, foreign keys as ids."""
    return {column.attname: getattr(row, column.attname) for column in row._meta.concrete_fields}


def rich(content: str | None, format: str) -> Document | str:
    """Rich text as it was asked for."""
    return markdown_of(content) if format == "markdown" else load(content)


def project_out(row: Project) -> Row:
    """One project."""
    return _row(row, PROJECT_COLUMNS)


def initiatives_out(rows: Sequence[Initiative]) -> list[Row]:
    """Initiatives with their projects and progress; two queries for any number."""
    ids = [row.id for row in rows]
    projects = ProjectRepository().find_projects_by_initiative_ids(ids)
    progress = TaskRepository().progress_by_initiative(ids)
    return [
        _row(row, INITIATIVE_COLUMNS)
        | {
            "project_ids": [project.id for project in projects.get(row.id, [])],
            "progress": progress.get(row.id, {}),
        }
        for row in rows
    ]


def phases_out(rows: Sequence[Phase], initiative_id: str, *, format: str = "json") -> list[Row]:
    """Phases of one initiative with their dependencies and why they wait; a constant number of queries."""
    everyone = {phase.id: phase for phase in PhaseRepository().find_by_initiative_id(initiative_id)}
    edges = _grouped(PhaseRepository().list_edges(initiative_id))
    progress = TaskRepository().progress_by_phase(initiative_id)
    projects = ProjectRepository().find_projects_by_initiative_id(initiative_id)
    return [
        _row(row, PHASE_COLUMNS)
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


def phase_out(row: Phase, *, format: str = "json") -> Row:
    """One phase."""
    return phases_out([row], row.initiative_id, format=format)[0]


def task_out(row: Task) -> Row:
    """One task."""
    dependencies = TaskRepository().get_dependencies(row.id)
    return _row(row, TASK_COLUMNS) | {
        "depends_on": [other.id for other in dependencies],
        "waits": why_task_waits(row, dependencies=dependencies, phase=row.phase),
    }


def answer_tasks(phase: Phase, *, limit: int, offset: int) -> HttpResponse:
    """A page of a phase's tasks with their dependencies and why they wait; four queries at most for any number."""
    rows = TaskRepository().list_columns(phase.id, TASK_COLUMNS, limit=limit, offset=offset)
    is_all = offset == 0 and len(rows) < limit
    edges = _grouped(TaskRepository().list_edges(phase.id))
    others = rows
    if edges and not is_all:
        others = TaskRepository().list_columns(phase.id, ("id", "name", "status", "status_reason", "type"))
    lines = {row["id"]: TaskLine(row["name"], row["status"], row["status_reason"], row["type"]) for row in others}
    for row in rows:
        needed = edges.get(row["id"], [])
        row["depends_on"] = needed
        dependencies = [lines[other] for other in needed if other in lines]
        row["waits"] = why_task_waits(lines[row["id"]], dependencies=dependencies, phase=phase)
    return answer_page(rows, len(rows) if is_all else TaskRepository().count_of_phase(phase.id))


def page_row(row: Page, *, format: str = "json") -> Row:
    """One document of an initiative, with its content."""
    return _row(row, PAGE_COLUMNS) | {"content": rich(row.content, format)}


@dataclass(frozen=True, slots=True)
class TaskLine:
    """The columns of a task from which a sentence is made."""

    name: str
    status: str
    status_reason: str
    type: str


def _row(row: Model, columns: Iterable[str]) -> Row:
    return {name: getattr(row, name) for name in columns}


def _grouped(edges: Iterable[tuple[str, str]]) -> Mapping[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for row_id, other_id in edges:
        grouped.setdefault(row_id, []).append(other_id)
    return grouped
