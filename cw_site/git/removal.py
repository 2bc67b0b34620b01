"""Removing a worktree, after everything that it holds is reachable from a kept ref."""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from cw_site.git.checkouts import admin_dir, admin_name, check_path, place_of
from cw_site.git.errors import GitError, WorktreeBusy, WorktreeMissing
from cw_site.git.layout import Clone, lock
from cw_site.git.snapshots import keep_everything, refuse_nested

_PROC = Path("/proc")


def remove_worktree(clone: Clone, path: Path, *, keep_name: str) -> str | None:
    """Remove a worktree of ours and git's record of it; its branch stays. Returns the commit that was kept, if any.

    First the folder is set aside (so that nobody goes on writing into it), then everything in it but ignored files is
    kept under refs/cw/keep/<keep_name>, and only then anything is deleted. May be repeated after a crash at any step.
    Raises WorktreeBusy while a live process works inside, NestedRepository, WorktreeMissing; then nothing is deleted.
    """
    check_path(clone, path)
    aside, done = _beside(path, "removing"), _beside(path, "removed")
    admin = admin_dir(clone, path)
    kept: str | None = None
    with lock(clone, f"worktree-{admin_name(path)[-2:]}"):
        if not admin.exists():
            if os.path.lexists(path):
                raise WorktreeMissing(f"{path} is not a worktree of this project, so it stays.")
        else:
            refuse_live_processes(aside if aside.exists() else path)
            if (admin / "HEAD").exists() and not done.exists():
                kept = _keep_and_set_aside(clone, path, aside, keep_name)
            with lock(clone):
                if aside.exists():
                    os.rename(aside, done)
                _delete(admin)
        _delete(done)
    return kept


def recover(clone: Clone, path: Path) -> None:
    """Undo or finish a removal that a crash interrupted. The caller holds the worktree's lock."""
    aside, done = _beside(path, "removing"), _beside(path, "removed")
    if done.exists():
        with lock(clone):
            _delete(admin_dir(clone, path))
        _delete(done)
    if aside.exists() and not os.path.lexists(path):
        os.rename(aside, path)


def refuse_live_processes(path: Path) -> None:
    """Raise WorktreeBusy when a process has its working folder, or an open file, inside `path`."""
    real = os.path.realpath(path)
    for pid, place in _places_of_processes():
        if place == real or place.startswith(real + "/"):
            raise WorktreeBusy(f"Process {pid} is still at work in {path}. Stop the agent first.")


def _keep_and_set_aside(clone: Clone, path: Path, aside: Path, keep_name: str) -> str | None:
    message = f"Saved by Codewalkers before the worktree was removed\n\n{keep_name}\n"
    if not path.exists() and not aside.exists():
        folder_gone = place_of(clone, path, work_tree=clone.temporary_dir)
        return keep_everything(clone, folder_gone, keep_name=keep_name, message=message, with_files=False)
    if path.exists():
        refuse_nested(clone, place_of(clone, path))
        if aside.exists():
            raise GitError(f"Both {path} and {aside} exist. Look at them and move one away, then try again.")
        os.rename(path, aside)
    try:
        return keep_everything(clone, place_of(clone, path, work_tree=aside), keep_name=keep_name, message=message)
    except BaseException:
        if not os.path.lexists(path):
            os.rename(aside, path)
        raise


def _beside(path: Path, word: str) -> Path:
    return path.with_name(f".{path.name}.{word}")


def _delete(folder: Path) -> None:
    if folder.is_symlink():
        raise GitError(f"{folder} is a link, so it is not deleted. Look at it by hand.")
    if not folder.exists():
        return
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise GitError(f"{folder} could not be removed ({error.strerror}). Everything in it is kept in git.") from error


def _places_of_processes() -> Iterator[tuple[int, str]]:
    """Working folders of all processes that we may look at, and what they have open (our own open files apart)."""
    if not _PROC.is_dir():
        return
    for process in _PROC.iterdir():
        if not process.name.isdigit():
            continue
        pid = int(process.name)
        links = [process / "cwd"]
        if pid != os.getpid():
            with suppress(OSError):
                links += (process / "fd").iterdir()
        for link in links:
            try:
                yield pid, os.readlink(link)
            except OSError:
                continue
