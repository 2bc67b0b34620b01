"""Branches: row and ref are ensured however often it is asked, and never moved by asking."""

from pathlib import Path

import pytest

from cw_site.foundation.errors import NotAllowed
from cw_site.git.refs import read_ref
from initiatives.actions.branches import (
    clone_of,
    ensure_initiative_branch,
    ensure_task_branch,
    initiative_slug,
    tip_of,
)
from initiatives.models import Branch, Initiative, Project
from initiatives.repositories.branch import BranchRepository
from initiatives.repositories.task import TaskRepository
from tests.factories import make_initiative, make_phase, make_task, run_git


def ref_of(branch: Branch, project: Project) -> str | None:
    return read_ref(clone_of(project), f"refs/heads/{branch.name}")


def test_each_forks_off_the_one_above(initiative: Initiative, project: Project, repository: Path) -> None:
    phase = make_phase(initiative, name="First words!")
    task = make_task(phase, name="Say hello")
    branch = ensure_task_branch(task, project)
    head = run_git(repository, "rev-parse", "main")
    slug = initiative_slug(initiative)
    assert branch.name == f"cw-task/{slug}/say-hello-{task.pk[:6]}"
    above = [
        BranchRepository().find("phase", phase.pk, project.pk),
        BranchRepository().find("initiative", initiative.pk, project.pk),
    ]
    assert [row.name for row in above if row] == [f"cw-phase/{slug}/first-words-{phase.pk[:6]}", initiative.branch]
    assert {row.base_sha for row in [branch, *above] if row} == {head}
    assert ref_of(branch, project) == head


def test_asking_again_changes_nothing(initiative: Initiative, project: Project) -> None:
    first = ensure_initiative_branch(initiative, project)
    assert ensure_initiative_branch(initiative, project) == first


def test_a_row_without_its_ref_is_mended(initiative: Initiative, project: Project) -> None:
    """A crash between the row and the ref."""
    base = tip_of(project, "main")
    row = BranchRepository().ensure(
        owner_type="initiative", owner_id=initiative.pk, project_id=project.pk, name="cw/half", base_sha=base
    )
    assert ref_of(row, project) is None
    ensure_initiative_branch(initiative, project)
    assert ref_of(row, project) == base


def test_a_branch_that_is_not_ours_is_neither_taken_nor_moved(
    initiative: Initiative, project: Project, repository: Path
) -> None:
    run_git(repository, "commit", "--quiet", "--allow-empty", "--message=Else")
    run_git(clone_of(project).git_dir, "fetch", "--quiet", str(repository), f"main:refs/heads/{initiative.branch}")
    with pytest.raises(NotAllowed, match="holds other work"):
        ensure_initiative_branch(initiative, project)
    assert BranchRepository().list_for_owner("initiative", initiative.pk) == []
    assert tip_of(project, str(initiative.branch)) == run_git(repository, "rev-parse", "main")


def test_a_branch_that_has_moved_on_is_left_where_it_is(
    initiative: Initiative, project: Project, repository: Path
) -> None:
    branch = ensure_initiative_branch(initiative, project)
    run_git(repository, "commit", "--quiet", "--allow-empty", "--message=More")
    run_git(clone_of(project).git_dir, "fetch", "--quiet", str(repository), f"main:refs/heads/{branch.name}")
    assert ensure_initiative_branch(initiative, project).base_sha == branch.base_sha
    assert ref_of(branch, project) == run_git(repository, "rev-parse", "main")


def test_a_task_without_a_phase_forks_off_the_initiative(initiative: Initiative, project: Project) -> None:
    task = TaskRepository().create(initiative=initiative, name="Conflict")
    branch = ensure_task_branch(task, project)
    assert branch.base_sha == ensure_initiative_branch(initiative, project).base_sha


def test_a_task_of_nothing_has_no_branch(project: Project) -> None:
    with pytest.raises(NotAllowed, match="no phase and no initiative"):
        ensure_task_branch(TaskRepository().create(name="Loose"), project)


def test_a_missing_default_branch_is_told(initiative: Initiative, project: Project) -> None:
    project.default_branch = "gone"
    with pytest.raises(NotAllowed, match="no branch gone"):
        ensure_initiative_branch(initiative, project)


@pytest.mark.django_db
@pytest.mark.parametrize(("branch", "slug"), [("cw/user-auth", "user-auth"), ("feature/X y", "feature-x-y")])
def test_the_slug_comes_from_the_branch(branch: str, slug: str) -> None:
    assert initiative_slug(make_initiative(branch=branch)) == slug
