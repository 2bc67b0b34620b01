"""Which files a review shows folded, with the reason in words, and how much of a file one answer may hold."""

import re
from dataclasses import dataclass, replace

from reviews.diffs.model import ADDED, REMOVED, FileDiff, Hunk, Line

MAX_FILES = 300  # on one page
MAX_ROWS = 3_000  # of one file, shown unasked; also the size of a page of rows
MAX_LINE_CHARS = 5_000
MAX_PATCH_BYTES = 1 << 20  # of one file, shown unasked
MAX_LOADED_BYTES = 16 << 20  # of one file, at all
MAX_HIGHLIGHT_BYTES = 256 << 10

_LOCK_FILES = frozenset({
    "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb",
    "deno.lock", "poetry.lock", "uv.lock", "pdm.lock", "pipfile.lock", "pylock.toml", "pixi.lock",
    "conda-lock.yml", "cargo.lock", "go.sum", "gemfile.lock", "composer.lock", "mix.lock", "pubspec.lock",
    "packages.lock.json", "podfile.lock", "flake.lock", "gradle.lockfile", "package.resolved",
})  # fmt: skip
_GENERATED_NAME = re.compile(
    r"(?:\.min\.(?:js|css)|\.(?:js|css)\.map|[._]pb2?(?:_grpc)?\.(?:py|go|js|ts)|\.pb\.(?:go|cc|h)|\.g\.dart|\.designer\.cs)$"
)
_GENERATED_FOLDERS = frozenset({"node_modules", "__generated__"})
_GENERATED_MARK = re.compile(
    rb"@generated\b|Code generated .{0,200}DO NOT EDIT|DO NOT EDIT.{0,80}generated", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Fold:
    """Why a file is folded. `kind`: binary, lock, generated, large or too_large; `reason`: a sentence for a person.

    `can_load`: whether there is something to show when the person asks for it.
    """

    kind: str
    reason: str
    can_load: bool = True


def find_fold(
    path: str,
    *,
    additions: int | None = None,
    deletions: int | None = None,
    binary: bool = False,
    patch_bytes: int | None = None,
    start: bytes = b"",
) -> Fold | None:
    """The reason to fold a file, None to show it. What is not known yet may be left out.

    `start`: the first bytes of the new side, looked at for the marks that generators write; 2 KiB are enough.
    """
    if binary:
        return Fold("binary", "A binary file has no lines to show.", can_load=False)
    rows = (additions or 0) + (deletions or 0)
    if patch_bytes is not None and patch_bytes > MAX_LOADED_BYTES:
        size = f"{patch_bytes / 2**20:,.0f} MiB"
        return Fold(
            "too_large", f"The diff of this file is {size}: too large for a page. Read it with git.", can_load=False
        )
    if is_lock_file(path):
        return Fold("lock", "A lock file, written by a package manager.")
    if is_generated(path, start):
        return Fold("generated", "A generated file.")
    if rows > MAX_ROWS:
        return Fold("large", f"A large diff: {rows:,} changed lines.")
    if patch_bytes is not None and patch_bytes > MAX_PATCH_BYTES:
        return Fold("large", f"A large diff: {patch_bytes / 2**20:,.1f} MiB.")
    return None


def is_lock_file(path: str) -> bool:
    """Whether a package manager writes this file."""
    return path.rpartition("/")[2].lower() in _LOCK_FILES


def is_generated(path: str, start: bytes = b"") -> bool:
    """Whether the name or the first lines say that a program wrote the file."""
    if _GENERATED_NAME.search(path.lower()) or not _GENERATED_FOLDERS.isdisjoint(path.split("/")[:-1]):
        return True
    return _GENERATED_MARK.search(start[:2048]) is not None


def cut_rows(file_diff: FileDiff, *, first: int = 0, count: int = MAX_ROWS) -> FileDiff:
    """The part of a diff that begins at row `first` (from 0) and has at most `count` rows: a page of a huge file."""
    hunks: list[Hunk] = []
    at = 0
    for hunk in file_diff.hunks:
        start, stop = max(first - at, 0), min(first + count - at, len(hunk.lines))
        at += len(hunk.lines)
        if start >= stop:
            continue
        hunks.append(hunk if stop - start == len(hunk.lines) else _part(hunk, start, stop))
    ends = first + count >= at
    return replace(
        file_diff,
        hunks=hunks,
        old_eof_newline=file_diff.old_eof_newline or not ends,
        new_eof_newline=file_diff.new_eof_newline or not ends,
    )


def _part(hunk: Hunk, start: int, stop: int) -> Hunk:
    before, lines = hunk.lines[:start], hunk.lines[start:stop]
    return Hunk(
        old_start=hunk.old_start + _old_side(before),
        old_count=_old_side(lines),
        new_start=hunk.new_start + _new_side(before),
        new_count=_new_side(lines),
        heading=hunk.heading,
        lines=lines,
    )


def _old_side(lines: list[Line]) -> int:
    return sum(line.kind != ADDED for line in lines)


def _new_side(lines: list[Line]) -> int:
    return sum(line.kind != REMOVED for line in lines)
