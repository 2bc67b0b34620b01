"""What an agent is given for review work: the open threads, for a program and for reading."""

import json
import re
from typing import Any

from cw_site.foundation.errors import DomainError
from initiatives.models import Phase, Task
from initiatives.repositories import PhaseRepository
from initiatives.states import TaskCategory
from reviews.diffs.anchor import excerpt
from reviews.diffs.model import FileDiff
from reviews.file_diffs import ReviewedFiles, as_line_type
from reviews.heads import Heads, phase_ranges
from reviews.models import ReviewComment
from reviews.repositories import ReviewCommentRepository
from reviews.states import LineType
from reviews.threads import Place, place_of


def review_comments(task: Task) -> dict[str, str]:
    """Files for `.cw/input/` of a review task; none for other tasks.

    `comments.json` is a list of {"comment_id", "file_path", "line_number", "line_type", "line_text", "body",
    "author", "replies": [{"author", "body"}], "project"}; `review.md` says the same in words. The line is where it is
    now, which may be elsewhere than where the comment was made.
    """
    if task.category != TaskCategory.REVIEW or task.phase_id is None:
        return {}
    threads = open_threads(task.phase_id)
    files = _files_now(task.phase_id) if threads else None
    comments = [_as_json(thread, replies, place=_place(thread, files)) for thread, replies in threads]
    return {
        "comments.json": json.dumps(comments, indent=2, ensure_ascii=False) + "\n",
        "review.md": task.description or "",
    }


def open_threads(phase_id: str) -> list[tuple[ReviewComment, list[ReviewComment]]]:
    """The unresolved threads of a phase, each with its replies, in the order of files and lines."""
    repository = ReviewCommentRepository()
    roots = repository.find_open_threads(phase_id)
    replies: dict[str, list[ReviewComment]] = {}
    for comment in repository.find_by_phase_id(phase_id):
        if comment.parent_comment_id:
            replies.setdefault(comment.parent_comment_id, []).append(comment)
    roots.sort(key=lambda root: (root.project_id or "", root.file_path, root.line_number, root.created_at))
    return [(root, replies.get(root.pk, [])) for root in roots]


def describe_review(phase: Phase, *, heads: Heads, note: str, round_number: int) -> str:
    """The description of a review task, in Markdown; `heads` are those of the round the person looked at."""
    threads = open_threads(phase.pk)
    parts = [f"A person read the changes of this phase (round {round_number}) and asks for others."]
    if note:
        parts += ["## Note", note]
    if threads:
        files = ReviewedFiles.of_phase(phase, heads)
        parts += [
            "## Open threads",
            "Answer every thread: change the code where it should change, and say what you did.",
        ]
        parts += [_as_markdown(thread, replies, lines=_lines_around(thread, files)) for thread, replies in threads]
        parts += [
            "## How to answer",
            "Commit your changes. Then write `.cw/output/comment-responses.json`, a list with one entry a thread: "
            '`{"comment_id": "…", "body": "what you did, or why not", "commit": "the commit that does it"}`. '
            "The threads stand in `.cw/input/comments.json` too.",
        ]
    return "\n\n".join(parts) + "\n"


def _files_now(phase_id: str) -> ReviewedFiles | None:
    """The phase's files as they are; None where git cannot say."""
    phase = PhaseRepository().get(phase_id)
    try:
        return ReviewedFiles.of_phase(phase, phase_ranges(phase))
    except DomainError:
        return None


def _load(thread: ReviewComment, files: ReviewedFiles | None) -> FileDiff | None:
    try:
        return files.load(thread.project_id or "", thread.file_path) if files is not None else None
    except DomainError:
        return None


def _place(thread: ReviewComment, files: ReviewedFiles | None) -> Place:
    """Where the line is now; where it was, if it is not in the diff any more."""
    file_diff = _load(thread, files)
    place = place_of(thread, file_diff) if file_diff is not None else None
    return place or (thread.line_number, as_line_type(thread.line_type))


def _lines_around(thread: ReviewComment, files: ReviewedFiles) -> str:
    """The commented line among its neighbours; the line alone where it is no longer in the diff."""
    file_diff = _load(thread, files)
    place = place_of(thread, file_diff) if file_diff is not None else None
    if file_diff is None or place is None:
        return thread.line_text
    return excerpt(file_diff, line_number=place[0], line_type=place[1])


def _as_json(thread: ReviewComment, replies: list[ReviewComment], *, place: Place) -> dict[str, Any]:
    return {
        "comment_id": thread.pk,
        "file_path": thread.file_path,
        "line_number": place[0],
        "line_type": place[1],
        "line_text": thread.line_text,
        "body": thread.body,
        "author": thread.author,
        "replies": [{"author": reply.author, "body": reply.body} for reply in replies],
        "project": thread.project.name if thread.project else "",
    }


def _as_markdown(thread: ReviewComment, replies: list[ReviewComment], *, lines: str) -> str:
    place = f"`{thread.file_path}`, line {thread.line_number}"
    if thread.line_type == LineType.REMOVED:
        place += " of the old version (a removed line)"
    project = f" in {thread.project.name}" if thread.project else ""
    parts = [f"### {place}{project}", f"comment_id: `{thread.pk}`"]
    if lines:
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", lines)), default=0))
        parts.append(f"{fence}\n{lines}\n{fence}")
    parts.append(_quote(thread.author, thread.body))
    parts += [_quote(reply.author, reply.body) for reply in replies]
    return "\n\n".join(parts)


def _quote(author: str, body: str) -> str:
    return f"**{author}:**\n\n" + "\n".join(f"> {line}".rstrip() for line in body.splitlines() or [""])
