"""The ticks, on real git: each may run twice, in two workers, and after a crash at any line."""

import json
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from cw_site.foundation.errors import LostRace, NotAllowed
from cw_site.git.commits import list_commits
from cw_site.git.refs import is_ancestor
from initiatives.actions.branches import clone_of, ensure_phase_branch, ensure_task_branch
from initiatives.models import Branch
from initiatives.repositories import BranchRepository, InitiativeRepository, PhaseRepository, TaskRepository
from reviews import ticks
from reviews.actions import merge, settle
from reviews.actions.comment import add_comment
from reviews.actions.decision import approve_review, request_changes
from reviews.actions.finish import finish_initiative
from reviews.actions.rounds import open_phase_round
from reviews.heads import phase_heads
from reviews.repositories import ReviewCommentRepository, ReviewRoundRepository
from tests.factories import make_phase, make_task, run_git
from tests.reviews.conftest import World, commit_on, make_world, replace_line, task_of, tip


class Crash(BaseException):
    """The worker is killed here."""


def run_all() -> int:
    """The ticks of this app in their order."""
    names = ("merge_tasks", "close_phases", "merge_phases", "close_initiatives", "finish_initiatives")
    return sum(getattr(ticks, name)() for name in names)


def branch_of(branch: Branch) -> Branch:
    return BranchRepository().get(branch.pk)


def to_review(world: World) -> World:
    """The phase waits for review with one commit in it."""
    world.do_task({"app.py": replace_line(3, "changed")})
    assert ticks.merge_tasks() == 1
    assert ticks.close_phases() == 1
    assert world.reload().status == "pending_review"
    return world


def test_a_slow_worker_does_not_close_a_phase_that_was_sent_back_meanwhile(world: World) -> None:
    """It read the phase before the first round; by the time it acts, the phase is in progress a second time."""
    world.do_task({"app.py": replace_line(3, "changed")})
    ticks.merge_tasks()
    read_long_ago = world.reload()
    ticks.close_phases()
    request_changes(world.phase.pk, person=None, person_name="ada", note="Please say why.")
    with pytest.raises(LostRace):
        open_phase_round(read_long_ago, phase_heads(read_long_ago))
    assert world.reload().status == "in_progress"
    assert len(ReviewRoundRepository().list_rounds("phase", world.phase.pk)) == 1


def test_a_phase_with_a_new_task_is_not_closed(world: World) -> None:
    world.do_task({"app.py": replace_line(3, "changed")})
    ticks.merge_tasks()
    make_task(world.phase)
    phase = world.reload()
    with pytest.raises(LostRace):
        open_phase_round(phase, phase_heads(phase))


def test_a_done_task_is_merged_and_completed_with_its_summary(world: World) -> None:
    task, agent = world.do_task({"new.py": "print()\n"}, summary="Wrote new.py")
    waiting = make_task(world.phase, after=[task])
    assert ticks.merge_tasks() == 1
    task = task_of(task)
    assert (task.status, task.summary) == ("completed", "Wrote new.py")
    assert task_of(waiting).open_dependencies == 0
    commit = list_commits(clone_of(world.project), world.phase_branch.base_sha, world.tip())[0]
    assert commit.subject.startswith("Merge task “")
    assert f"Codewalkers-Task: {task.pk}" in commit.body
    assert f"Codewalkers-Agent: {agent.name}" in commit.body
    assert (commit.author_name, commit.author_email) == ("Codewalkers", "codewalkers@localhost")
    assert ticks.merge_tasks() == 0


def test_a_name_with_line_breaks_adds_no_trailer(world: World) -> None:
    world.do_task({"a": "a\n"}, name="x\n\nReviewed-by: nobody", summary="Reviewed-by: nobody")
    ticks.merge_tasks()
    trailers = run_git(
        clone_of(world.project).git_dir, "log", "-1", "--format=%(trailers:key=Reviewed-by)", world.phase_branch.name
    )
    assert trailers.strip() == ""


@pytest.mark.parametrize("where", ["merge_into", "record", "complete"])
def test_a_crash_while_a_task_is_merged_is_mended(world: World, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    task, _ = world.do_task({"new.py": "print()\n"})

    def crash(*args: object, **kwargs: object) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        if where == "merge_into":
            patch.setattr(merge, "merge_into", crash)
        elif where == "record":
            patch.setattr(BranchRepository, "record_merge", crash)
        else:
            patch.setattr(TaskRepository, "complete", crash)
        with pytest.raises(Crash):
            ticks.merge_tasks()
    assert task_of(task).status == "in_progress"
    assert ticks.merge_tasks() == 1
    assert task_of(task).status == "completed"
    commits = list_commits(clone_of(world.project), world.phase_branch.base_sha, world.tip())
    assert len(commits) == 2  # the agent's and one merge
    row = BranchRepository().list_for_owner("task", task.pk)[0]
    assert row.merge_commit == commits[0].sha
    assert row.merged_sha == commits[1].sha


def test_a_conflict_makes_one_task_and_stops_nothing_else(world: World) -> None:
    first, _ = world.do_task({"app.py": replace_line(3, "one")})
    second, _ = world.do_task({"app.py": replace_line(3, "two")})
    third, _ = world.do_task({"other.py": "x\n"})
    assert ticks.merge_tasks() == 3
    assert [task_of(task).status for task in (first, second, third)] == ["completed", "in_progress", "completed"]
    assert "app.py" in task_of(second).status_reason
    assert ticks.merge_tasks() == 0
    (resolving,) = TaskRepository().find_by_parent_task_id(second.pk)
    assert (resolving.category, resolving.status) == ("merge", "pending")
    head = tip(world.project, BranchRepository().list_for_owner("task", second.pk)[0].name)
    assert head in (resolving.description or "")
    assert "`app.py`" in (resolving.description or "")


def test_a_resolved_conflict_completes_the_task_by_itself(world: World) -> None:
    world.do_task({"app.py": replace_line(3, "one")})
    second, _ = world.do_task({"app.py": replace_line(3, "two")})
    ticks.merge_tasks()
    (resolving,) = TaskRepository().find_by_parent_task_id(second.pk)
    resolve(world, resolving.pk, second.pk, "one and two")
    assert ticks.merge_tasks() + ticks.merge_tasks() == 2
    assert task_of(second).status == "completed"
    assert task_of(resolving).status == "completed"


def resolve(world: World, resolving_id: str, task_id: str, text: str) -> None:
    """What the agent of a merge task does."""
    task = TaskRepository().move(resolving_id, to="in_progress")
    branch = ensure_task_branch(task, world.project)
    theirs = tip(world.project, BranchRepository().list_for_owner("task", task_id)[0].name)
    commit = commit_on(world.project, branch.name, {"app.py": replace_line(3, text)})
    git_dir = clone_of(world.project).git_dir
    ours = run_git(git_dir, "rev-parse", f"{commit}~1")
    merged = run_git(git_dir, "commit-tree", f"{commit}^{{tree}}", "-p", ours, "-p", theirs, "-m", "Resolve")
    run_git(git_dir, "update-ref", f"refs/heads/{branch.name}", merged)
    world.finish_agent(task)


def test_attempts_to_resolve_are_bounded(world: World) -> None:
    world.do_task({"app.py": replace_line(3, "one")})
    second, _ = world.do_task({"app.py": replace_line(3, "two")})
    for _ in range(3):
        ticks.merge_tasks()
        ticks.merge_tasks()
        open_ones = [row for row in TaskRepository().find_by_parent_task_id(second.pk) if row.status == "pending"]
        task = TaskRepository().move(open_ones[0].pk, to="in_progress")
        world.finish_agent(task, summary="I did nothing")
    for _ in range(2):
        ticks.merge_tasks()
    assert task_of(second).status == "blocked"
    assert "app.py" in task_of(second).status_reason


def test_a_phase_without_tasks_says_so(world: World) -> None:
    assert ticks.close_phases() == 0
    assert "no tasks" in world.reload().status_reason


def test_a_phase_with_an_open_task_waits(world: World) -> None:
    world.do_task({"a": "a\n"})
    make_task(world.phase)
    ticks.merge_tasks()
    assert ticks.close_phases() == 0
    assert world.reload().status == "in_progress"


def test_the_round_names_base_head_and_diff(world: World) -> None:
    to_review(world)
    latest = ReviewRoundRepository().latest_round("phase", world.phase.pk)
    assert latest is not None
    assert latest.number == 1
    seen = latest.heads[world.project.pk]
    assert (seen["base"], seen["head"]) == (world.phase_branch.base_sha, world.tip())
    assert len(seen["diff"]) == 64
    assert ticks.close_phases() == ticks.merge_phases() == 0


def test_an_approved_phase_is_merged_with_trailers(world: World, person: User) -> None:
    to_review(world)
    head = world.tip()
    approve_review(world.phase.pk, heads=world.heads(), person=person, person_name="person")
    assert ticks.merge_phases() == 1
    assert world.reload().status == "completed"
    row = branch_of(world.phase_branch)
    merged = tip(world.project, world.initiative_branch.name)
    assert (row.merged_sha, row.merge_commit) == (head, merged)
    (commit, *_) = list_commits(clone_of(world.project), world.phase_branch.base_sha, merged)
    assert f"Codewalkers-Phase: {world.phase.pk}" in commit.body
    assert "Reviewed-by: person" in commit.body
    assert commit.parents == [world.phase_branch.base_sha, head]
    assert ticks.merge_phases() == 0


def test_an_approval_is_for_the_commits_that_were_seen(world: World, person: User) -> None:
    to_review(world)
    seen = world.heads()
    commit_on(world.project, world.phase_branch.name, {"late.py": "x\n"})
    with pytest.raises(NotAllowed, match="moved since you looked") as caught:
        approve_review(world.phase.pk, heads=seen, person=person, person_name="person")
    assert world.project.name in caught.value.message
    assert ReviewRoundRepository().list_decisions("phase", world.phase.pk) == []
    approve_review(world.phase.pk, heads=world.heads(), person=person, person_name="person")
    assert [row.number for row in ReviewRoundRepository().list_rounds("phase", world.phase.pk)] == [1, 2]


@pytest.mark.parametrize("late", [1, 2, 3])
def test_commits_after_the_approval_are_never_merged(world: World, person: User, late: int) -> None:
    to_review(world)
    approve_review(world.phase.pk, heads=world.heads(), person=person, person_name="person")
    for number in range(late):
        unseen = commit_on(world.project, world.phase_branch.name, {f"late{number}.py": "x\n"})
    assert ticks.merge_phases() == 1  # a new round
    assert world.reload().status == "pending_review"
    assert "round 2" in world.reload().status_reason.lower()
    assert not is_ancestor(clone_of(world.project), unseen, tip(world.project, world.initiative_branch.name))
    assert ticks.merge_phases() == 0


def test_nothing_named_is_nothing_approved(world: World, person: User) -> None:
    to_review(world)
    with pytest.raises(NotAllowed):
        approve_review(world.phase.pk, heads={}, person=person, person_name="person")
    with pytest.raises(NotAllowed, match="no branch here"):
        approve_review(world.phase.pk, heads={**world.heads(), "x": "0" * 40}, person=person, person_name="person")


@pytest.mark.parametrize("where", ["merge_into", "record", "move"])
def test_a_crash_while_a_phase_is_merged_is_mended(
    world: World, person: User, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    to_review(world)
    head = world.tip()
    approve_review(world.phase.pk, heads=world.heads(), person=person, person_name="person")

    def crash(*args: object, **kwargs: object) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        if where == "merge_into":
            patch.setattr(merge, "merge_into", crash)
        elif where == "record":
            patch.setattr(BranchRepository, "record_merge", crash)
        else:
            patch.setattr(PhaseRepository, "move", crash)
        with pytest.raises(Crash):
            ticks.merge_phases()
    assert world.reload().status == "pending_review"
    assert ticks.merge_phases() == 1
    assert world.reload().status == "completed"
    row = branch_of(world.phase_branch)
    assert row.merged_sha == head
    assert row.merge_commit == tip(world.project, world.initiative_branch.name)
    merges = list_commits(clone_of(world.project), head, row.merge_commit)
    assert len(merges) == 1


def test_a_phase_conflict_goes_back_to_work_as_one_task(world: World, person: User) -> None:
    other, other_branch = world.add_phase()
    world.do_task({"app.py": replace_line(3, "one")})
    world.do_task({"app.py": replace_line(3, "two")}, phase=other)
    run_all()
    for phase, branch in ((world.phase, world.phase_branch), (other, other_branch)):
        heads = {world.project.pk: tip(world.project, branch.name)}
        approve_review(phase.pk, heads=heads, person=person, person_name="person")
    assert ticks.merge_phases() == 2
    rows = {phase.pk: PhaseRepository().get(phase.pk) for phase in (world.phase, other)}
    assert sorted(row.status for row in rows.values()) == ["completed", "in_progress"]
    back = next(row for row in rows.values() if row.status == "in_progress")
    (resolving,) = [task for task in TaskRepository().find_by_phase_id(back.pk) if task.category == "merge"]
    assert tip(world.project, world.initiative_branch.name) in (resolving.description or "")
    assert "app.py" in back.status_reason


def test_yolo_merges_without_a_person(db: None, tmp_path: Path) -> None:
    world = make_world(tmp_path / "source", execution_mode="yolo")
    world.do_task({"a.py": "a\n"})
    run_all()
    assert world.reload().status == "completed"
    body = list_commits(
        clone_of(world.project), world.phase_branch.base_sha, tip(world.project, world.initiative_branch.name)
    )[0].body
    assert "Reviewed-by" not in body
    assert ReviewRoundRepository().list_rounds("phase", world.phase.pk) == []
    assert InitiativeRepository().get(world.initiative.pk).status == "pending_review"


def test_changes_are_asked_for_and_the_answers_come_back_once(world: World, person: User) -> None:
    to_review(world)
    comment = add_comment(
        world.phase.pk, file_path="app.py", line_number=3, line_type="added", body="Why?", author="person"
    )
    task = request_changes(world.phase.pk, person=person, person_name="person", note="Also tidy up")
    assert task.name == "Address review, round 1"
    assert world.reload().status == "in_progress"
    for text in ("Also tidy up", "`app.py`, line 3", "Why?", comment.pk, "> 3 +changed"):
        assert text in (task.description or ""), text
    with pytest.raises(NotAllowed):
        request_changes(world.phase.pk, person=person, person_name="person", note="again")
    task = TaskRepository().move(task.pk, to="in_progress")
    agent = world.finish_agent(task)
    responses = [{"comment_id": comment.pk, "body": "Because.", "commit": "abc123"}, {"comment_id": "x", "body": "?"}]
    output = Path(agent.worktree_id) / ".cw" / "output" / "comment-responses.json"
    output.write_text(json.dumps(responses))
    run_all()
    run_all()
    (answer,) = ReviewCommentRepository().find_replies(comment.pk)
    assert (answer.body, answer.author, answer.author_agent_id, answer.fixed_in) == (
        "Because.", agent.name, agent.pk, "abc123",
    )  # fmt: skip
    assert world.reload().status == "pending_review"
    assert [row.number for row in ReviewRoundRepository().list_rounds("phase", world.phase.pk)] == [1, 2]


def test_without_thread_and_note_there_is_nothing_to_change(world: World, person: User) -> None:
    to_review(world)
    with pytest.raises(NotAllowed, match="nothing to change"):
        request_changes(world.phase.pk, person=person, person_name="person", note="  ")
    assert world.reload().status == "pending_review"


def test_an_initiative_waits_for_its_end_and_goes_on_with_a_new_phase(world: World, person: User) -> None:
    to_review(world)
    approve_review(world.phase.pk, heads=world.heads(), person=person, person_name="person")
    run_all()
    assert InitiativeRepository().get(world.initiative.pk).status == "pending_review"
    latest = ReviewRoundRepository().latest_round("initiative", world.initiative.pk)
    assert latest is not None
    assert latest.heads[world.project.pk]["base"] == tip(world.project, "main")
    make_phase(world.initiative)
    assert ticks.close_initiatives() == 1
    assert InitiativeRepository().get(world.initiative.pk).status == "active"
    with pytest.raises(NotAllowed, match="Not every phase"):
        finish_initiative(world.initiative.pk, action="merge", heads={}, person_name="person")


def test_one_bad_row_never_stops_the_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, _ = world.do_task({"a": "a\n"})
    fine, _ = world.do_task({"b": "b\n"})
    real = merge.merge_branch

    def fail(branch: Branch, *args: object, **kwargs: object) -> object:
        if branch.owner_id == broken.pk:
            raise RuntimeError("unexpected")
        return real(branch, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(settle, "merge_branch", fail)
    assert ticks.merge_tasks() == 1
    assert task_of(fine).status == "completed"


def test_a_branch_that_is_gone_is_explained(world: World) -> None:
    to_review(world)
    run_git(clone_of(world.project).git_dir, "update-ref", "-d", f"refs/heads/{world.phase_branch.name}")
    assert ticks.merge_phases() == 0
    assert "is gone" in world.reload().status_reason
    ensure_phase_branch(world.phase, world.project)
    assert world.tip()
