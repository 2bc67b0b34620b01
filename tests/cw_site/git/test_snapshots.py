import os
from pathlib import Path

import pytest

from cw_site.git import refs, worktrees
from cw_site.git.errors import GitError
from tests.factories_git import Lab


def save(lab: Lab, name: str = "s") -> str | None:
    return worktrees.snapshot(lab.clone, lab.worktree, keep_name=name, message="Saved")


def files(lab: Lab, commit: str) -> dict[str, str]:
    names = lab.in_clone("ls-tree", "-r", "--name-only", commit).splitlines()
    return {name: lab.in_clone("show", f"{commit}:{name}") for name in names}


def test_a_clean_worktree_needs_no_snapshot(lab: Lab) -> None:
    lab.add_worktree()
    assert save(lab) is None
    assert refs.list_refs(lab.clone, "refs/cw/keep/") == {}


def test_changed_deleted_staged_and_untracked_files_are_saved(lab: Lab) -> None:
    lab.add_worktree()
    (lab.worktree / "a.txt").write_text("changed")
    (lab.worktree / "src" / "b.py").unlink()
    (lab.worktree / "new").write_text("untracked")
    (lab.worktree / "staged").write_text("first")
    lab.in_worktree("add", "staged")
    (lab.worktree / "staged").write_text("second")
    before = lab.in_worktree("status", "--porcelain=v2"), (lab.worktree / ".git").read_text()
    commit = save(lab)
    assert commit is not None
    assert files(lab, commit) == {"a.txt": "changed", "new": "untracked", "staged": "second"}
    assert lab.in_clone("show", f"{commit}^2:staged") == "first"
    assert lab.in_clone("rev-parse", f"{commit}^1") == lab.in_worktree("rev-parse", "HEAD")
    assert refs.read_ref(lab.clone, "refs/cw/keep/s") == commit
    assert (lab.in_worktree("status", "--porcelain=v2"), (lab.worktree / ".git").read_text()) == before


def test_the_same_state_is_the_same_snapshot(lab: Lab) -> None:
    lab.add_worktree()
    (lab.worktree / "a.txt").write_text("changed")
    assert save(lab) == save(lab)
    (lab.worktree / "a.txt").write_text("changed again")
    second = save(lab)
    assert refs.list_refs(lab.clone, "refs/cw/keep/")[f"refs/cw/keep/s-{(second or '')[:12]}"] == second


def test_changes_that_an_agents_index_hides_are_saved(lab: Lab) -> None:
    lab.add_worktree()
    lab.in_worktree("update-index", "--assume-unchanged", "a.txt")
    lab.in_worktree("update-index", "--skip-worktree", "src/b.py")
    (lab.worktree / "a.txt").write_text("hidden")
    (lab.worktree / "src" / "b.py").write_text("hidden too")
    assert files(lab, save(lab) or "") == {"a.txt": "hidden", "src/b.py": "hidden too"}


def test_files_that_only_a_planted_exclude_hides_are_saved(lab: Lab) -> None:
    lab.add_worktree()
    (lab.clone.git_dir / "info" / "exclude").write_text("*\n")
    lab.in_clone("config", "core.excludesFile", str(lab.clone.git_dir / "info" / "exclude"))
    (lab.worktree / "new").write_text("hidden")
    assert files(lab, save(lab) or "")["new"] == "hidden"


def test_a_split_index_is_no_obstacle(lab: Lab) -> None:
    lab.add_worktree()
    lab.in_worktree("update-index", "--split-index")
    (lab.worktree / "new").write_text("x")
    lab.in_worktree("add", "new")
    assert "new" in files(lab, save(lab) or "")
    assert worktrees.status(lab.clone, lab.worktree).dirty == ["new"]


def test_both_sides_of_a_conflict_are_saved(lab: Lab) -> None:
    theirs = lab.branch("theirs", "main", a__txt="theirs\n")
    lab.add_worktree()
    lab.commit(lab.worktree, "Ours", a__txt="ours\n")
    lab.run(lab.worktree, "merge", "--quiet", theirs, check=False)
    commit = save(lab) or ""
    assert "<<<<<<<" in files(lab, commit)["a.txt"]
    staged = files(lab, f"{commit}^2")
    assert (staged["cw-conflict/2/a.txt"], staged["cw-conflict/3/a.txt"]) == ("ours", "theirs")


def test_odd_files_are_saved_or_passed_over(lab: Lab) -> None:
    lab.add_worktree()
    os.mkfifo(lab.worktree / "fifo")
    (lab.worktree / "link").symlink_to("/etc/passwd")
    (lab.worktree / "empty-folder").mkdir()
    Path(os.fsdecode(bytes(lab.worktree) + b"/\xff\n")).write_text("odd")
    (lab.worktree / ".gitattributes").write_text("*.txt filter=none text eol=crlf ident\n")
    commit = save(lab) or ""
    assert lab.in_clone("cat-file", "blob", f"{commit}:link") == "/etc/passwd"
    assert '"\\377\\n"' in lab.in_clone("ls-tree", "-r", "--name-only", commit)


def test_a_file_added_by_intent_only_is_saved(lab: Lab) -> None:
    lab.add_worktree()
    (lab.worktree / "later").write_text("content")
    lab.in_worktree("add", "--intent-to-add", "later")
    assert files(lab, save(lab) or "")["later"] == "content"
    assert lab.in_clone("fsck", "--full") is not None


def test_a_branch_without_a_commit_is_saved(lab: Lab) -> None:
    lab.add_worktree()
    lab.in_worktree("checkout", "--quiet", "--orphan", "fresh")
    commit = save(lab) or ""
    assert sorted(files(lab, commit)) == ["a.txt", "src/b.py"]
    assert lab.in_clone("log", "--format=%P", "-1", commit) == ""


@pytest.mark.parametrize("damage", ["index", "object"])
def test_a_worktree_that_cannot_be_read_is_an_error_and_never_clean(lab: Lab, damage: str) -> None:
    lab.add_worktree()
    lab.commit(lab.worktree, "Work", a__txt="work\n")
    if damage == "index":
        next((lab.clone.git_dir / "worktrees").iterdir()).joinpath("index").write_bytes(b"not an index")
    else:
        tree = lab.in_worktree("rev-parse", "HEAD^{tree}")
        (lab.clone.git_dir / "objects" / tree[:2] / tree[2:]).unlink()
    with pytest.raises(GitError):
        save(lab)
    with pytest.raises(GitError):
        worktrees.remove_worktree(lab.clone, lab.worktree, keep_name="s")
    assert (lab.worktree / "a.txt").read_text() == "work\n"
