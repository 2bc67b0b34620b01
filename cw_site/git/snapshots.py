"""Saving what a worktree holds, committed or not, under a ref that is kept.

A snapshot never trusts the agent's index (which may hide changes) and never writes it: everything goes through a
temporary index. Its parents are HEAD, the index where it holds something of its own, and every commit that only the
worktree's own records (reflog, MERGE_HEAD, a rebase, refs/worktree/…) still name.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from cw_site.git.checkouts import place_of
from cw_site.git.errors import NestedRepository
from cw_site.git.layout import Clone, display_path, is_oid, make_private
from cw_site.git.merging import commit_tree
from cw_site.git.refs import KEEP, keep
from cw_site.git.run import SLOW, Place, git, view

_OID = re.compile(rb"(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])")
_LARGEST_RECORD = 8 * 1024 * 1024
_EMPTY_BLOB = b"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
_EPOCH = "1000000000 +0000"


def snapshot(clone: Clone, path: Path, *, keep_name: str, message: str) -> str | None:
    """Save changed and untracked files (not ignored ones) as a commit under refs/cw/keep/<keep_name>.

    Returns its id, or None when the worktree is as committed. The same state gives the same commit. The worktree and
    its index are left exactly as they are. Raises NestedRepository when another repository inside cannot be saved.
    """
    place = place_of(clone, path)
    head = head_commit(place)
    tree, index_tree = files_tree(clone, place, head), saved_index_tree(clone, place)
    base = _tree_of(place, head)
    if tree == base and index_tree in (None, base):
        return None
    commit = _commit(clone, place, tree, index_tree, (head, base), [], message)
    keep(clone, keep_name, commit)
    return commit


def keep_everything(clone: Clone, place: Place, *, keep_name: str, message: str, with_files: bool = True) -> str | None:
    """Keep HEAD, index, files and every commit that only this worktree names; returns the kept commit, if any."""
    head = head_commit(place)
    base = _tree_of(place, head)
    tree = files_tree(clone, place, head) if with_files else base
    index_tree = saved_index_tree(clone, place)
    anchors = _anchors(clone, place, head)
    clean = tree == base and index_tree in (None, base)
    if clean and not anchors:
        if head is None:
            return None
        keep(clone, keep_name, head)
        return head
    commit = _commit(clone, place, tree, index_tree, (head, base), anchors, message)
    keep(clone, keep_name, commit)
    return commit


def keep_anchors(clone: Clone, path: Path, *, keep_name: str) -> str | None:
    """As `keep_everything`, for a worktree whose folder is gone or clean."""
    place = place_of(clone, path)
    bare = Place(place.git_dir, place.common_dir, place.object_dir, make_private(clone.temporary_dir))
    return keep_everything(clone, bare, keep_name=keep_name, message="Kept by Codewalkers", with_files=False)


def head_commit(place: Place) -> str | None:
    """The commit HEAD is at, or None before a first commit."""
    result = git(place, "rev-parse", "--verify", "--quiet", "HEAD^{commit}", ok=(0, 1, 128))
    return result.text if result.code == 0 and is_oid(result.text) else None


def files_tree(clone: Clone, place: Place, head: str | None) -> str:
    """The worktree's files as a tree, ignored files left out."""
    with _temporary_index(clone) as env:
        if head is not None:
            git(place, "read-tree", head, env=env)
        git(place, "add", "--all", "--", ".", env=env, timeout=SLOW)
        return git(place, "write-tree", env=env).text


def saved_index_tree(clone: Clone, place: Place) -> str | None:
    """What is staged, as a tree; the sides of a conflict become files of their own. None without an index."""
    if not (place.git_dir / "index").exists():
        return None
    listing = git(place, "ls-files", "--stage", "-z").stdout
    records = []
    for record in filter(None, listing.split(b"\0")):
        meta, _, name = record.partition(b"\t")
        mode, oid, stage = meta.split(b" ")
        if stage != b"0":
            name = b"cw-conflict/" + stage + b"/" + name
        records.append(mode + b" " + oid + b" 0\t" + name + b"\0")
    with _temporary_index(clone) as env:
        if any(_EMPTY_BLOB in record for record in records):
            # `git add -N` records the empty blob without writing it.
            git(place, "hash-object", "-w", "--stdin")
        git(place, "update-index", "-z", "--index-info", stdin=b"".join(records), env=env)
        return git(place, "write-tree", env=env).text


def refuse_nested(clone: Clone, place: Place) -> None:
    """Raise NestedRepository when removing the worktree would lose another repository's history."""
    if place.work_tree is None:
        return
    modules = place.git_dir / "modules"
    nested = ["a submodule"] if modules.is_dir() and any(modules.iterdir()) else []
    with _temporary_index(clone) as env:
        if head_commit(place) is not None:
            git(place, "read-tree", "HEAD", env=env)
        others = git(place, "ls-files", "--others", "--exclude-standard", "-z", env=env, timeout=SLOW).stdout
        tracked = git(place, "ls-files", "--stage", "-z", env=env).stdout
    nested += [display_path(name) for name in others.split(b"\0") if name.endswith(b"/")]
    for record in tracked.split(b"\0"):
        if record.startswith(b"160000 "):
            name = record.partition(b"\t")[2]
            if (place.work_tree / name.decode("utf-8", "surrogateescape") / ".git").exists():
                nested.append(display_path(name))
    if nested:
        raise NestedRepository(
            f"{place.work_tree} holds another git repository ({nested[0]}), whose commits would be lost. "
            "Move it away or delete it, then try again."
        )


@contextmanager
def _temporary_index(clone: Clone) -> Iterator[dict[str, str]]:
    with TemporaryDirectory(prefix="index-", dir=make_private(clone.temporary_dir)) as folder:
        yield {"GIT_INDEX_FILE": f"{folder}/index"}


def _tree_of(place: Place, commit: str | None) -> str:
    if commit is None:
        return git(place, "hash-object", "-t", "tree", "-w", "--stdin").text
    return git(place, "rev-parse", "--verify", "--end-of-options", f"{commit}^{{tree}}").text


def _commit(
    clone: Clone,
    place: Place,
    tree: str,
    index_tree: str | None,
    head_and_tree: tuple[str | None, str],
    anchors: list[str],
    message: str,
) -> str:
    """The snapshot's commit. Its date is HEAD's, so that the same state gives the same commit."""
    head, base = head_and_tree
    date, parents = _EPOCH, []
    if head is not None:
        date = git(place, "log", "-1", "--no-show-signature", "--format=%ct +0000", "--end-of-options", head).text
        parents = [head]
    if index_tree not in (None, tree, base):
        staged = commit_tree(clone, index_tree or tree, parents=parents, message="What was staged", date=date)
        parents = [*parents, staged]
    return commit_tree(clone, tree, parents=[*parents, *anchors], message=message, date=date)


def _anchors(clone: Clone, place: Place, head: str | None) -> list[str]:
    """Commits that the worktree's records name and that neither HEAD nor a kept ref reaches: their newest ones."""
    named: set[str] = set()
    for file in sorted(place.git_dir.rglob("*")):
        if file.is_symlink() or not file.is_file() or file.name == "index" or file.name.startswith("sharedindex."):
            continue
        if file.stat().st_size <= _LARGEST_RECORD:
            named.update(oid.decode() for oid in _OID.findall(file.read_bytes()))
    if not named:
        return []
    answer = git(view(clone), "cat-file", "--batch-check", stdin="".join(f"{oid}\n" for oid in sorted(named)).encode())
    kinds = dict(line.split()[:2] for line in answer.text.splitlines() if not line.endswith(" missing"))
    commits = [oid for oid, kind in kinds.items() if kind in ("commit", "tag")]
    commits += [_wrap(clone, place, oid, kind) for oid, kind in kinds.items() if kind in ("tree", "blob")]
    known = [f"^{head}"] if head else []
    lines = git(
        view(clone), "rev-list", "--parents", "--topo-order", "--stdin", "--not", f"--glob={KEEP}*",
        stdin="".join(f"{name}\n" for name in [*commits, *known]).encode(),
    ).text.splitlines()  # fmt: skip
    inner = {parent for line in lines for parent in line.split()[1:]}
    return [line.split()[0] for line in lines if line.split()[0] not in inner]


def _wrap(clone: Clone, place: Place, oid: str, kind: str) -> str:
    """A tree or blob (AUTO_MERGE names one) can be kept by a commit only."""
    if kind == "blob":
        oid = git(place, "mktree", stdin=f"100644 blob {oid}\tblob\n".encode()).text
    return commit_tree(clone, oid, parents=[], message="A tree that was in use", date=_EPOCH)
