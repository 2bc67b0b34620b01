"""Comment threads: gathered from rows, and put where their lines are now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from reviews.diffs.anchor import find_line
from reviews.diffs.model import ADDED, CONTEXT, REMOVED, FileDiff, Line, LineType
from reviews.models import ReviewComment

type Place = tuple[int, LineType]

# Where a commented line may have gone: what was added is context for the next round, and the other way round.
_KINDS: dict[str, tuple[LineType, ...]] = {
    ADDED: (ADDED, CONTEXT),
    CONTEXT: (CONTEXT, ADDED),
    REMOVED: (REMOVED,),
}


@dataclass
class Thread:
    """A first comment with its replies, oldest first."""

    root: ReviewComment
    replies: list[ReviewComment] = field(default_factory=list)

    @property
    def comments(self) -> list[ReviewComment]:
        return [self.root, *self.replies]

    @property
    def is_open(self) -> bool:
        return not self.root.resolved


def gather_threads(comments: Iterable[ReviewComment]) -> list[Thread]:
    """The threads of these comments (oldest first, as the repository lists them)."""
    threads: dict[str, Thread] = {}
    replies = []
    for comment in comments:
        if comment.parent_comment_id is None:
            threads[comment.pk] = Thread(comment)
        else:
            replies.append(comment)
    for reply in replies:
        thread = threads.get(reply.parent_comment_id or "")
        if thread is not None:
            thread.replies.append(reply)
    return list(threads.values())


def place_of(comment: ReviewComment, file_diff: FileDiff) -> Place | None:
    """Where the commented line is in this diff: at its number, or else the nearest line of the same text.

    None: it is not in the diff any more.
    """
    kinds = _KINDS.get(comment.line_type, ())
    text = comment.line_text
    for kind in kinds:
        line = find_line(file_diff, line_number=comment.line_number, line_type=kind)
        if line is not None and _same(line, text):
            return comment.line_number, kind
    if not text.strip():
        return None
    lines = [line for hunk in file_diff.hunks for line in hunk.lines if line.kind in kinds and _same(line, text)]
    if not lines:
        return None
    nearest = min(lines, key=lambda line: (abs(line.number - comment.line_number), line.kind != comment.line_type))
    return nearest.number, nearest.kind


def place_threads(threads: Sequence[Thread], file_diff: FileDiff) -> tuple[dict[Place, list[Thread]], list[Thread]]:
    """The threads of one file by their place, and those whose line is not in the diff (any more)."""
    placed: dict[Place, list[Thread]] = {}
    lost = []
    for thread in threads:
        place = place_of(thread.root, file_diff)
        if place is None:
            lost.append(thread)
        else:
            placed.setdefault(place, []).append(thread)
    return placed, lost


def _same(line: Line, text: str) -> bool:
    shown = line.text.rstrip("\r")
    return shown == text or (len(text) >= 2_000 and shown.startswith(text))
