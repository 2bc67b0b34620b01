"""Initiatives: the list, the forms, and the page with the whole plan."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from initiatives.actions.initiative import (
    archive_initiative,
    create_initiative,
    delete_initiative,
    edit_initiative,
    queue_all,
    restore_initiative,
)
from initiatives.forms import InitiativeForm
from initiatives.models import Initiative, Project
from initiatives.repositories.initiative import InitiativeRepository
from initiatives.repositories.project import ProjectRepository
from initiatives.repositories.task import TaskRepository
from initiatives.states import InitiativeStatus
from initiatives.views.plan import read_plan, with_total
from initiatives.views.shared import go_to, is_htmx, read_page, status_of, submit


@dataclass(frozen=True)
class InitiativeRow:
    """An initiative in the list."""

    initiative: Initiative
    counts: dict[str, int]
    projects: list[Project]


@require_safe
def initiatives(request: HttpRequest) -> HttpResponse:
    """The initiatives, newest first; ?status= shows those of one status."""
    status = request.GET.get("status", "")
    chosen = status if status in InitiativeStatus.values else None
    items, pages, count = read_page(request, InitiativeRepository().list_page, status=chosen)
    context = {
        "rows": _rows(list(items)),
        "page_obj": pages,
        "count": count,
        "chosen": chosen,
        "statuses": InitiativeStatus.choices,
        "base": f"status={chosen}&" if chosen else "",
        "has_projects": bool(items) or bool(ProjectRepository().list_page(limit=1, offset=0)[0]),
    }
    return render(request, "initiatives/initiatives.html", context)


@require_safe
def initiative_row(request: HttpRequest, initiative_id: str) -> HttpResponse:
    """One row of the list, for live pages."""
    row = _rows([InitiativeRepository().get(initiative_id)])[0]
    return render(request, "initiatives/initiatives.html#row", {"row": row})


@require_http_methods(["GET", "HEAD", "POST"])
def initiative_create(request: HttpRequest) -> HttpResponse:
    """The form for a new initiative; ?project= chooses one."""
    projects = ProjectRepository().find_all()
    wanted = request.GET.get("project", "")
    chosen = [wanted] if wanted else [project.id for project in projects] if len(projects) == 1 else []
    form = InitiativeForm(request.POST or None, projects=projects, initial={"project_ids": chosen})
    if request.method == "POST":
        initiative = submit(form, create_initiative)
        if initiative is not None:
            return go_to(request, "initiative", initiative.id, say=f"{initiative.name} is made. Add its first phase.")
    context = {"form": form, "projects": projects}
    return render(request, "initiatives/initiative_form.html", context, status=status_of(form))


@require_http_methods(["GET", "HEAD", "POST"])
def initiative_edit(request: HttpRequest, initiative_id: str) -> HttpResponse:
    """The form that changes an initiative."""
    row = InitiativeRepository().get(initiative_id)
    projects = ProjectRepository().find_all()
    initial = {
        "name": row.name,
        "project_ids": [project.id for project in ProjectRepository().find_projects_by_initiative_id(row.id)],
        "execution_mode": row.execution_mode,
        "provider": row.provider,
        "model": row.model,
    }
    form = InitiativeForm(request.POST or None, projects=projects, with_branch=False, initial=initial)
    if request.method == "POST" and submit(form, edit_initiative, initiative_id) is not None:
        return go_to(request, "initiative", initiative_id, say="Saved.")
    context = {"form": form, "projects": projects, "initiative": row}
    return render(request, "initiatives/initiative_form.html", context, status=status_of(form))


@require_safe
def initiative(request: HttpRequest, initiative_id: str) -> HttpResponse:
    """The plan: phases as a graph and one by one, with their tasks."""
    return render(request, "initiatives/initiative.html", {"plan": read_plan(initiative_id)})


@require_safe
def initiative_plan(request: HttpRequest, initiative_id: str) -> HttpResponse:
    """The changing part of the page, with the head beside it."""
    return render_plan(request, initiative_id)


@require_POST
def initiative_queue_all(request: HttpRequest, initiative_id: str) -> HttpResponse:
    """Queue every approved phase."""
    count = len(queue_all(initiative_id))
    if is_htmx(request):
        return render_plan(request, initiative_id)
    say = f"{count} phase{'s are' if count > 1 else ' is'} queued."
    return go_to(request, "initiative", initiative_id, say=say)


@require_POST
def initiative_archive(request: HttpRequest, initiative_id: str) -> HttpResponse:
    """Put it away."""
    row = archive_initiative(initiative_id)
    return go_to(request, "initiatives", say=f"{row.name} is archived.")


@require_POST
def initiative_restore(request: HttpRequest, initiative_id: str) -> HttpResponse:
    """Bring it back."""
    restore_initiative(initiative_id)
    return go_to(request, "initiative", initiative_id, say="Restored.")


@require_POST
def initiative_delete(request: HttpRequest, initiative_id: str) -> HttpResponse:
    """Delete its rows; commits and branches stay."""
    name = InitiativeRepository().get(initiative_id).name
    delete_initiative(initiative_id)
    return go_to(request, "initiatives", say=f"{name} is deleted. Its branches stay in the clones.")


def render_plan(request: HttpRequest, initiative_id: str) -> HttpResponse:
    """The plan and the head as parts of the page, for htmx."""
    return render(request, "initiatives/_plan_answer.html", {"plan": read_plan(initiative_id)})


def _rows(items: list[Initiative]) -> list[InitiativeRow]:
    ids = [item.id for item in items]
    progress = TaskRepository().progress_by_initiative(ids)
    projects = ProjectRepository().find_projects_by_initiative_ids(ids)
    return [InitiativeRow(item, with_total(progress.get(item.id, {})), projects.get(item.id, [])) for item in items]
