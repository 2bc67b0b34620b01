"""Projects: the list with the form that adds one, and a page for each."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from initiatives import policies
from initiatives.actions.project import add_project, delete_project, edit_project, request_sync
from initiatives.forms import ProjectForm
from initiatives.models import Project
from initiatives.policies import why_not
from initiatives.repositories.initiative import InitiativeRepository
from initiatives.repositories.project import ProjectRepository
from initiatives.views.shared import go_to, is_htmx, read_page, status_of, submit


@require_http_methods(["GET", "HEAD", "POST"])
def projects(request: HttpRequest) -> HttpResponse:
    """The registered repositories; a POST adds one."""
    form = ProjectForm(request.POST or None)
    if request.method == "POST":
        project = submit(form, add_project)
        if project is not None:
            return go_to(request, "project", project.id, say=f"{project.name} is added and is being cloned.")
    items, pages, count = read_page(request, ProjectRepository().list_page)
    context = {"projects": items, "page_obj": pages, "count": count, "form": form}
    return render(request, "initiatives/projects.html", context, status=status_of(form))


@require_safe
def project_row(request: HttpRequest, project_id: str) -> HttpResponse:
    """One row of the list, for live pages."""
    return render(request, "initiatives/projects.html#row", {"project": ProjectRepository().get(project_id)})


@require_safe
def project(request: HttpRequest, project_id: str) -> HttpResponse:
    """A project: its state, what works in it. Live pages fetch its changing part from here too."""
    template = "initiatives/project.html#state" if is_htmx(request) else "initiatives/project.html"
    return render(request, template, _context(ProjectRepository().get(project_id)))


@require_http_methods(["GET", "HEAD", "POST"])
def project_edit(request: HttpRequest, project_id: str) -> HttpResponse:
    """The form that changes a project."""
    row = ProjectRepository().get(project_id)
    initial = {"name": row.name, "url": row.url, "default_branch": row.default_branch}
    form = ProjectForm(request.POST or None, initial=initial)
    if request.method == "POST" and submit(form, edit_project, project_id) is not None:
        return go_to(request, "project", project_id, say="Saved.")
    context = {"project": row, "form": form}
    return render(request, "initiatives/project_edit.html", context, status=status_of(form))


@require_POST
def project_sync(request: HttpRequest, project_id: str) -> HttpResponse:
    """Ask for a fetch; the page follows live."""
    row = request_sync(project_id)
    if is_htmx(request):
        return render(request, "initiatives/project.html#state", _context(row))
    return go_to(request, "project", project_id, say="The sync is asked for.")


@require_POST
def project_delete(request: HttpRequest, project_id: str) -> HttpResponse:
    """Forget a project that nothing uses."""
    name = ProjectRepository().get(project_id).name
    delete_project(project_id)
    return go_to(request, "projects", say=f"{name} is deleted. Its clone stays in the data folder.")


def _context(row: Project) -> dict[str, object]:
    initiatives = InitiativeRepository().find_by_project_id(row.id)
    return {
        "project": row,
        "initiatives": initiatives,
        "sync_refusal": why_not(lambda: policies.check_can_sync(row)),
        "delete_refusal": why_not(lambda: policies.check_can_delete_project(row, initiatives)),
    }
