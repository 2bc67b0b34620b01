from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from cw_site.foundation.access import require_scope
from cw_site.foundation.paging import DEFAULT_LIMIT, page_of
from cw_site.foundation.schemas import ERRORS, IdPath, Limit, Offset
from initiatives.actions.project import add_project, delete_project, edit_project, request_sync
from initiatives.api.schemas import ProjectIn, ProjectList, ProjectOut, ProjectPatch
from initiatives.models import Project
from initiatives.repositories.project import ProjectRepository

router = Router(tags=["projects"])


@router.get("/projects", response={200: ProjectList, **ERRORS}, summary="Projects by name")
def list_projects(request: HttpRequest, limit: Limit = DEFAULT_LIMIT, offset: Offset = 0) -> dict[str, Any]:
    require_scope(request, "read")
    return page_of(*ProjectRepository().list_page(limit=limit, offset=offset))


@router.post("/projects", response={201: ProjectOut, **ERRORS}, summary="Register a repository and clone it")
def create_project(request: HttpRequest, body: ProjectIn) -> Status[Project]:
    require_scope(request, "admin")
    return Status(201, add_project(name=body.name, url=body.url, default_branch=body.default_branch))


@router.get("/projects/{project_id}", response={200: ProjectOut, **ERRORS}, summary="A project")
def get_project(request: HttpRequest, project_id: IdPath) -> Project:
    require_scope(request, "read")
    return ProjectRepository().get(project_id)


@router.patch("/projects/{project_id}", response={200: ProjectOut, **ERRORS}, summary="Change a project")
def patch_project(request: HttpRequest, project_id: IdPath, body: ProjectPatch) -> Project:
    require_scope(request, "admin")
    return edit_project(project_id, **body.dict(exclude_unset=True))


@router.delete("/projects/{project_id}", response={204: None, **ERRORS}, summary="Forget an unused project")
def remove_project(request: HttpRequest, project_id: IdPath) -> Status[None]:
    require_scope(request, "admin")
    delete_project(project_id)
    return Status(204, None)


@router.post("/projects/{project_id}/sync", response={200: ProjectOut, **ERRORS}, summary="Ask for a fetch")
def sync_project(request: HttpRequest, project_id: IdPath) -> Project:
    require_scope(request, "run")
    return request_sync(project_id)
