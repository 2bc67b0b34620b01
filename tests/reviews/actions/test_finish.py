"""The end of an initiative, into real repositories: bare ones, checked-out ones, refusing ones."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User

from cw_site.foundation.errors import Invalid, NotAllowed
from cw_site.git.commits import list_commits
from cw_site.git.pushing import PushResult
from initiatives.actions.branches import clone_of, ensure_initiative_branch, ensure_phase_branch
from initiatives.models import Initiative
from initiatives.repositories import BranchRepository, InitiativeRepository, PhaseRepository, TaskRepository
from reviews import ticks
from reviews.actions import deliver
from reviews.actions.decision import approve_review
from reviews.actions.finish import finish_initiative, request_initiative_changes
from reviews.repositories import ReviewRoundRepository
from tests.factories import commit_files, make_initiative, make_phase, run_git
from tests.reviews.conftest import World, commit_on, make_world, replace_line, tip


class Crash(BaseException):
    """The worker is killed here."""


def ready(path: Path, *, bare: bool = True) -> World:
    """An initiative whose only phase is merged: it waits for its end."""
    world = make_world(path, bare=bare, execution_mode="yolo")
    world.do_task({"app.py": replace_line(3, "changed")})
    for name in ("merge_tasks", "close_phases", "close_initiatives"):
        assert getattr(ticks, name)() == 1
    return world


def heads(world: World) -> dict[str, str]:
    return {world.project.pk: tip(world.project, world.initiative_branch.name)}


def stored(world: World) -> Initiative:
    return InitiativeRepository().get(world.initiative.pk)


@pytest.fixture
def done(db: None, tmp_path: Path) -> World:
    return ready(tmp_path / "source")


def test_merge_and_push_reaches_the_default_branch(done: World, person: User) -> None:
    head = heads(done)[done.project.pk]
    finish_initiative(done.initiative.pk, action="merge_and_push", heads=heads(done), person=person, person_name="ann")
    assert ticks.finish_initiatives() == 1
    initiative = stored(done)
    assert initiative.status == "completed"
    pushed = run_git(done.source, "rev-parse", "main")
    assert pushed == tip(done.project, "main")
    assert run_git(done.source, "rev-parse", "main^2") == head
    message = run_git(done.source, "log", "-1", "--format=%B", "main")
    assert f"Codewalkers-Initiative: {initiative.pk}" in message
    assert "Reviewed-by: ann" in message
    row = BranchRepository().get(done.initiative_branch.pk)
    assert (row.merged_sha, row.merge_commit) == (head, pushed)
    assert initiative.status_evidence["commits"] == {done.project.pk: pushed}
    decision = ReviewRoundRepository().list_decisions("initiative", initiative.pk)[0]
    assert (decision.person_name, decision.decision) == ("ann", "approved")
    assert ticks.finish_initiatives() == 0


def test_merge_of_a_local_project_is_delivered_to_its_folder(done: World) -> None:
    finish_initiative(done.initiative.pk, action="merge", heads=heads(done), person_name="ann")
    ticks.finish_initiatives()
    assert run_git(done.source, "rev-parse", "main") == tip(done.project, "main")


def test_push_branch_leaves_the_default_branch_alone(done: World) -> None:
    before = run_git(done.source, "rev-parse", "main")
    finish_initiative(done.initiative.pk, action="push_branch", heads=heads(done), person_name="ann")
    assert ticks.finish_initiatives() == 1
    assert stored(done).status == "completed"
    assert run_git(done.source, "rev-parse", done.initiative_branch.name) == heads(done)[done.project.pk]
    assert run_git(done.source, "rev-parse", "main") == before == tip(done.project, "main")


def test_a_checked_out_default_branch_gets_the_merge_beside_it(db: None, tmp_path: Path) -> None:
    world = ready(tmp_path / "source", bare=False)
    before = run_git(world.source, "rev-parse", "main")
    finish_initiative(world.initiative.pk, action="merge_and_push", heads=heads(world), person_name="ann")
    assert ticks.finish_initiatives() == 1
    reason = stored(world).status_reason
    assert f"git merge --ff-only {world.initiative_branch.name}" in reason
    assert run_git(world.source, "rev-parse", "main") == before
    assert run_git(world.source, "status", "--porcelain") == ""
    run_git(world.source, "merge", "--quiet", "--ff-only", world.initiative_branch.name)
    assert run_git(world.source, "rev-parse", "main") == tip(world.project, "main")


def test_commits_of_others_in_the_default_branch_are_kept(done: World) -> None:
    run_git(done.source, "checkout", "--quiet", "main")
    commit_files(done.source, {"theirs.txt": "x\n"})
    theirs = run_git(done.source, "rev-parse", "main")
    run_git(done.source, "checkout", "--quiet", "--detach")
    finish_initiative(done.initiative.pk, action="merge_and_push", heads=heads(done), person_name="ann")
    assert ticks.finish_initiatives() == 1
    assert run_git(done.source, "rev-parse", "main^1") == theirs
    assert run_git(done.source, "cat-file", "-e", "main:theirs.txt") == ""


def test_a_conflict_with_the_default_branch_is_said_and_asked_again(done: World) -> None:
    run_git(done.source, "checkout", "--quiet", "main")
    commit_files(done.source, {"app.py": replace_line(3, "otherwise")})
    run_git(done.source, "checkout", "--quiet", "--detach")
    before = run_git(done.source, "rev-parse", "main")
    finish_initiative(done.initiative.pk, action="merge_and_push", heads=heads(done), person_name="ann")
    assert ticks.finish_initiatives() == 0
    initiative = stored(done)
    assert (initiative.status, initiative.finish_action) == ("pending_review", None)
    assert "app.py" in initiative.status_reason
    assert run_git(done.source, "rev-parse", "main") == before


def test_a_refused_push_changes_nothing(done: World, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tip(done.project, "main")
    theirs = run_git(done.source, "rev-parse", "main")

    def refuse(*args: object, **kwargs: object) -> PushResult:
        return PushResult(False, "The server refused the push to main: protected branch.")

    with monkeypatch.context() as patch:
        patch.setattr(deliver, "push", refuse)
        finish_initiative(done.initiative.pk, action="merge_and_push", heads=heads(done), person_name="ann")
        assert ticks.finish_initiatives() == 0
    assert "protected branch" in stored(done).status_reason
    assert tip(done.project, "main") == before
    assert run_git(done.source, "rev-parse", "main") == theirs
    finish_initiative(done.initiative.pk, action="merge_and_push", heads=heads(done), person_name="ann")
    assert ticks.finish_initiatives() == 1


@pytest.mark.parametrize("where", ["push", "move_ref", "record", "move"])
def test_a_crash_while_finishing_is_mended(done: World, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    def crash(*args: object, **kwargs: object) -> None:
        raise Crash

    finish_initiative(done.initiative.pk, action="merge_and_push", heads=heads(done), person_name="ann")
    with monkeypatch.context() as patch:
        if where in ("push", "move_ref"):
            patch.setattr(deliver, where, crash)
        elif where == "record":
            patch.setattr(BranchRepository, "record_merge", crash)
        else:
            patch.setattr(InitiativeRepository, "move", crash)
        with pytest.raises(Crash):
            ticks.finish_initiatives()
    assert stored(done).status == "pending_review"
    assert ticks.finish_initiatives() == 1
    assert stored(done).status == "completed"
    main = tip(done.project, "main")
    assert main == run_git(done.source, "rev-parse", "main")
    merges = [commit for commit in list_commits(clone_of(done.project), done.initiative_branch.base_sha, main)
              if commit.subject.startswith("Merge initiative")]  # fmt: skip
    assert [commit.sha for commit in merges] == [main]
    assert BranchRepository().get(done.initiative_branch.pk).merge_commit == main


def test_the_decision_is_for_the_commits_that_were_seen(done: World) -> None:
    seen = heads(done)
    commit_on(done.project, done.initiative_branch.name, {"late": "x\n"})
    with pytest.raises(NotAllowed, match="moved since you looked"):
        finish_initiative(done.initiative.pk, action="merge", heads=seen, person_name="ann")
    finish_initiative(done.initiative.pk, action="merge", heads=heads(done), person_name="ann")
    late = commit_on(done.project, done.initiative_branch.name, {"later": "x\n"})
    assert ticks.finish_initiatives() == 0
    assert "moved after the decision" in stored(done).status_reason
    assert run_git(done.source, "branch", "--contains", done.initiative_branch.base_sha).count(late) == 0
    assert stored(done).finish_action is None


def test_an_unknown_action_is_refused(done: World) -> None:
    with pytest.raises(Invalid):
        finish_initiative(done.initiative.pk, action="force", heads=heads(done), person_name="ann")


def test_asking_for_changes_makes_a_phase_that_starts_by_itself(done: World, person: User) -> None:
    with pytest.raises(Invalid):
        request_initiative_changes(done.initiative.pk, note=" ", person_name="ann")
    task = request_initiative_changes(done.initiative.pk, note="Tidy up", person_name="ann", person=person)
    phase = PhaseRepository().get(task.phase_id or "")
    assert stored(done).status == "active"
    assert (phase.status, phase.queued_at is not None) == ("approved", True)
    assert [row.pk for row in PhaseRepository().list_startable()] == [phase.pk]
    assert "Tidy up" in (TaskRepository().get(task.pk).description or "")


def test_two_initiatives_of_one_project_are_finished_one_after_the_other(done: World, person: User) -> None:
    other = make_initiative(projects=[done.project])
    branch = ensure_initiative_branch(other, done.project)
    phase = make_phase(other, status="in_progress")
    second = World(done.source, done.project, other, phase, branch, ensure_phase_branch(phase, done.project))
    second.do_task({"other.py": "x\n"})
    ticks.merge_tasks()
    ticks.close_phases()
    approve_review(phase.pk, heads=second.heads(), person=person, person_name="ann")
    ticks.merge_phases()
    ticks.close_initiatives()
    for world in (done, second):
        finish_initiative(world.initiative.pk, action="merge", heads=heads(world), person_name="ann")
    assert ticks.finish_initiatives() == 2
    assert run_git(done.source, "rev-parse", "main") == tip(done.project, "main")
    assert run_git(done.source, "log", "--format=%s", "--merges", "main").count("Merge initiative") == 2
