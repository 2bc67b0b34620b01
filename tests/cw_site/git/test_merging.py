from concurrent.futures import ThreadPoolExecutor

import pytest

from cw_site.git import merging, refs, worktrees
from cw_site.git.errors import BranchInUse, GitError, RefBusy, RefMoved
from tests.factories_git import BRANCH, Lab

PHASE = "refs/heads/cw-phase/demo/first-aaa111"


def numbered(**changes: str) -> str:
    lines = {str(n): f"line {n}" for n in range(1, 11)} | {key.lstrip("n"): text for key, text in changes.items()}
    return "".join(f"{text}\n" for text in lines.values())


@pytest.fixture
def phase(lab: Lab) -> str:
    """A phase branch with a commit of its own in line 1 of a.txt; returns the commit."""
    return lab.branch(PHASE.removeprefix("refs/heads/"), "main", a__txt=numbered(n1="phase"))


def test_a_merge_makes_a_merge_commit_with_both_parents(lab: Lab, phase: str) -> None:
    task = lab.branch("task", "main", a__txt=numbered(n10="task"))
    ada = merging.Identity("Ada <evil>\n", "ada@example.org")
    result = merging.merge_into(
        lab.clone, ref=PHASE, expected=phase, source=task, message="Merge ü\n\nBody", author=ada
    )
    assert result.kind == "merged"
    assert refs.read_ref(lab.clone, PHASE) == result.commit
    assert lab.in_clone("log", "-1", "--format=%P|%an|%ae|%cn|%B", result.commit or "") == (
        f"{phase} {task}|Ada evil|ada@example.org|Codewalkers|Merge ü\n\nBody"
    )
    assert lab.in_clone("show", f"{result.commit}:a.txt") == numbered(n1="phase", n10="task").strip()


def test_even_a_merge_that_could_fast_forward_makes_a_merge_commit(lab: Lab, phase: str) -> None:
    task = lab.branch("task", phase, a__txt="task\n")
    result = merging.merge_into(lab.clone, ref=PHASE, expected=phase, source=task, message="Merge")
    assert result.kind == "merged"
    assert lab.in_clone("rev-parse", f"{result.commit}^2") == task


def test_what_is_in_there_already_is_not_merged_again(lab: Lab, phase: str) -> None:
    result = merging.merge_into(lab.clone, ref=PHASE, expected=phase, source="main", message="Merge")
    assert (result.kind, result.commit) == ("up_to_date", phase)


def test_a_conflict_moves_nothing_and_commits_no_marker(lab: Lab, phase: str) -> None:
    task = lab.branch("task", "main", a__txt=numbered(n1="task"), new__txt="x")
    before = lab.in_clone("for-each-ref")
    result = merging.merge_into(lab.clone, ref=PHASE, expected=phase, source=task, message="Merge")
    assert (result.kind, result.commit, result.conflicts) == ("conflict", None, ["a.txt"])
    assert merging.try_merge(lab.clone, ours=phase, theirs=task).conflicts == ["a.txt"]
    assert lab.in_clone("for-each-ref") == before
    for commit in lab.in_clone("rev-list", "--all").split():
        assert "<<<<<<<" not in lab.in_clone("show", commit)


def test_conflicts_of_every_kind_name_their_files(lab: Lab) -> None:
    old = lab.branch("old", "main", b__txt="b\n", c__txt="c\n")
    ours = lab.branch("ours", old, b__txt="ours\n", both__txt="ours\n")
    theirs = lab.branch("theirs", old, both__txt="theirs\n")
    lab.in_clone("worktree", "add", "--quiet", str(lab.root / "w"), "theirs")
    (lab.root / "w" / "b.txt").unlink()
    theirs = lab.commit(lab.root / "w", "Delete")
    assert merging.try_merge(lab.clone, ours=ours, theirs=theirs).conflicts == ["b.txt", "both.txt"]


def test_a_merge_onto_a_branch_that_moved_is_refused(lab: Lab, phase: str) -> None:
    task = lab.branch("task", "main", a__txt=numbered(n10="task"))
    with pytest.raises(RefMoved) as caught:
        merging.merge_into(lab.clone, ref=PHASE, expected="main", source=task, message="Merge")
    assert caught.value.actual == phase
    assert refs.read_ref(lab.clone, PHASE) == phase


def test_a_merge_repeated_after_a_crash_finds_the_commit_it_made(lab: Lab, phase: str) -> None:
    task = lab.branch("task", "main", a__txt=numbered(n10="task"))
    first = merging.merge_into(lab.clone, ref=PHASE, expected=phase, source=task, message="Merge")
    again = merging.merge_into(lab.clone, ref=PHASE, expected=phase, source=task, message="Merge")
    assert again == first


def test_of_many_merges_at_once_exactly_one_wins_and_the_others_are_told(lab: Lab, phase: str) -> None:
    tasks = [lab.branch(f"task-{n}", "main", **{f"t{n}__txt": "x"}) for n in range(5)]

    def merge(task: str) -> str:
        try:
            return merging.merge_into(lab.clone, ref=PHASE, expected=phase, source=task, message="Merge").kind
        except (RefMoved, RefBusy):
            return "lost"

    with ThreadPoolExecutor(5) as pool:
        outcomes = sorted(pool.map(merge, tasks))
    assert outcomes == ["lost"] * 4 + ["merged"]


def test_a_branch_that_a_worktree_has_checked_out_does_not_move_under_it(lab: Lab) -> None:
    lab.add_worktree()
    main = refs.resolve_commit(lab.clone, "main")
    task = lab.branch("task", "main", a__txt="task\n")
    ref = f"refs/heads/{BRANCH}"
    with pytest.raises(BranchInUse, match="is checked out in"):
        merging.merge_into(lab.clone, ref=ref, expected=main, source=task, message="Merge")
    assert refs.read_ref(lab.clone, ref) == main
    worktrees.remove_worktree(lab.clone, lab.worktree, keep_name="x")
    assert merging.merge_into(lab.clone, ref=ref, expected=main, source=task, message="Merge").kind == "merged"


def test_unrelated_histories_are_a_sentence(lab: Lab) -> None:
    alone = lab.in_clone("commit-tree", "-m", "alone", "main^{tree}")
    with pytest.raises(GitError, match="no common history"):
        merging.try_merge(lab.clone, ours="main", theirs=alone)


def test_a_merge_touches_no_checkout(lab: Lab, phase: str) -> None:
    lab.add_worktree()
    (lab.worktree / "a.txt").write_text("an agent is at work here")
    before = {path: path.lstat().st_mtime_ns for path in [*lab.worktree.rglob("*"), *lab.source.rglob("*")]}
    task = lab.branch("task", "main", a__txt=numbered(n10="task"))
    merging.merge_into(lab.clone, ref=PHASE, expected=phase, source=task, message="Merge")
    assert {path: path.lstat().st_mtime_ns for path in before} == before
    assert not list(lab.clone.root.rglob("MERGE_HEAD"))


@pytest.mark.parametrize("name", ["", " ", "<>", "...", "\n"])
def test_a_name_that_git_refuses_becomes_ours(lab: Lab, name: str) -> None:
    tree = lab.in_clone("rev-parse", "main^{tree}")
    commit = merging.commit_tree(lab.clone, tree, parents=[], message="x", author=merging.Identity(name, ""))
    assert lab.in_clone("log", "-1", "--format=%an", commit) == "Codewalkers"


def test_the_same_commit_on_the_same_date_is_the_same_object(lab: Lab) -> None:
    tree = lab.in_clone("rev-parse", "main^{tree}")
    made = {merging.commit_tree(lab.clone, tree, parents=[], message="x", date="1700000000 +0000") for _ in range(2)}
    assert len(made) == 1
