"""Registering repositories and keeping our clones of them up to date."""

from pathlib import Path

import pytest

from cw_site.foundation.errors import Invalid, NotAllowed
from cw_site.git.refs import read_ref
from initiatives.actions.branches import clone_of
from initiatives.actions.project import add_project, carry_out_sync, delete_project, edit_project, request_sync
from initiatives.models import Project
from initiatives.repositories.project import ProjectRepository
from tests.factories import commit_files, make_git_repo, make_initiative, make_project, run_git

pytestmark = pytest.mark.django_db


def test_adding_asks_for_a_sync(repository: Path) -> None:
    project = add_project(name="  site  ", url=str(make_git_repo(repository)))
    assert (project.name, project.url, project.sync_state) == ("site", str(repository), "never")
    assert project.sync_requested_at is not None
    assert ProjectRepository().list_sync_requested() == [project]


def test_a_sync_clones_and_finds_the_default_branch(repository: Path) -> None:
    make_git_repo(repository, branch="trunk")
    project = carry_out_sync(add_project(name="site", url=str(repository)).pk)
    assert (project.sync_state, project.sync_reason, project.default_branch) == ("ready", "", "trunk")
    assert project.sync_requested_at is None
    assert project.last_fetched_at is not None
    assert read_ref(clone_of(project), "refs/heads/trunk") == run_git(repository, "rev-parse", "trunk")


def test_a_named_default_branch_is_kept(repository: Path) -> None:
    make_git_repo(repository)
    run_git(repository, "branch", "stable")
    project = carry_out_sync(add_project(name="site", url=str(repository), default_branch="stable").pk)
    assert (project.sync_state, project.default_branch) == ("ready", "stable")
    assert read_ref(clone_of(project), "refs/heads/stable")


def test_a_sync_follows_the_repository(project: Project, repository: Path) -> None:
    commit_files(repository, {"new.txt": "new\n"})
    carry_out_sync(project.pk)
    assert read_ref(clone_of(project), "refs/heads/main") == run_git(repository, "rev-parse", "main")


def test_a_missing_branch_is_told(repository: Path) -> None:
    make_git_repo(repository)
    project = carry_out_sync(add_project(name="site", url=str(repository), default_branch="gone").pk)
    assert project.sync_state == "failed"
    assert "no branch gone" in project.sync_reason


def test_a_repository_that_cannot_be_read_is_told(project: Project, repository: Path) -> None:
    repository.rename(repository.with_name("moved"))
    failed = carry_out_sync(project.pk)
    assert (failed.sync_state, failed.sync_requested_at) == ("failed", None)
    assert str(repository) in failed.sync_reason


def test_one_request_at_a_time() -> None:
    project = make_project()
    request_sync(project.pk)
    with pytest.raises(NotAllowed, match="being synced already"):
        request_sync(project.pk)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", {"name": " "}),
        ("name", {"name": "x" * 201}),
        ("name", {"name": "a\x00b"}),
        ("url", {"url": "ext::sh -c id"}),
        ("url", {"url": "/nowhere/at/all"}),
        ("default_branch", {"default_branch": "a..b"}),
        ("default_branch", {"default_branch": "-x"}),
    ],
)
def test_bad_fields_are_refused_by_name(field: str, values: dict[str, str], repository: Path) -> None:
    fields = {"name": "site", "url": str(make_git_repo(repository)), **values}
    with pytest.raises(Invalid) as refused:
        add_project(**fields)
    assert list(refused.value.fields) == [field]


def test_a_taken_name_and_address_are_refused(project: Project) -> None:
    with pytest.raises(Invalid, match="already a project called"):
        add_project(name=project.name, url="https://example.org/x.git")
    with pytest.raises(Invalid, match="registered already"):
        add_project(name="other", url=project.url)


def test_editing_syncs_only_when_the_source_changes(project: Project) -> None:
    assert edit_project(project.pk, name="new name").sync_requested_at is None
    assert edit_project(project.pk, url=project.url).sync_requested_at is None
    edited = edit_project(project.pk, url="https://example.org/x.git")
    assert (edited.url, edited.sync_requested_at is None) == ("https://example.org/x.git", False)


def test_a_project_in_use_stays(project: Project) -> None:
    initiative = make_initiative(projects=[project])
    with pytest.raises(NotAllowed, match=initiative.name):
        delete_project(project.pk)


def test_deleting_keeps_the_clone(project: Project) -> None:
    folder = clone_of(project).git_dir
    delete_project(project.pk)
    assert ProjectRepository().find_by_id(project.pk) is None
    assert (folder / "HEAD").exists()
