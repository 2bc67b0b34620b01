"""Worktrees for agents: made, looked at, saved and removed. Every function may be repeated after a crash."""

from dataclasses import dataclass
from pathlib import Path

from cw_site.git.checkouts import (
    COMMON_DIR,
    Registered,
    admin_dir,
    admin_name,
    check_path,
    find_checkout,
    list_worktrees,
    place_of,
    read_head,
)
from cw_site.git.errors import BranchInUse, FolderInUse, GitError, GitFailed, WorktreeDirty
from cw_site.git.layout import Clone, display_path, ensure_file, is_oid, lock, make_private, write_file
from cw_site.git.refs import branch_ref, create_ref, read_ref, resolve_commit
from cw_site.git.removal import recover, remove_worktree
from cw_site.git.run import SLOW, Place, git
from cw_site.git.snapshots import keep_anchors, snapshot

__all__ = [
    "Registered",
    "Worktree",
    "WorktreeStatus",
    "ensure_detached",
    "ensure_worktree",
    "find_checkout",
    "list_worktrees",
    "lock",
    "remove_worktree",
    "snapshot",
    "status",
]

_READY = "cw-ready"
_UNFINISHED = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply", "sequencer")


@dataclass(frozen=True)
class Worktree:
    """A worktree as it stands. `branch` is None when HEAD is detached; an agent may have switched it."""

    path: Path
    branch: str | None
    head: str


@dataclass(frozen=True)
class WorktreeStatus:
    """`head` is None before a first commit; `dirty` names changed and untracked files; `merging`: a merge, rebase,
    cherry-pick or revert is not finished, or files are in conflict."""

    head: str | None
    branch: str | None
    dirty: list[str]
    merging: bool


def ensure_worktree(clone: Clone, path: Path, *, branch: str, start: str) -> Worktree:
    """Make sure that `path` is a worktree. `branch` is created at `start` when it does not exist yet, else kept.

    A worktree that is there already is left as it is, with whatever the agent did in it. Raises BranchInUse when
    another worktree has the branch, and FolderInUse when something else lies at `path`.
    """
    check_path(clone, path)
    ref = branch_ref(branch)
    with lock(clone, _path_lock(path)):
        recover(clone, path)
        with lock(clone):
            if not (admin_dir(clone, path) / _READY).exists():
                if read_ref(clone, ref) is None:
                    create_ref(clone, ref, resolve_commit(clone, start))
                _register(clone, path, f"ref: {ref}\n")
        return _finish(clone, path)


def ensure_detached(clone: Clone, path: Path, *, commit: str) -> Worktree:
    """Make sure that `path` is a worktree at exactly this commit, on no branch (for agents that only read).

    One that is at another commit moves there if nothing in it is changed; else raises WorktreeDirty.
    """
    check_path(clone, path)
    oid = resolve_commit(clone, commit)
    with lock(clone, _path_lock(path)):
        recover(clone, path)
        with lock(clone):
            if not (admin_dir(clone, path) / _READY).exists():
                _register(clone, path, f"{oid}\n")
        worktree = _finish(clone, path)
        if worktree.head != oid or worktree.branch is not None:
            if status(clone, path).dirty:
                raise WorktreeDirty(f"{path} holds changes, so it cannot move to another commit. Save or remove them.")
            place = place_of(clone, path)
            keep_anchors(clone, path, keep_name=f"detached/{admin_name(path)}")
            git(place, "read-tree", "-m", "-u", worktree.head, oid, timeout=SLOW)
            write_file(place.git_dir / "HEAD", f"{oid}\n".encode())
            worktree = _finish(clone, path)
        return worktree


def status(clone: Clone, path: Path) -> WorktreeStatus:
    """What a worktree holds. Untracked files count as dirty, ignored ones do not. Raises WorktreeMissing, GitFailed."""
    place = place_of(clone, path)
    if not path.is_dir():
        raise GitFailed(f"The folder {path} is gone.")
    output = git(
        place, "status", "--porcelain=v2", "-z", "--branch", "--untracked-files=all", "--no-renames",
        "--ignore-submodules=all", "--no-ahead-behind", timeout=SLOW,
    ).stdout  # fmt: skip
    head: str | None = None
    branch: str | None = None
    dirty: list[str] = []
    merging = any((place.git_dir / name).exists() for name in _UNFINISHED)
    for record in output.split(b"\0"):
        kind, _, rest = record.partition(b" ")
        if record.startswith(b"# branch.oid "):
            head = oid if is_oid(oid := record[13:].decode("ascii", "replace")) else None
        elif record.startswith(b"# branch.head "):
            name = display_path(record[14:])
            branch = None if name == "(detached)" else name
        elif kind in (b"1", b"u"):
            dirty.append(display_path(rest.split(b" ", 7 if kind == b"1" else 9)[-1]))
            merging = merging or kind == b"u"
        elif kind == b"?":
            dirty.append(display_path(rest))
    return WorktreeStatus(head, branch, dirty, merging)


def _path_lock(path: Path) -> str:
    """Worktrees share 256 locks, so that lock files do not pile up; two that share one only wait for each other."""
    return f"worktree-{admin_name(path)[-2:]}"


def _register(clone: Clone, path: Path, head: str) -> None:
    """Write git's record of the worktree. Its `.git` file comes last: until then the folder is not a worktree."""
    branch = head.strip().removeprefix("ref: refs/heads/")
    holder = find_checkout(clone, branch)
    if holder is not None and holder != path:
        raise BranchInUse(f"The branch {branch} is checked out in {holder} already.")
    admin = admin_dir(clone, path)
    if path.exists() and not _is_ours_to_fill(path, admin):
        raise FolderInUse(f"{path} holds files that do not belong to this worktree. Move them away and try again.")
    make_private(admin)
    # Locked, so that no agent's `git worktree prune` or `remove` takes it away.
    ensure_file(admin / "locked", b"in use by Codewalkers\n")
    for name in ("index.lock", "HEAD.lock"):
        (admin / name).unlink(missing_ok=True)
    make_private(path)
    ensure_file(admin / "commondir", COMMON_DIR)
    ensure_file(admin / "gitdir", f"{path}/.git\n".encode("utf-8", "surrogateescape"))
    ensure_file(admin / "HEAD", head.encode())
    _write_git_file(path, admin)


def _is_ours_to_fill(path: Path, admin: Path) -> bool:
    """An empty folder, one with our `.cw/` in it, or one that we began to fill before a crash."""
    if not path.is_dir():
        return False
    names = {entry.name for entry in path.iterdir()}
    return names <= {".cw"} or (admin.exists() and _git_file(admin) == _read(path / ".git"))


def _finish(clone: Clone, path: Path) -> Worktree:
    """Fill the worktree's files if that has not been done, and say what it is."""
    admin = admin_dir(clone, path)
    ready = admin / _READY
    if ready.exists() and not path.is_dir():
        # Somebody deleted the folder by hand. What git's record alone holds is kept before it is written anew.
        keep_anchors(clone, path, keep_name=f"lost/{admin.name}")
        make_private(path)
        ready.unlink()
    if ready.exists():
        _write_git_file(path, admin)
    else:
        _write_git_file(path, admin)
        _fill(place_of(clone, path))
        ensure_file(ready, b"")
    head = _head_commit(clone, path)
    text = read_head(admin)
    branch = text.removeprefix("ref: refs/heads/") if text.startswith("ref: refs/heads/") else None
    return Worktree(path, branch, head)


def _fill(place: Place) -> None:
    (place.git_dir / "index.lock").unlink(missing_ok=True)
    git(place, "read-tree", "--reset", "-u", "HEAD", timeout=SLOW)


def _head_commit(clone: Clone, path: Path) -> str:
    result = git(place_of(clone, path), "rev-parse", "--verify", "--quiet", "HEAD^{commit}", ok=(0, 1, 128))
    if result.code or not is_oid(result.text):
        raise GitError(f"The worktree at {path} has no readable HEAD. Remove it; what it holds will be kept.")
    return result.text


def _git_file(admin: Path) -> bytes:
    return b"gitdir: " + bytes(admin) + b"\n"


def _read(path: Path) -> bytes:
    try:
        return b"" if path.is_symlink() or not path.is_file() else path.read_bytes()[:10_000]
    except OSError:
        return b""


def _write_git_file(path: Path, admin: Path) -> None:
    """Write the file by which the agent's own git finds its repository; an agent's redirection does not survive."""
    target = path / ".git"
    if target.is_dir() and not target.is_symlink():
        raise FolderInUse(f"{path} has become a repository of its own. Look at it and move its .git folder away.")
    ensure_file(target, _git_file(admin))
