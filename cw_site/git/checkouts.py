"""The worktrees that are registered in a clone, and how our git sees one of them.

Git's own record of a linked worktree is a folder below clone.git/worktrees (gitrepository-layout(5)). We name that
folder ourselves, from the worktree's path, so that it is found again after a crash, and we never follow the `.git` file
in the worktree, which an agent can redirect.
"""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from cw_site.git.errors import BranchInUse, FolderInUse, WorktreeMissing
from cw_site.git.layout import Clone, ensure_file
from cw_site.git.run import Place, view

COMMON_DIR = b"../..\n"
_HEAD_REF = "ref: refs/heads/"


@dataclass(frozen=True)
class Registered:
    """One worktree that git knows of: ours, or one that an agent added by itself. `branch` is None when detached."""

    path: Path
    branch: str | None
    admin: Path


def admin_name(path: Path) -> str:
    """The name of the folder below clone.git/worktrees for a worktree of ours."""
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    readable = re.sub(r"[^A-Za-z0-9]+", "-", path.name).strip("-")[:40] or "worktree"
    return f"{readable}-{digest}"


def admin_dir(clone: Clone, path: Path) -> Path:
    """Where git's record of the worktree at `path` lies."""
    return clone.git_dir / "worktrees" / admin_name(path)


def check_path(clone: Clone, path: Path) -> Path:
    """Refuse paths that cannot be a worktree of ours: relative, linked, or around the clone itself."""
    if not path.is_absolute() or ".." in path.parts:
        raise FolderInUse(f"A worktree needs a whole path, not {str(path)[:200]}.")
    if path.is_symlink():
        raise FolderInUse(f"{path} is a link. Move it away and try again.")
    real, root = Path(os.path.realpath(path)), Path(os.path.realpath(clone.root))
    if real.is_relative_to(root) or root.is_relative_to(real):
        raise FolderInUse(f"A worktree cannot lie in the clone's own folder or around it: {path}.")
    return path


def place_of(clone: Clone, path: Path, *, work_tree: Path | None = None) -> Place:
    """The worktree as our git works on it: its own HEAD and index, our config. Raises WorktreeMissing."""
    admin = admin_dir(clone, path)
    if not (admin / "HEAD").exists():
        raise WorktreeMissing(f"There is no worktree of this project at {path}.")
    # Git takes the refs from where this file says, whatever GIT_COMMON_DIR says.
    ensure_file(admin / "commondir", COMMON_DIR)
    looking = view(clone)
    return Place(admin, looking.common_dir, looking.object_dir, work_tree or path)


def read_head(admin: Path) -> str:
    """What HEAD of a worktree says: `ref: refs/heads/…` or a commit id; '' when it cannot be read."""
    try:
        return (admin / "HEAD").read_bytes()[:2000].decode("utf-8", "surrogateescape").strip()
    except OSError:
        return ""


def list_worktrees(clone: Clone) -> list[Registered]:
    """Every registered worktree whose folder exists."""
    found = []
    try:
        admins = sorted((clone.git_dir / "worktrees").iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    for admin in admins:
        try:
            target = Path(os.fsdecode((admin / "gitdir").read_bytes().rstrip(b"\n")))
        except OSError:
            continue
        if not os.path.lexists(target):
            continue
        head = read_head(admin)
        branch = head.removeprefix(_HEAD_REF) if head.startswith(_HEAD_REF) else None
        found.append(Registered(target.parent, branch, admin))
    return found


def find_checkout(clone: Clone, branch: str) -> Path | None:
    """The folder of the worktree in which the branch is checked out, if there is one."""
    return next((item.path for item in list_worktrees(clone) if item.branch == branch), None)


def refuse_checked_out(clone: Clone, branch: str) -> None:
    """Raise BranchInUse when moving the branch would leave a worktree behind, whose next commit would undo the move."""
    if path := find_checkout(clone, branch):
        raise BranchInUse(
            f"The branch {branch} is checked out in {path}. Finish or remove that worktree, then it can move."
        )
