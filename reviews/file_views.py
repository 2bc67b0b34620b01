"""One file of a review as HTML: its diff, or the reason why it is folded."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from django.conf import settings
from django.utils.safestring import mark_safe

from cw_site.git import Clone
from cw_site.git.diffs import FileChange, LineCount, file_patch, read_blob
from cw_site.git.errors import TooLarge, UnknownCommit
from reviews.diffs.highlight_cache import HighlightCache
from reviews.diffs.highlight_pool import HighlightPool
from reviews.diffs.limits import (
    MAX_HIGHLIGHT_BYTES,
    MAX_LOADED_BYTES,
    MAX_ROWS,
    Fold,
    cut_rows,
    find_fold,
    is_lock_file,
)
from reviews.diffs.model import ADDED, REMOVED, FileDiff
from reviews.diffs.parse import parse_patch
from reviews.diffs.rows import render_rows
from reviews.diffs.text import visible
from reviews.file_diffs import Reviewed
from reviews.threads import Place, Thread, place_threads

_NOTHING = re.compile("0+")
_LINK, _SUBMODULE, _PROGRAM = "120000", "160000", "100755"


@dataclass(frozen=True)
class FileEntry:
    """A changed file in the list of a review. `anchor` is its id on the page and in addresses, the same for ever."""

    anchor: str
    project_id: str
    change: FileChange
    count: LineCount | None = None
    threads: Sequence[Thread] = ()

    @property
    def path(self) -> str:
        """The path as text for a person: hidden characters spelled out."""
        return visible(self.change.path)

    @property
    def folder(self) -> str:
        head, slash, _ = self.path.rpartition("/")
        return head + slash

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def old_path(self) -> str:
        return visible(self.change.old_path) if self.change.old_path is not None else ""

    @property
    def open_threads(self) -> int:
        return sum(thread.is_open for thread in self.threads)

    @property
    def word(self) -> str:
        """What happened to the file, for who cannot see the letter's colour."""
        words = {"A": "added", "M": "changed", "D": "deleted", "R": "renamed", "C": "copied", "T": "type changed"}
        return words[self.change.status]


@dataclass(frozen=True)
class FileView:
    """What is shown of a file. `html` is safe; `more` is the first row of the next page of a long diff."""

    entry: FileEntry
    html: str = ""
    fold: Fold | None = None
    hidden: bool = False
    notes: Sequence[str] = ()
    lost: Sequence[Thread] = ()
    additions: int = 0
    deletions: int = 0
    more: int | None = None
    row_count: int = 0

    @property
    def has_open_lost(self) -> bool:
        """Whether a thread that has lost its line is still open."""
        return any(thread.is_open for thread in self.lost)


@dataclass(frozen=True)
class Show:
    """How a file is wanted. `comment_url`: beginning of the comment links, None where nobody may comment.

    `full`: also what would be folded; `first`: the first row, for the pages of a long diff.
    """

    comment_url: str | None = None
    full: bool = False
    first: int = 0
    render_thread: Callable[[Thread], str] = field(default=lambda thread: "")
    forms: Mapping[Place, str] = field(default_factory=dict)


def anchor_of(project_id: str, path: str) -> str:
    """The id of a file on a review page: a letter and ten hex digits."""
    return "f" + hashlib.sha256(f"{project_id}\0{path}".encode("utf-8", "surrogatepass")).hexdigest()[:10]


def view_file(reviewed: Reviewed, entry: FileEntry, show: Show) -> FileView:
    """Read and render one file. Never fails for what is in it."""
    change = entry.change
    fold = find_fold(change.path) if not show.full and is_lock_file(change.path) else None
    if fold is not None:
        return FileView(entry, fold=fold, lost=entry.threads)
    try:
        patch = file_patch(reviewed.clone, reviewed.base, reviewed.head, change)
    except TooLarge:
        patch = None
    size = MAX_LOADED_BYTES + 1 if patch is None else len(patch)
    fold = find_fold(change.path, patch_bytes=size, start=_start(reviewed.clone, change))
    if patch is None or (fold is not None and not (show.full and fold.can_load)):
        return FileView(entry, fold=fold, lost=entry.threads)
    file_diff = parse_patch(patch)
    additions, deletions = _count(file_diff)
    if file_diff.binary:
        return FileView(entry, fold=find_fold(change.path, binary=True), lost=entry.threads, notes=_notes(change))
    fold = find_fold(change.path, additions=additions, deletions=deletions)
    if fold is not None and not show.full:
        return FileView(entry, fold=fold, lost=entry.threads, additions=additions, deletions=deletions)
    return _render(reviewed.clone, entry, file_diff, show, additions=additions, deletions=deletions)


def _render(
    clone: Clone, entry: FileEntry, file_diff: FileDiff, show: Show, *, additions: int, deletions: int
) -> FileView:
    total = file_diff.row_count
    part = file_diff if total <= MAX_ROWS and not show.first else cut_rows(file_diff, first=show.first)
    placed, lost = place_threads(entry.threads, file_diff)
    between = {place: "".join(show.render_thread(thread) for thread in threads) for place, threads in placed.items()}
    for place, form in show.forms.items():
        between[place] = between.get(place, "") + form
    old_html, new_html = highlighted(clone, entry.change)
    html = render_rows(
        part,
        anchor=entry.anchor,
        comment_url=show.comment_url,
        old_html=old_html,
        new_html=new_html,
        threads=between,
        label=f"Changes of {entry.path}",
    )
    return FileView(
        entry,
        html=mark_safe(html) if part.hunks else "",  # noqa: S308 - render_rows escapes every text
        hidden=file_diff.has_hidden,
        notes=[*_notes(entry.change), *_content_notes(file_diff)],
        lost=[] if show.first else lost,
        additions=additions,
        deletions=deletions,
        more=show.first + MAX_ROWS if show.first + MAX_ROWS < total else None,
        row_count=total,
    )


def highlighted(clone: Clone, change: FileChange) -> tuple[Sequence[str] | None, Sequence[str] | None]:
    """The coloured lines of the old and the new side; None for a side that is shown plain."""
    old_path = change.old_path if change.old_path is not None else change.path
    return (
        _highlight(clone, change.old_oid, change.old_mode, old_path),
        _highlight(clone, change.new_oid, change.new_mode, change.path),
    )


def is_at_hand(change: FileChange) -> bool:
    """Whether the file can be drawn without waiting for its colours."""
    if is_lock_file(change.path):
        return True
    old_path = change.old_path if change.old_path is not None else change.path
    sides = ((change.old_oid, change.old_mode, old_path), (change.new_oid, change.new_mode, change.path))
    return all(_is_plain(oid, mode) or _cache().has(oid=oid, path=path) for oid, mode, path in sides)


def _is_plain(oid: str, mode: str) -> bool:
    return bool(_NOTHING.fullmatch(oid)) or mode in (_SUBMODULE, _LINK)


def _highlight(clone: Clone, oid: str, mode: str, path: str) -> Sequence[str] | None:
    if _is_plain(oid, mode):
        return None

    def read() -> bytes | None:
        try:
            blob = read_blob(clone, oid, limit=MAX_HIGHLIGHT_BYTES + 1)
        except UnknownCommit:
            return None
        return None if blob.truncated else blob.data

    return _cache().highlight(_pool(), oid=oid, path=path, read=read)


@cache
def _pool() -> HighlightPool:
    return HighlightPool()


@cache
def _cache() -> HighlightCache:
    return HighlightCache(settings.CW_DATA_DIR / "cache" / "highlight")


def _start(clone: Clone, change: FileChange) -> bytes:
    """The first bytes of the new side, where generators leave their mark."""
    if _NOTHING.fullmatch(change.new_oid) or change.new_mode == _SUBMODULE:
        return b""
    return read_blob(clone, change.new_oid, limit=2048).data


def _count(file_diff: FileDiff) -> tuple[int, int]:
    kinds = [line.kind for hunk in file_diff.hunks for line in hunk.lines]
    return kinds.count(ADDED), kinds.count(REMOVED)


def _notes(change: FileChange) -> list[str]:
    """What the lines do not show."""
    notes = []
    if change.status == "R" and change.old_oid == change.new_oid:
        notes.append("Renamed without a change.")
    if change.new_mode == _LINK:
        notes.append("A symbolic link: the line is where it points to.")
    if _SUBMODULE in (change.old_mode, change.new_mode):
        notes.append("A submodule: the line is the commit it stands at.")
    if change.status in ("M", "R") and change.old_mode != change.new_mode:
        now = "may be run as a program now" if change.new_mode == _PROGRAM else f"has mode {change.new_mode} now"
        notes.append(f"The file {now} (before: {change.old_mode}).")
    if change.status == "A" and change.old_oid == change.new_oid:
        notes.append("An empty file.")
    return notes


def _content_notes(file_diff: FileDiff) -> list[str]:
    notes = []
    if not file_diff.valid_utf8:
        notes.append("Some bytes are no UTF-8; they are shown as \\xNN.")
    if file_diff.line_endings == "mixed":
        notes.append("Line ends are mixed: LF and CRLF.")
    if file_diff.truncated:
        notes.append("The diff ends early: it was larger than what is read.")
    if not file_diff.hunks:
        notes.append("No line changed.")
    return notes
