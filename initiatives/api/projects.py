from django.http import HttpRequest, HttpResponse
from ninja import Router, Status

from cw_site.foundation.access import require_scope
from cw_site.foundation.paging import DEFAULT_LIMIT
from cw_site.foundation.schemas import ERRORS, IdPath, Limit, Offset
from initiatives.actions.project import add_project, delete_project, edit_project, request_sync
from initiatives.api.output import answer, answer_page, project_out
from initiatives.api.schemas import ProjectIn, ProjectList, ProjectOut, ProjectPatch
from initiatives.repositories.project import ProjectRepository

router = Router(tags=["projects"])


@router.get("/projects", response={200: ProjectList, **ERRORS}, summary="Projects by name")
def list_projects(request: HttpRequest, limit: Limit = DEFAULT_LIMIT, offset: Offset = 0) -> HttpResponse:
    require_scope(request, "read")
    rows, count = ProjectRepository().list_page(limit=limit, offset=offset)
    return answer_page([project_out(row) for row in rows], count)


@router.post("/projects", response={201: ProjectOut, **ERRORS}, summary="Register a repository and clone it")
def create_project(request: HttpRequest, body: ProjectIn) -> HttpResponse:
    require_scope(request, "admin")
    project = add_project(name=body.name, url=body.url, default_branch=body.default_branch)
    return answer(project_out(project), status=201)


@router.get("/projects/{project_id}", response={200: ProjectOut, **ERRORS}, summary="A project")
def get_project(request: HttpRequest, project_id: IdPath) -> HttpResponse:
    require_scope(request, "read")
    return answer(project_out(ProjectRepository().get(project_id)))


@router.patch("/projects/{project_id}", response={200: ProjectOut, **ERRORS}, summary="Change a project")
def patch_project(request: HttpRequest, project_id: IdPath, body: ProjectPatch) -> HttpResponse:
    require_scope(request, "admin")
    return answer(project_out(edit_project(project_id, **body.dict(exclude_unset=True))))


@router.delete("/projects/{project_id}", response={204: None, **ERRORS}, summary="Forget an unused project")
def remove_project(request: HttpRequest, project_id: IdPath) -> Status[None]:
    require_scope(request, "admin")
    delete_project(project_id)
    return Status(204, None)


@router.post("/projects/{project_id}/sync", response={200: ProjectOut, **ERRORS}, summary="Ask for a fetch")
def sync_project(request: HttpRequest, project_id: IdPath) -> HttpResponse:
    require_scope(request, "run")
    return answer(project_out(request_sync(project_id)))
