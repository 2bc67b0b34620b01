"""Tasks: the page of one, its forms, and what a person does with it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cw_site.foundation.access import name_of
from cw_site.foundation.markdown import to_html
from initiatives import policies
from initiatives.actions.task import (
    complete_checkpoint,
    create_task,
    delete_task,
    edit_task,
    remove_task_dependency,
    retry_task,
)
from initiatives.forms import CheckpointForm, TaskForm
from initiatives.models import Phase, Task
from initiatives.policies import why_not
from initiatives.repositories.branch import BranchRepository
from initiatives.repositories.phase import PhaseRepository
from initiatives.repositories.task import TaskRepository
from initiatives.states import CHECKPOINTS, BranchOwner
from initiatives.views.plan import task_row
from initiatives.views.shared import go_to, is_htmx, status_of, submit

_FIELDS = ("name", "description", "type", "category", "priority", "provider", "model", "order")


@require_safe
def task(request: HttpRequest, task_id: str) -> HttpResponse:
    """A task: what is asked for, how it stands and why, who works on it, what came of it."""
    context = _context(TaskRepository().get(task_id), CheckpointForm(draft_key=f"complete:{task_id}"))
    template = "initiatives/task.html#live" if is_htmx(request) else "initiatives/task.html"
    return render(request, template, context)


@require_http_methods(["GET", "HEAD", "POST"])
def task_create(request: HttpRequest, phase_id: str) -> HttpResponse:
    """The form for a new task of a phase."""
    phase = PhaseRepository().get(phase_id)
    siblings = TaskRepository().find_by_phase_id(phase_id)
    form = TaskForm(request.POST or None, siblings=siblings, draft_key=f"task-new:{phase_id}")
    if request.method == "POST":
        row = submit(form, create_task, phase_id)
        if row is not None and "another" in request.POST:
            return go_to(request, "task-create", phase_id, say=f"“{row.name}” is added.")
        if row is not None:
            return _to_plan(request, phase, say=f"“{row.name}” is added.")
    refusal = why_not(lambda: policies.check_can_add_task(phase))
    context = {"form": form, "phase": phase, "refusal": refusal}
    return render(request, "initiatives/task_form.html", context, status=status_of(form))


@require_http_methods(["GET", "HEAD", "POST"])
def task_edit(request: HttpRequest, task_id: str) -> HttpResponse:
    """The form that changes a task that no agent works on."""
    row = TaskRepository().get(task_id)
    siblings = [other for other in _siblings(row) if other.id != row.id]
    initial: dict[str, Any] = {name: getattr(row, name) for name in _FIELDS}
    initial["depends_on"] = [other.id for other in TaskRepository().get_dependencies(task_id)]
    form = TaskForm(
        request.POST or None, siblings=siblings, with_parent=False, initial=initial, draft_key=f"task:{task_id}"
    )
    if request.method == "POST" and submit(form, edit_task, task_id) is not None:
        return go_to(request, "task", task_id, say="Saved.")
    refusal = why_not(lambda: policies.check_can_edit_task(row))
    context = {"form": form, "phase": row.phase, "task": row, "refusal": refusal}
    return render(request, "initiatives/task_form.html", context, status=status_of(form))


@require_POST
def task_delete(request: HttpRequest, task_id: str) -> HttpResponse:
    """Delete a task that nobody has carried out."""
    row = TaskRepository().get(task_id)
    delete_task(task_id)
    say = f"“{row.name}” is deleted."
    if row.phase is None:
        return go_to(request, "initiatives", say=say)
    return _to_plan(request, row.phase, say=say)


@require_POST
def task_retry(request: HttpRequest, task_id: str) -> HttpResponse:
    """Give a blocked task to an agent again."""
    retry_task(task_id)
    return go_to(request, "task", task_id, say="The task is tried again.")


@require_POST
def task_complete(request: HttpRequest, task_id: str) -> HttpResponse:
    """Complete a checkpoint with a note; refused notes come back with the form."""
    row = TaskRepository().get(task_id)
    policies.check_can_complete_checkpoint(row)
    form = CheckpointForm(request.POST, draft_key=f"complete:{task_id}")
    done = submit(form, complete_checkpoint, task_id, by=name_of(request))
    if done is None:
        return render(request, "initiatives/task.html", _context(row, form), status=status_of(form))
    return go_to(request, "task", task_id, say=f"“{row.name}” is completed.")


@require_POST
def task_dependency_remove(request: HttpRequest, task_id: str, depends_on_id: str) -> HttpResponse:
    """It waits for that task no longer."""
    row = remove_task_dependency(task_id, depends_on_task_id=depends_on_id)
    return go_to(request, "task", task_id, say=f"“{row.name}” no longer waits for it.")


def _context(row: Task, form: CheckpointForm) -> dict[str, Any]:
    dependencies = TaskRepository().get_dependencies(row.id)
    children = TaskRepository().find_by_parent_task_id(row.id)
    return {
        "task": row,
        "row": task_row(row, dependencies),
        "dependents": TaskRepository().get_dependents(row.id),
        "children": children,
        "branches": BranchRepository().list_for_owner(BranchOwner.TASK, row.id),
        "description_html": to_html(row.description or ""),
        "summary_html": to_html(row.summary or ""),
        "is_checkpoint": row.type in CHECKPOINTS,
        "complete_form": form,
        "complete_refusal": why_not(lambda: policies.check_can_complete_checkpoint(row)),
        "retry_refusal": why_not(lambda: policies.check_can_retry(row)),
        "edit_refusal": why_not(lambda: policies.check_can_edit_task(row)),
        "delete_refusal": why_not(lambda: policies.check_can_delete_task(row, children)),
    }


def _siblings(row: Task) -> list[Task]:
    return TaskRepository().find_by_phase_id(row.phase_id) if row.phase_id else []


def _to_plan(request: HttpRequest, phase: Phase, *, say: str) -> HttpResponse:
    return go_to(request, "initiative", phase.initiative_id, fragment=f"phase-{phase.id}", say=say)
