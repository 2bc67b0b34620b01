"""Nothing that is not reachable from a kept ref is ever deleted."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cw_site.git import checkouts, refs, removal, worktrees
from cw_site.git.errors import FolderInUse, GitError, NestedRepository, WorktreeBusy, WorktreeMissing
from tests.factories_git import BRANCH, Lab, copy_lab
from tests.waiting import wait_until

KEEP = "refs/cw/keep/"


def remove(lab: Lab, name: str = "r") -> str | None:
    return worktrees.remove_worktree(lab.clone, lab.worktree, keep_name=name)


def edit(lab: Lab, path: Path, n: int) -> None:
    (path / "a.txt").write_text(f"edit {n}\n")


def untracked(lab: Lab, path: Path, n: int) -> None:
    (path / f"untracked-{n}").write_text(f"untracked {n}\n")


def stage(lab: Lab, path: Path, n: int) -> None:
    (path / f"staged-{n}").write_text(f"staged {n}\n")
    lab.run(path, "add", f"staged-{n}", check=False)
    (path / f"staged-{n}").write_text(f"changed after staging {n}\n")


def commit(lab: Lab, path: Path, n: int) -> None:
    (path / f"committed-{n}").write_text(f"committed {n}\n")
    lab.run(path, "add", "--all", check=False)
    lab.run(path, "commit", "-q", "-m", f"Commit {n}", check=False)


def amend(lab: Lab, path: Path, n: int) -> None:
    lab.run(path, "commit", "-q", "--amend", "--allow-empty", "-m", f"Amended {n}", check=False)


def reset(lab: Lab, path: Path, n: int) -> None:
    lab.run(path, "reset", "-q", "--hard", "HEAD~1", check=False)


def detach(lab: Lab, path: Path, n: int) -> None:
    lab.run(path, "checkout", "-q", "--detach", check=False)


def switch(lab: Lab, path: Path, n: int) -> None:
    lab.run(path, "checkout", "-q", "-b", f"{path.name}-own-{n}", check=False)


def delete_branch(lab: Lab, path: Path, n: int) -> None:
    detach(lab, path, n)
    lab.run(path, "branch", "-D", f"b-{path.name}", check=False)


def merge(lab: Lab, path: Path, n: int) -> None:
    (path / "a.txt").write_text(f"ours {n}\n")
    lab.run(path, "commit", "-qam", f"Ours {n}", check=False)
    lab.run(path, "merge", "-q", "--no-edit", "theirs", check=False)


def rebase(lab: Lab, path: Path, n: int) -> None:
    (path / "a.txt").write_text(f"ours {n}\n")
    lab.run(path, "commit", "-qam", f"Ours {n}", check=False)
    lab.run(path, "rebase", "-q", "theirs", check=False)


def pick(lab: Lab, path: Path, n: int) -> None:
    lab.run(path, "cherry-pick", "theirs", check=False)


def own_ref(lab: Lab, path: Path, n: int) -> None:
    made = lab.run(path, "commit-tree", "-m", f"Own ref {n}", "HEAD^{tree}", check=False)
    lab.run(path, "update-ref", f"refs/worktree/own-{n}", made, check=False)


def orphan(lab: Lab, path: Path, n: int) -> None:
    lab.run(path, "checkout", "-q", "--orphan", f"{path.name}-orphan-{n}", check=False)


def stash(lab: Lab, path: Path, n: int) -> None:
    if not lab.in_clone("for-each-ref", "refs/stash"):
        edit(lab, path, n)
        lab.run(path, "stash", "-q", check=False)


ACTIONS: list[Callable[[Lab, Path, int], None]] = [
    edit, untracked, stage, commit, commit, amend, reset, detach, switch, delete_branch, merge, rebase, pick, own_ref,
    orphan, stash,
]  # fmt: skip


def what_exists(lab: Lab, path: Path) -> set[str]:
    """Every object that the worktree's commits, records and index hold, and every file that is not ignored."""
    lines = lab.run(path, "rev-list", "--objects", "--all", "--reflog", "--indexed-objects", check=False)
    found = {line.split()[0] for line in lines.splitlines()}
    for name in ("HEAD", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REBASE_HEAD", "ORIG_HEAD"):
        found.update(lab.run(path, "rev-list", "--objects", "--no-object-names", name, check=False).split())
    names = lab.run(path, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    present = sorted({name for name in names if name and (path / name).is_file()})
    found.update(lab.run(path, "hash-object", "--", *present).split() if present else [])
    return found


# No shrinking: each try costs seconds, and the steps that failed are in the report anyway.
@settings(
    max_examples=10, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(data=st.data())
def test_of_fifty_random_worktrees_not_one_object_is_lost(template_lab: Lab, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lab = copy_lab(template_lab, Path(folder))
        lab.branch("theirs", "main", a__txt="theirs\n")
        existed: set[str] = set()
        for tree in range(5):
            path = lab.root / f"w{tree}"
            worktrees.ensure_worktree(lab.clone, path, branch=f"b-w{tree}", start="main")
            steps = data.draw(st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=6))
            for number, action in enumerate(steps):
                action(lab, path, number)
            existed |= what_exists(lab, path)
            worktrees.remove_worktree(lab.clone, path, keep_name=f"w/{tree}")
            assert not path.exists()
        lab.in_clone("update-ref", "refs/tags/theirs", "theirs")
        # Even when every branch and reflog goes: what was removed is reachable from kept refs alone.
        lab.in_clone("reflog", "expire", "--expire=now", "--all")
        for ref in lab.in_clone("for-each-ref", "--format=%(refname)", "refs/heads/").split():
            lab.in_clone("update-ref", "-d", ref)
        lab.in_clone("gc", "--quiet", "--prune=now")
        ids = "\n".join(sorted(existed)).encode()
        answer = lab.run(lab.root, f"--git-dir={lab.clone.git_dir}", "cat-file", "--batch-check", stdin=ids)
        assert [line for line in answer.splitlines() if line.endswith("missing")] == []


def test_a_clean_worktree_is_removed_and_its_branch_stays(lab: Lab) -> None:
    lab.add_worktree()
    made = lab.commit(lab.worktree, "Work", a__txt="work\n")
    assert remove(lab) == made
    assert not lab.worktree.exists()
    assert list(lab.worktree.parent.iterdir()) == []
    assert checkouts.list_worktrees(lab.clone) == []
    assert refs.read_ref(lab.clone, f"refs/heads/{BRANCH}") == made
    assert refs.read_ref(lab.clone, KEEP + "r") == made


def test_removing_it_again_is_fine_and_anything_else_there_stays(lab: Lab) -> None:
    lab.add_worktree()
    remove(lab)
    assert remove(lab) is None
    lab.worktree.mkdir()
    (lab.worktree / "mine").write_text("x")
    with pytest.raises(WorktreeMissing, match="so it stays"):
        remove(lab)
    assert (lab.worktree / "mine").exists()


def contents(lab: Lab) -> list[Path]:
    return sorted(path for path in lab.root.rglob("*") if path.suffix != ".lock")


@pytest.mark.parametrize(
    "path", ["", "/", ".", "..", "source", "repos", "repos/p1", "repos/p1/clone.git", "link", "a/.."]
)
def test_nothing_but_a_worktree_of_ours_is_ever_removed(lab: Lab, path: str) -> None:
    lab.add_worktree()
    (lab.root / "link").symlink_to(lab.worktree)
    before = contents(lab)
    with pytest.raises((FolderInUse, WorktreeMissing)):
        worktrees.remove_worktree(lab.clone, Path(path if path == "/" else f"{lab.root}/{path}"), keep_name="x")
    with pytest.raises((FolderInUse, WorktreeMissing)):
        worktrees.remove_worktree(lab.clone, Path(path), keep_name="x")
    assert contents(lab) == before


@pytest.mark.parametrize("how", ["cwd", "open file"])
def test_a_worktree_with_a_live_process_in_it_is_not_removed(lab: Lab, how: str) -> None:
    lab.add_worktree()
    ready = lab.root / "ready"
    program = f"import time; f = open({str(lab.worktree / 'a.txt')!r}, 'a'); open({str(ready)!r}, 'w'); time.sleep(60)"
    if how == "cwd":
        program = f"import time; open({str(ready)!r}, 'w'); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", program], cwd=lab.worktree / "src" if how == "cwd" else lab.root)
    try:
        wait_until(ready.exists)
        for _ in range(3):
            with pytest.raises(WorktreeBusy, match=f"Process {process.pid} is still at work"):
                remove(lab)
        assert (lab.worktree / "a.txt").exists()
    finally:
        process.kill()
        process.wait()
    remove(lab)
    assert not lab.worktree.exists()


def test_a_repository_inside_is_not_thrown_away(lab: Lab) -> None:
    lab.add_worktree()
    inside = lab.worktree / "vendor" / "tool"
    inside.mkdir(parents=True)
    lab.run(inside, "init", "--quiet")
    with pytest.raises(NestedRepository, match=r"vendor/tool"):
        remove(lab)
    lab.commit(inside, "Inside", x__txt="x")
    with pytest.raises(NestedRepository, match="Move it away"):
        remove(lab)
    assert (inside / "x.txt").exists()
    lab.in_worktree("add", "vendor")
    lab.in_worktree("commit", "--quiet", "-m", "As a submodule")
    with pytest.raises(NestedRepository):
        remove(lab)
    shutil.rmtree(inside / ".git")
    assert remove(lab)


def test_ignored_files_go_with_the_worktree(lab: Lab) -> None:
    lab.add_worktree()
    lab.commit(lab.worktree, "Ignore", x__txt="x")
    (lab.worktree / ".gitignore").write_text("build/\n")
    (lab.worktree / "build").mkdir()
    (lab.worktree / "build" / "out").write_text("x")
    kept = remove(lab)
    assert "build" not in lab.in_clone("ls-tree", "-r", "--name-only", kept or "")
    assert ".gitignore" in lab.in_clone("ls-tree", "-r", "--name-only", kept or "")


STEPS = [
    "refuse_live_processes",
    "refuse_nested",
    "os.rename:1",
    "keep_everything",
    "os.rename:2",
    "_delete:1",
    "_delete:2",
]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("then", ["remove", "ensure"])
def test_killed_at_any_step_nothing_is_lost(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, step: str, when: str, then: str
) -> None:
    lab.add_worktree()
    (lab.worktree / "a.txt").write_text("not committed")
    kill_at(monkeypatch, step, when)
    with pytest.raises(Killed):
        remove(lab)
    monkeypatch.undo()
    if then == "ensure":
        lab.add_worktree()
        assert (lab.worktree / "a.txt").read_text() == "not committed" or refs.list_refs(lab.clone, KEEP)
        assert lab.in_worktree("status", "--porcelain") in ("", "M a.txt")
    else:
        remove(lab)
        assert list(lab.worktree.parent.iterdir()) == []
        assert checkouts.list_worktrees(lab.clone) == []
        assert [lab.in_clone("show", f"{oid}:a.txt") for oid in set(refs.list_refs(lab.clone, KEEP).values())] == [
            "not committed"
        ]


class Killed(BaseException):
    """Stands for kill -9: nothing after it runs, so cleaning up must not be relied upon."""


def kill_at(monkeypatch: pytest.MonkeyPatch, step: str, when: str) -> None:
    """Die before or after the n-th call of one of the steps of a removal, and let no clean-up run after it."""
    name, _, nth = step.partition(":")
    place = os if name.startswith("os.") else removal
    attribute = name.removeprefix("os.")
    real, calls = getattr(place, attribute), 0
    dead = False

    def step_or_die(*args: object, **kwargs: object) -> object:
        nonlocal calls, dead
        if dead:
            raise Killed
        calls += 1
        dead = calls == int(nth or 1)
        if dead and when == "before":
            raise Killed
        result = real(*args, **kwargs)
        if dead:
            raise Killed
        return result

    monkeypatch.setattr(place, attribute, step_or_die)
    if attribute != "rename":
        real_rename = os.rename
        monkeypatch.setattr(os, "rename", lambda *a: real_rename(*a) if not dead else None)


def test_a_removal_that_fails_leaves_everything_in_its_place(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.add_worktree()
    (lab.worktree / "new").write_text("x")

    def fail(*args: object, **kwargs: object) -> None:
        raise GitError("the disk is full")

    monkeypatch.setattr(removal, "keep_everything", fail)
    with pytest.raises(GitError, match="disk is full"):
        remove(lab)
    assert (lab.worktree / "new").exists()
    assert worktrees.status(lab.clone, lab.worktree).dirty == ["new"]


def test_a_worktree_whose_folder_is_gone_is_forgotten_and_its_commits_kept(lab: Lab) -> None:
    lab.add_worktree()
    detach(lab, lab.worktree, 0)
    lost = lab.commit(lab.worktree, "On no branch", a__txt="x\n")
    shutil.rmtree(lab.worktree)
    assert remove(lab) == lost
    assert checkouts.list_worktrees(lab.clone) == []
