"""A10: merging a reviewed branch on a tree of 7,000 files. Goal: at most 4 x bare `git merge-tree`, `commit-tree` and
`update-ref`, and at most 0.04 x a merge in an ephemeral worktree."""

import os
from itertools import count
from pathlib import Path

from benchmarks.kit.measure import in_turns, medians, scaled, seconds_of
from benchmarks.kit.result import Result, Row
from benchmarks.kit.trees import LARGE, branch_with_file, make_large
from cw_site.git import Clone
from cw_site.git.clones import ensure_clone
from cw_site.git.merging import merge_into
from cw_site.git.refs import create_ref
from tests.factories import run_git


def run(folder: Path, *, scale: float) -> Result:
    """Two branches that add one file each, merged again and again into refs of their own."""
    files = scaled(LARGE, scale, least=100)
    source = make_large(folder / "source", files=files)
    ours, theirs = branch_with_file(source, "ours"), branch_with_file(source, "theirs")
    clone = Clone(folder / "project")
    ensure_clone(clone, url=str(source))
    bare = folder / "bare.git"
    run_git(folder, "clone", "--quiet", "--bare", str(source), str(bare))
    numbers = count()

    def merge_by_us() -> float:
        ref = f"refs/heads/into-{next(numbers)}"
        create_ref(clone, ref, ours)
        return seconds_of(lambda: merge_into(clone, ref=ref, expected=ours, source=theirs, message="Merge"))

    def merge_by_git() -> float:
        ref = f"refs/heads/into-{next(numbers)}"
        run_git(bare, "update-ref", ref, ours)
        return seconds_of(lambda: _merge_bare(bare, ref, ours, theirs))

    rounds = scaled(20, scale, least=3)
    quick = in_turns({"ours": merge_by_us, "git": merge_by_git}, rounds=rounds)
    few = scaled(5, scale, least=1)
    slow = in_turns(
        {"ours": merge_by_us, "worktree": lambda: _merge_in_worktree(bare, folder / f"tree-{next(numbers)}", theirs)},
        rounds=few,
    )
    near, far = medians(quick), medians(slow)
    what = f"merge of a branch, {files:,} files"
    return Result(
        [
            Row("A10", what, "ms", near["ours"] * 1e3, near["git"] * 1e3, "merge-tree + commit-tree + update-ref",
                goal=4, count=rounds),
            Row("A10", what, "ms", far["ours"] * 1e3, far["worktree"] * 1e3, "worktree add + merge + remove",
                goal=0.04, count=few),
        ]
    )  # fmt: skip


def _merge_bare(bare: Path, ref: str, ours: str, theirs: str) -> None:
    tree = run_git(bare, "merge-tree", "--write-tree", ours, theirs)
    commit = run_git(bare, "commit-tree", tree, "-p", ours, "-p", theirs, "-m", "Merge")
    run_git(bare, "update-ref", ref, commit, ours)


def _merge_in_worktree(bare: Path, path: Path, theirs: str) -> float:
    os.sync()

    def merge() -> None:
        run_git(bare, "worktree", "add", "--quiet", "--detach", str(path), "ours")
        run_git(path, "merge", "--quiet", "--no-ff", "-m", "Merge", theirs)
        run_git(bare, "worktree", "remove", "--force", str(path))

    return seconds_of(merge)
