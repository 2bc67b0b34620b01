"""Where a clone lives, the viewer repository through which we look at it, and its lock.

`clone.git` is the repository that agents' own git uses: an agent may edit its config, hooks and attributes. So no
command of ours ever reads them. `view.git` is a second git folder of ours which shares clone.git's refs (by symlink)
and objects (by GIT_OBJECT_DIRECTORY) but has its own constant config, no hooks and no attributes.
"""

import fcntl
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkstemp

from cw_site.git.errors import GitError, LockBusy

VIEW_CONFIG = b"""[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
\tlogAllRefUpdates = false
"""
VIEW_HEAD = b"ref: refs/heads/cw-viewer\n"
EXCLUDE = b".cw/\n"
_LINKS = {"refs": "../clone.git/refs", "packed-refs": "../clone.git/packed-refs"}
# Files that git would obey if somebody left them in the viewer repository.
_FOREIGN = ("commondir", "config.worktree", "gitdir", "hooks", "logs", "modules", "shallow", "worktrees")
_FOREIGN_INFO = ("attributes", "grafts", "sparse-checkout")

OID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True)
class Clone:
    """Our copy of one project's repository. `root` is its folder in the data folder, made from ids only."""

    root: Path

    @property
    def git_dir(self) -> Path:
        return self.root / "clone.git"

    @property
    def view_dir(self) -> Path:
        return self.root / "view.git"

    @property
    def temporary_dir(self) -> Path:
        return self.root / "tmp"

    @property
    def locks_dir(self) -> Path:
        return self.root / "locks"


def is_oid(text: str) -> bool:
    """Whether `text` is a whole object id."""
    return OID.fullmatch(text) is not None


def display_path(raw: bytes) -> str:
    """A path as text: valid UTF-8 as it is, other bytes escaped with a backslash."""
    return raw.decode("utf-8", "backslashreplace")


def make_private(folder: Path) -> Path:
    """Create a folder that only we may enter (missing parents too), if it is not there."""
    if not folder.is_dir():
        if folder.parent != folder:
            make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def write_file(path: Path, data: bytes) -> None:
    """Replace a small file in one step."""
    handle, name = mkstemp(prefix=".cw-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def ensure_file(path: Path, data: bytes) -> None:
    """Make `path` a plain file with exactly this content; cheap when it is so already."""
    try:
        if not path.is_symlink() and path.read_bytes() == data:
            return
    except OSError:
        pass
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    write_file(path, data)


def _ensure_link(path: Path, target: str) -> None:
    try:
        if os.readlink(path) == target:
            return
    except OSError:
        pass
    if path.is_dir() and not path.is_symlink():
        raise GitError(f"The folder {path} should be a link that Codewalkers made. Move it away and try again.")
    temporary = path.with_name(f".{path.name}-{os.getpid()}-{time.monotonic_ns()}")
    os.symlink(target, temporary)
    os.replace(temporary, path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(FileNotFoundError):
            path.unlink()


def ensure_view(clone: Clone) -> Path:
    """Make or repair the viewer repository and return it. Runs before every command, so that edits never count."""
    view = clone.view_dir
    if not clone.git_dir.is_dir():
        raise GitError("This project has no clone yet. Sync the project first.")
    make_private(view / "info")
    ensure_file(view / "config", VIEW_CONFIG)
    ensure_file(view / "HEAD", VIEW_HEAD)
    ensure_file(view / "info" / "exclude", EXCLUDE)
    for name, target in _LINKS.items():
        _ensure_link(view / name, target)
    for name in _FOREIGN:
        if os.path.lexists(view / name):
            _remove(view / name)
    for name in _FOREIGN_INFO:
        if os.path.lexists(view / "info" / name):
            _remove(view / "info" / name)
    return view


@contextmanager
def lock(clone: Clone, name: str = "clone", *, timeout: float = 120.0) -> Iterator[None]:
    """Hold one of the clone's locks across threads and processes; seconds to wait. Not reentrant.

    Raises LockBusy. The operating system frees it when its holder dies.
    """
    path = make_private(clone.locks_dir) / f"{name}.lock"
    deadline = time.monotonic() + timeout
    pause = 0.002
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise LockBusy(
                        f"Another operation has been busy on this repository for {timeout:.0f} seconds. Try again."
                    ) from None
                time.sleep(pause)
                pause = min(pause * 2, 0.05)
        yield
    finally:
        os.close(handle)
