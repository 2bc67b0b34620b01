import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cw_site.git import checkouts, refs, worktrees
from cw_site.git.errors import BranchInUse, FolderInUse, GitError, WorktreeDirty, WorktreeMissing
from cw_site.git.run import Place
from tests.factories_git import BRANCH, Lab


def test_a_worktree_holds_the_branchs_files_and_git_knows_it(lab: Lab) -> None:
    made = worktrees.ensure_worktree(lab.clone, lab.worktree, branch=BRANCH, start="main")
    assert made == worktrees.Worktree(lab.worktree, BRANCH, lab.in_source("rev-parse", "main"))
    assert (lab.worktree / "src" / "b.py").read_text() == "print('b')\n"
    assert lab.in_worktree("status", "--porcelain") == ""
    assert lab.in_worktree("symbolic-ref", "--short", "HEAD") == BRANCH
    assert f"{lab.worktree} " in lab.in_clone("worktree", "list")
    assert lab.worktree.stat().st_mode & 0o077 == 0


def test_an_agents_own_git_can_commit_there(lab: Lab) -> None:
    lab.add_worktree()
    made = lab.commit(lab.worktree, "Work", a__txt="agent\n", new__txt="new\n")
    assert refs.read_ref(lab.clone, f"refs/heads/{BRANCH}") == made
    lab.in_worktree("mv", "new.txt", "moved.txt")
    lab.in_worktree("commit", "--quiet", "--amend", "-m", "Again")
    assert "commit (amend)" in lab.in_worktree("reflog")
    status = worktrees.status(lab.clone, lab.worktree)
    assert (status.head, status.branch, status.dirty) == (lab.in_worktree("rev-parse", "HEAD"), BRANCH, [])


def test_asked_for_again_it_is_left_as_the_agent_has_it(lab: Lab) -> None:
    lab.add_worktree()
    made = lab.commit(lab.worktree, "Work", a__txt="agent\n")
    (lab.worktree / "a.txt").write_text("not committed")
    again = worktrees.ensure_worktree(lab.clone, lab.worktree, branch=BRANCH, start="main")
    assert again.head == made
    assert (lab.worktree / "a.txt").read_text() == "not committed"


def test_an_existing_branch_is_taken_as_it_is(lab: Lab) -> None:
    made = lab.branch(BRANCH, "main", a__txt="first agent\n")
    assert worktrees.ensure_worktree(lab.clone, lab.worktree, branch=BRANCH, start="main").head == made


def test_our_own_files_between_us_and_the_agent_are_never_seen(lab: Lab) -> None:
    (lab.worktree / ".cw" / "input").mkdir(parents=True)
    (lab.worktree / ".cw" / "input" / "task.md").write_text("do it")
    lab.add_worktree()
    assert worktrees.status(lab.clone, lab.worktree).dirty == []
    assert lab.in_worktree("status", "--porcelain") == ""
    lab.in_worktree("add", "--all")
    assert worktrees.snapshot(lab.clone, lab.worktree, keep_name="x", message="x") is None


def test_a_folder_with_somebodys_files_is_not_taken(lab: Lab) -> None:
    lab.worktree.mkdir(parents=True)
    (lab.worktree / "precious.txt").write_text("mine")
    with pytest.raises(FolderInUse, match="Move them away"):
        lab.add_worktree()
    assert [path.name for path in lab.worktree.iterdir()] == ["precious.txt"]


@pytest.mark.parametrize("path", ["relative", "repos/p1/clone.git/x", "repos/p1", "repos", "a/../b", "link"])
def test_a_path_that_is_no_place_for_a_worktree_is_refused(lab: Lab, path: str) -> None:
    (lab.root / "link").symlink_to(lab.source)
    where = Path(path) if path == "relative" else Path(f"{lab.root}/{path}")
    with pytest.raises(FolderInUse):
        worktrees.ensure_worktree(lab.clone, where, branch=BRANCH, start="main")
    assert lab.in_source("status", "--porcelain") == ""


def test_a_branch_is_checked_out_in_one_place_only(lab: Lab) -> None:
    lab.add_worktree()
    with pytest.raises(BranchInUse, match=str(lab.worktree)):
        worktrees.ensure_worktree(lab.clone, lab.root / "other", branch=BRANCH, start="main")
    assert not (lab.root / "other").exists()


def test_twenty_worktrees_at_once_all_succeed(lab: Lab) -> None:
    def make(number: int) -> worktrees.Worktree:
        path = lab.root / "agents" / str(number) / "work"
        return worktrees.ensure_worktree(lab.clone, path, branch=f"cw-task/demo/t-{number}", start="main")

    with ThreadPoolExecutor(20) as pool:
        made = list(pool.map(make, [*range(20), *range(20)]))
    assert {tree.branch for tree in made} == {f"cw-task/demo/t-{n}" for n in range(20)}
    for tree in made[:20]:
        assert (tree.path / "a.txt").exists()
    assert len(checkouts.list_worktrees(lab.clone)) == 20
    assert all(not worktrees.status(lab.clone, tree.path).dirty for tree in made[:3])


STEPS = ["create_ref", "make_private", "ensure_file:locked", "ensure_file:commondir", "ensure_file:gitdir",
         "ensure_file:HEAD", "ensure_file:.git", "_fill", "ensure_file:cw-ready", "_head_commit"]  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_step_it_is_finished_the_next_time(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    name, _, file = step.partition(":")
    real = getattr(worktrees, name)

    def die(*args: object, **kwargs: object) -> object:
        wanted = not file or getattr(args[0], "name", "") == file
        if wanted and when == "before":
            raise KeyboardInterrupt
        result = real(*args, **kwargs)
        if wanted:
            raise KeyboardInterrupt
        return result

    with monkeypatch.context() as patch:
        patch.setattr(worktrees, name, die)
        with pytest.raises(KeyboardInterrupt):
            lab.add_worktree()
    lab.in_clone("worktree", "prune")
    lab.add_worktree()
    assert worktrees.status(lab.clone, lab.worktree).dirty == []
    assert lab.in_worktree("status", "--porcelain") == ""
    assert len(checkouts.list_worktrees(lab.clone)) == 1


def test_killed_while_files_are_written_it_starts_over(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(place: Place) -> None:
        (lab.worktree / "a.txt").write_text("half a fi")
        (place.git_dir / "index.lock").write_text("half an index")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(worktrees, "_fill", half)
        with pytest.raises(KeyboardInterrupt):
            lab.add_worktree()
    lab.add_worktree()
    assert worktrees.status(lab.clone, lab.worktree).dirty == []


def test_a_folder_deleted_by_hand_is_made_again_and_lost_commits_are_kept(lab: Lab) -> None:
    lab.add_worktree()
    lab.in_worktree("checkout", "--quiet", "--detach")
    lost = lab.commit(lab.worktree, "On no branch", a__txt="lost\n")
    lab.in_worktree("checkout", "--quiet", BRANCH)
    shutil.rmtree(lab.worktree)
    lab.add_worktree()
    assert (lab.worktree / "a.txt").exists()
    lab.in_clone("gc", "--quiet", "--prune=now")
    kept = refs.list_refs(lab.clone, "refs/cw/keep/lost/")
    assert any(refs.is_ancestor(lab.clone, lost, oid) for oid in kept.values())


def test_a_record_that_an_agent_deleted_does_not_cost_its_files(lab: Lab) -> None:
    lab.add_worktree()
    (lab.worktree / "a.txt").write_text("not committed")
    shutil.rmtree(checkouts.admin_dir(lab.clone, lab.worktree))
    with pytest.raises(FolderInUse):
        lab.add_worktree()
    assert (lab.worktree / "a.txt").read_text() == "not committed"


def test_an_agent_cannot_prune_or_remove_anothers_worktree(lab: Lab) -> None:
    lab.add_worktree()
    other = lab.root / "other"
    worktrees.ensure_worktree(lab.clone, other, branch="cw-task/demo/other-1", start="main")
    lab.run(other, "worktree", "remove", "--force", str(lab.worktree), check=False)
    lab.worktree.rename(lab.root / "away")
    lab.run(other, "worktree", "prune")
    (lab.root / "away").rename(lab.worktree)
    assert worktrees.status(lab.clone, lab.worktree).dirty == []


def test_a_redirected_git_file_is_put_right_and_never_followed(lab: Lab) -> None:
    lab.add_worktree()
    (lab.worktree / ".git").write_text("gitdir: /nowhere\n")
    assert worktrees.status(lab.clone, lab.worktree).dirty == []
    lab.add_worktree()
    assert lab.in_worktree("status", "--porcelain") == ""
    (lab.worktree / ".git").unlink()
    lab.in_worktree("init", "--quiet")
    with pytest.raises(FolderInUse, match="repository of its own"):
        lab.add_worktree()


def test_the_status_names_every_kind_of_change(lab: Lab) -> None:
    lab.add_worktree()
    (lab.worktree / "a.txt").write_text("changed")
    (lab.worktree / "src" / "b.py").unlink()
    (lab.worktree / "staged").write_text("x")
    lab.in_worktree("add", "staged")
    (lab.worktree / "dir").mkdir()
    for name in (b"dir/un tracked", b"dir/\xff", b"dir/new\nline"):
        Path(os.fsdecode(bytes(lab.worktree) + b"/" + name)).write_text("x")
    (lab.worktree / ".gitignore").write_text("ignored\n")
    (lab.worktree / "ignored").write_text("x")
    assert sorted(worktrees.status(lab.clone, lab.worktree).dirty) == sorted(
        ["a.txt", "src/b.py", "staged", "dir/un tracked", "dir/\\xff", "dir/new\nline", ".gitignore"]
    )


def test_an_unfinished_merge_is_told_apart(lab: Lab) -> None:
    theirs = lab.branch("theirs", "main", a__txt="theirs\n")
    lab.add_worktree()
    lab.commit(lab.worktree, "Ours", a__txt="ours\n")
    lab.run(lab.worktree, "merge", "--quiet", theirs, check=False)
    status = worktrees.status(lab.clone, lab.worktree)
    assert (status.merging, status.dirty) == (True, ["a.txt"])
    lab.in_worktree("merge", "--abort")
    assert not worktrees.status(lab.clone, lab.worktree).merging
    lab.run(lab.worktree, "rebase", "--quiet", theirs, check=False)
    assert worktrees.status(lab.clone, lab.worktree).merging
    assert worktrees.status(lab.clone, lab.worktree).branch is None


def test_a_detached_worktree_follows_the_commit_it_is_given(lab: Lab) -> None:
    one, two = lab.branch("one", "main", a__txt="1\n"), lab.branch("two", "main", b__txt="2\n")
    assert worktrees.ensure_detached(lab.clone, lab.worktree, commit=one).branch is None
    assert worktrees.ensure_detached(lab.clone, lab.worktree, commit="two").head == two
    assert ((lab.worktree / "b.txt").exists(), (lab.worktree / "a.txt").read_text()[:1]) == (True, "l")
    assert lab.in_worktree("status", "--porcelain") == ""
    (lab.worktree / "b.txt").write_text("changed")
    with pytest.raises(WorktreeDirty):
        worktrees.ensure_detached(lab.clone, lab.worktree, commit=one)
    assert (lab.worktree / "b.txt").read_text() == "changed"


def test_commits_made_on_a_detached_head_are_kept_when_it_moves(lab: Lab) -> None:
    worktrees.ensure_detached(lab.clone, lab.worktree, commit="main")
    made = lab.commit(lab.worktree, "On no branch", a__txt="x\n")
    worktrees.ensure_detached(lab.clone, lab.worktree, commit="main")
    lab.in_clone("reflog", "expire", "--expire=now", "--all")
    lab.in_clone("gc", "--quiet", "--prune=now")
    assert refs.resolve_commit(lab.clone, made) == made


def test_where_there_is_no_worktree_it_is_a_sentence(lab: Lab) -> None:
    with pytest.raises(WorktreeMissing, match="There is no worktree"):
        worktrees.status(lab.clone, lab.worktree)
    lab.add_worktree()
    shutil.rmtree(lab.worktree)
    with pytest.raises(GitError, match="is gone"):
        worktrees.status(lab.clone, lab.worktree)
    lab.add_worktree()
    (checkouts.admin_dir(lab.clone, lab.worktree) / "HEAD").write_text("ref: refs/heads/none\n")
    with pytest.raises(GitError, match="no readable HEAD"):
        lab.add_worktree()


def test_names_that_begin_or_end_alike_are_never_mixed_up(lab: Lab) -> None:
    paths = [lab.root / "w" / name for name in ("a", "aa", "a-a", "a.a", "A", "a" * 60, "a" * 61, "ü", "ö")]
    assert len({checkouts.admin_name(path) for path in paths}) == len(paths)
    for number, path in enumerate(paths[:4]):
        worktrees.ensure_worktree(lab.clone, path, branch=f"b{number}", start="main")
    worktrees.remove_worktree(lab.clone, paths[0], keep_name="a")
    assert [path.exists() for path in paths[:4]] == [False, True, True, True]


def test_looking_at_a_worktree_writes_nothing(lab: Lab) -> None:
    lab.add_worktree()
    (lab.worktree / "a.txt").touch()
    worktrees.status(lab.clone, lab.worktree)
    places = [lab.worktree, checkouts.admin_dir(lab.clone, lab.worktree)]
    before = {path: path.lstat().st_mtime_ns for place in places for path in place.rglob("*")}
    worktrees.status(lab.clone, lab.worktree)
    worktrees.snapshot(lab.clone, lab.worktree, keep_name="x", message="x")
    assert {path: path.lstat().st_mtime_ns for place in places for path in place.rglob("*")} == before


def test_symlinks_and_executables_arrive_as_they_are(lab: Lab) -> None:
    (lab.source / "link").symlink_to("/etc/passwd")
    (lab.source / "run").write_text("#!/bin/sh\n")
    (lab.source / "run").chmod(0o755)
    lab.commit(lab.source, "Link")
    subprocess.run(["git", "-C", str(lab.source), "push", "-q", str(lab.clone.git_dir), "main:odd"], check=True)
    worktrees.ensure_worktree(lab.clone, lab.worktree, branch="odd", start="main")
    assert os.readlink(lab.worktree / "link") == "/etc/passwd"
    assert os.access(lab.worktree / "run", os.X_OK)
