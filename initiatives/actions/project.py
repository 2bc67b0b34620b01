"""Projects: registering a repository, and keeping our clone of it up to date."""

import logging
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from cw_site.foundation.clock import now
from cw_site.foundation.errors import DomainError
from cw_site.foundation.reconcile import request_reconcile
from cw_site.git import clones
from cw_site.git.errors import BadName, GitError
from cw_site.git.refs import branch_ref
from cw_site.git.urls import check_url
from initiatives.actions.branches import clone_of
from initiatives.actions.checks import checked_name, checked_text, invalid
from initiatives.models import Project
from initiatives.policies import check_can_delete_project, check_can_sync
from initiatives.repositories.initiative import InitiativeRepository
from initiatives.repositories.project import ProjectRepository
from initiatives.states import SyncState

logger = logging.getLogger(__name__)


def add_project(*, name: str, url: str, default_branch: str | None = None) -> Project:
    """Register a repository and ask for its clone. Without `default_branch` the repository's own is used."""
    fields = {
        "name": _free_name(name, except_id=""),
        "url": _free_url(url, except_id=""),
        "default_branch": _checked_branch(default_branch),
    }
    with transaction.atomic():
        project = ProjectRepository().create(**fields)
        return request_sync(project.id)


def edit_project(
    project_id: str, *, name: str | None = None, url: str | None = None, default_branch: str | None = None
) -> Project:
    """Change what is given; a new address or branch is synced at once."""
    project = ProjectRepository().get(project_id)
    fields: dict[str, Any] = {}
    if name is not None:
        fields["name"] = _free_name(name, except_id=project.id)
    if url is not None:
        fields["url"] = _free_url(url, except_id=project.id)
    if default_branch is not None:
        fields["default_branch"] = _checked_branch(default_branch)
    moved = any(name in fields and fields[name] != getattr(project, name) for name in ("url", "default_branch"))
    with transaction.atomic():
        if fields:
            project = ProjectRepository().update(project_id, **fields)
        if moved and not project.sync_requested_at:
            project = request_sync(project_id)
    return project


def delete_project(project_id: str) -> None:
    """Forget a project that no initiative uses. Its clone stays in the data folder: commits are never thrown away."""
    project = ProjectRepository().get(project_id)
    check_can_delete_project(project, InitiativeRepository().find_by_project_id(project_id))
    ProjectRepository().delete(project_id)


def request_sync(project_id: str) -> Project:
    """Ask for a fetch of the project's repository; the engine carries it out."""
    check_can_sync(ProjectRepository().get(project_id))
    return _ask_for_sync(project_id)


def ensure_synced(projects: list[Project]) -> None:
    """Ask for a sync of each project that is not being synced already."""
    for project in projects:
        if not project.sync_requested_at:
            _ask_for_sync(project.id)


def repeat_sync(project_id: str) -> Project:
    """Ask once more for a sync whose engine task got lost."""
    return _ask_for_sync(project_id)


def carry_out_sync(project_id: str) -> Project:
    """Clone or fetch now, and write down how it went. Runs in the engine, never in a web request."""
    project = ProjectRepository().get(project_id)
    try:
        fields = _fetch(project)
    except DomainError as error:
        fields = {"sync_state": SyncState.FAILED, "sync_reason": error.message}
    except OSError as error:
        logger.exception("project %s could not be synced", project_id)
        said = f"An error of our own: {error.strerror or type(error).__name__}. The server's log has more."
        fields = {"sync_state": SyncState.FAILED, "sync_reason": said}
    with transaction.atomic():
        project = ProjectRepository().update(project_id, sync_requested_at=None, **fields)
        request_reconcile()
    return project


def _ask_for_sync(project_id: str) -> Project:
    with transaction.atomic():
        project = ProjectRepository().update(project_id, sync_requested_at=now())
        import_string(settings.CW_SYNC_TASK).enqueue(project_id)
    return project


def _fetch(project: Project) -> dict[str, Any]:
    clone = clone_of(project)
    info = clones.ensure_clone(clone, url=project.url)
    branch = project.default_branch or info.default_branch
    outcome = clones.sync_default_branch(clone, branch=branch)
    fields: dict[str, Any] = {"last_fetched_at": now()}
    match outcome.state:
        case "missing":
            return fields | {
                "sync_state": SyncState.FAILED,
                "sync_reason": f"The repository has no branch {branch} with a commit. Name another default branch.",
            }
        case "diverged":
            reason = f"Our {branch} and the repository's have each gone on; the repository's new commits are not used."
        case "ahead":
            reason = f"Our {branch} holds merges that the repository does not have yet."
        case _:
            reason = ""
    return fields | {"sync_state": SyncState.READY, "sync_reason": reason, "default_branch": branch}


def _free_name(name: str, *, except_id: str) -> str:
    checked = checked_name(name)
    other = ProjectRepository().find_by_name(checked)
    if other is not None and other.id != except_id:
        raise invalid("name", f"There is already a project called “{checked}”.")
    return checked


def _free_url(url: str, *, except_id: str) -> str:
    try:
        checked = check_url(checked_text(url, field="url", limit=1000)).url
    except GitError as error:
        raise invalid("url", error.message) from error
    other = ProjectRepository().find_by_url(checked)
    if other is not None and other.id != except_id:
        raise invalid("url", f"This repository is registered already, as “{other.name}”.")
    return checked


def _checked_branch(name: str | None) -> str:
    branch = checked_text(name, field="default_branch", limit=200)
    try:
        return branch_ref(branch).removeprefix("refs/heads/") if branch else ""
    except BadName as error:
        raise invalid("default_branch", error.message) from error
