"""Two workers on one database, and phases over several projects."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User

from cw_site.git.commits import list_commits
from cw_site.git.fsck import check
from initiatives.actions.branches import (
    clone_of,
    ensure_initiative_branch,
    ensure_phase_branch,
    ensure_task_branch,
)
from initiatives.actions.project import carry_out_sync
from initiatives.models import Project
from initiatives.repositories import BranchRepository, InitiativeRepository, ProjectRepository, TaskRepository
from reviews import ticks
from reviews.actions import settle
from reviews.actions.decision import approve_review
from reviews.repositories import ReviewRoundRepository
from tests.factories import make_project, make_task, make_user
from tests.reviews.conftest import World, commit_on, make_world, replace_line, task_of, tip
from tests.threads import run_together


class Crash(BaseException):
    """The worker is killed here."""


def test_two_workers_merge_everything_once(live_db: None, tmp_path: Path) -> None:
    world = make_world(tmp_path / "source")
    tasks = [world.do_task({f"file{number}.txt": "x\n"})[0] for number in range(6)]
    while any(task_of(task).status != "completed" for task in tasks):
        results = run_together([ticks.merge_tasks] * 3)
        assert not [result for result in results if isinstance(result, Exception)]
    merges = list_commits(clone_of(world.project), world.phase_branch.base_sha, world.tip())
    assert len([commit for commit in merges if len(commit.parents) == 2]) == 6
    run_together([ticks.close_phases] * 3)
    assert [row.number for row in ReviewRoundRepository().list_rounds("phase", world.phase.pk)] == [1]
    approve_review(world.phase.pk, heads=world.heads(), person=make_user(), person_name="ann")
    run_together([ticks.merge_phases] * 3)
    ticks.merge_phases()
    assert world.reload().status == "completed"
    run_together([ticks.close_initiatives] * 3)
    assert InitiativeRepository().get(world.initiative.pk).status == "pending_review"
    assert len(ReviewRoundRepository().list_rounds("initiative", world.initiative.pk)) == 1
    assert check(clone_of(world.project)) == []


def test_two_workers_make_one_conflict_task(live_db: None, tmp_path: Path) -> None:
    world = make_world(tmp_path / "source")
    world.do_task({"app.py": replace_line(3, "one")})
    second, _ = world.do_task({"app.py": replace_line(3, "two")})
    ticks.merge_tasks()
    for _ in range(2):
        run_together([ticks.merge_tasks] * 3)
    assert len(TaskRepository().find_by_parent_task_id(second.pk)) == 1


def two_projects(world: World, path: Path) -> Project:
    """Another project of the same initiative and phase."""
    other = make_project(path, files={"lib.py": "lib\n"})
    carry_out_sync(other.pk)
    ProjectRepository().set_initiative_projects(world.initiative.pk, [world.project.pk, other.pk])
    ensure_initiative_branch(world.initiative, other)
    ensure_phase_branch(world.phase, other)
    return ProjectRepository().get(other.pk)


@pytest.mark.parametrize("at", ["task", "phase"])
def test_a_crash_between_two_projects_is_mended(
    world: World, tmp_path: Path, person: User, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    other = two_projects(world, tmp_path / "other")
    task = make_task(world.phase, status="in_progress")
    for project, name in ((world.project, "a.py"), (other, "b.py")):
        commit_on(project, ensure_task_branch(task, project).name, {name: "x\n"})
    world.finish_agent(task)
    calls = []
    real = settle.__dict__["merge_branch"]

    def crash_at_second(*args: object, **kwargs: object) -> object:
        calls.append(args)
        if len(calls) == 2:
            raise Crash
        return real(*args, **kwargs)

    def crashing(tick: str) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(settle, "merge_branch", crash_at_second)
            with pytest.raises(Crash):
                getattr(ticks, tick)()

    if at == "task":
        crashing("merge_tasks")
    assert ticks.merge_tasks() == 1
    assert ticks.close_phases() == 1
    heads = {
        branch.project_id: tip(branch.project, branch.name)
        for branch in BranchRepository().list_for_owner("phase", world.phase.pk)
    }
    assert len(heads) == 2
    approve_review(world.phase.pk, heads=heads, person=person, person_name="ann")
    if at == "phase":
        crashing("merge_phases")
    assert ticks.merge_phases() == 1
    assert world.reload().status == "completed"
    for branch in BranchRepository().list_for_owner("phase", world.phase.pk):
        assert branch.merged_sha == heads[branch.project_id]
        assert branch.merge_commit == tip(branch.project, world.initiative_branch.name)
    assert [row.number for row in ReviewRoundRepository().list_rounds("phase", world.phase.pk)] == [1]
