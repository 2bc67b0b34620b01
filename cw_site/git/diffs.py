"""Differences between two trees, straight from the object database: no checkout, no filter, no driver."""

import hashlib
from dataclasses import dataclass
from typing import Literal

from cw_site.git.errors import GitError, UnknownCommit
from cw_site.git.layout import Clone, display_path, is_oid
from cw_site.git.memory import MEMORY
from cw_site.git.refs import as_oid
from cw_site.git.run import git, view

Status = Literal["A", "M", "D", "R", "C", "T"]
_COMMON = (
    "diff-tree", "-r", "--no-ext-diff", "--no-textconv", "--no-color", "--no-abbrev", "--ignore-submodules=none",
)  # fmt: skip
_SECTION = b"diff --git "
_SMALL = 4096


@dataclass(frozen=True)
class FileChange:
    """One changed file. `path` is display-safe text and `path_bytes` the truth; `old_path` is set on R and C only."""

    path: str
    old_path: str | None
    path_bytes: bytes
    old_path_bytes: bytes | None
    status: Status
    old_oid: str
    new_oid: str
    old_mode: str
    new_mode: str


@dataclass(frozen=True)
class LineCount:
    """Lines added and removed; both are 0 for a binary file."""

    additions: int
    deletions: int
    binary: bool


@dataclass(frozen=True)
class Blob:
    """A file's content, at most the asked number of bytes of it; `size` is the whole size in bytes."""

    data: bytes
    size: int
    truncated: bool


def list_files(clone: Clone, base: str, head: str) -> list[FileChange]:
    """The files that differ, renames found, in git's order. Does not look at lines, so it stays fast."""
    pair = as_oid(clone, base), as_oid(clone, head)

    def ask() -> list[FileChange]:
        return _read_raw(git(view(clone), *_COMMON, "--raw", "-z", "-M", *pair).stdout)[0]

    changes = MEMORY.recall(("files", clone.root, *pair), ask, weigh=lambda found: 600 * len(found) + 100)
    return list(changes)


def count_lines(clone: Clone, base: str, head: str) -> dict[str, LineCount]:
    """Added and removed lines by (new) path. About as slow as the whole patch: never wait for it on a page."""
    output = git(view(clone), *_COMMON, "--numstat", "-z", "-M", as_oid(clone, base), as_oid(clone, head)).stdout
    counts: dict[str, LineCount] = {}
    fields = iter(output.split(b"\0"))
    for record in fields:
        if not record:
            continue
        added, deleted, path = record.split(b"\t", 2)
        if not path:
            next(fields)
            path = next(fields)
        binary = added == b"-"
        counts[display_path(path)] = LineCount(0 if binary else int(added), 0 if binary else int(deleted), binary)
    return counts


def file_patch(clone: Clone, base: str, head: str, change: FileChange, context: int = 3) -> bytes:
    """The unified diff of one file, as git prints it."""
    pair = as_oid(clone, base), as_oid(clone, head)
    question = ("patch", clone.root, *pair, change, context)
    return MEMORY.recall(question, lambda: _ask_patch(clone, *pair, change, context), weigh=len)


def _ask_patch(clone: Clone, base: str, head: str, change: FileChange, context: int) -> bytes:
    paths = [change.path_bytes]
    if change.old_path_bytes is not None:
        paths.insert(0, change.old_path_bytes)
    output = git(
        view(clone), *_COMMON, "--raw", "-z", "-p", "-M" if change.old_path_bytes is not None else "--no-renames",
        f"--unified={max(0, context)}", "--inter-hunk-context=0", "--src-prefix=a/", "--dst-prefix=b/",
        "--submodule=short", base, head, "--", *paths,
    ).stdout  # fmt: skip
    changes, patch = _read_raw(output)
    return patch if len(changes) <= 1 else _pick_section(changes, patch, change)


def read_blob(clone: Clone, oid: str, *, limit: int) -> Blob:
    """A file's content by its object id, at most `limit` bytes. Raises UnknownCommit when there is no such blob."""
    if not is_oid(oid):
        raise UnknownCommit(f"{oid[:100]!r} is not the id of a file's content.")
    if limit > _SMALL:
        return _ask_blob(clone, oid, limit)
    return MEMORY.recall(
        ("blob", clone.root, oid, limit), lambda: _ask_blob(clone, oid, limit), weigh=lambda blob: len(blob.data) + 200
    )


def _ask_blob(clone: Clone, oid: str, limit: int) -> Blob:
    room = limit + 200
    output = git(view(clone), "cat-file", "--batch", stdin=f"{oid}\n".encode(), limit=room, cut=True).stdout
    header, _, data = output.partition(b"\n")
    words = header.split()
    if len(words) != 3 or words[1] != b"blob":
        raise UnknownCommit(f"There is no file content {oid} in this project's clone.")
    size = int(words[2])
    return Blob(data[: min(size, limit)], size, size > limit)


def diff_hash(clone: Clone, base: str, head: str) -> str:
    """A fingerprint of exactly what changes between the two, however it came about."""
    output = git(view(clone), *_COMMON, "--raw", "-z", "--no-renames", as_oid(clone, base), as_oid(clone, head)).stdout
    return hashlib.sha256(output).hexdigest()


def _read_raw(output: bytes) -> tuple[list[FileChange], bytes]:
    """Parse `--raw -z` records; what follows them (the patch, after an empty record) is returned as it is."""
    changes: list[FileChange] = []
    at = 0
    while output[at : at + 1] == b":":
        stop = output.index(b"\0", at)
        old_mode, new_mode, old_oid, new_oid, letter = output[at + 1 : stop].decode("ascii").split(" ")
        paths = []
        for _ in range(2 if letter[0] in "RC" else 1):
            at, stop = stop + 1, output.index(b"\0", stop + 1)
            paths.append(output[at:stop])
        at = stop + 1
        changes.append(_change(letter[0], paths, (old_oid, new_oid), (old_mode, new_mode)))
    return changes, output[at:].removeprefix(b"\0")


def _change(letter: str, paths: list[bytes], oids: tuple[str, str], modes: tuple[str, str]) -> FileChange:
    statuses: dict[str, Status] = {"A": "A", "M": "M", "D": "D", "R": "R", "C": "C", "T": "T"}
    if letter not in statuses:
        raise GitError(f"git reported a change of an unknown kind ({letter}).")
    old = paths[0] if len(paths) == 2 else None
    return FileChange(
        path=display_path(paths[-1]),
        old_path=None if old is None else display_path(old),
        path_bytes=paths[-1],
        old_path_bytes=old,
        status=statuses[letter],
        old_oid=oids[0],
        new_oid=oids[1],
        old_mode=modes[0],
        new_mode=modes[1],
    )


def _pick_section(changes: list[FileChange], patch: bytes, wanted: FileChange) -> bytes:
    """A file that became a folder (or the reverse) brings the files in it along: take the wanted one's part only."""
    sections = [_SECTION + part for part in (b"\n" + patch).split(b"\n" + _SECTION)[1:]]
    at = 0
    for change in changes:
        # A change of type (file to symlink) is printed as a removal and an addition.
        length = 2 if change.status == "T" else 1
        if change.path_bytes == wanted.path_bytes and change.status == wanted.status:
            return b"".join(section.rstrip(b"\n") + b"\n" for section in sections[at : at + length])
        at += length
    return b""
