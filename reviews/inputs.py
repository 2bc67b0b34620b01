"""What an agent is given for review work: the open threads, for a program and for reading."""

import json
import re
from typing import Any

from cw_site.git import GitError
from initiatives.models import Phase, Task
from initiatives.states import TaskCategory
from reviews.diffs.anchor import excerpt
from reviews.file_diffs import ReviewedFiles, as_line_type
from reviews.heads import Heads
from reviews.models import ReviewComment
from reviews.repositories import ReviewCommentRepository
from reviews.states import LineType


def review_comments(task: Task) -> dict[str, str]:
    """Files for `.cw/input/` of a review task; none for other tasks.

    `comments.json` is a list of {"comment_id", "file_path", "line_number", "line_type", "line_text", "body",
    "author", "replies": [{"author", "body"}], "project"}; `review.md` says the same in words.
    """
    if task.category != TaskCategory.REVIEW or task.phase_id is None:
        return {}
    threads = open_threads(task.phase_id)
    comments = [_as_json(thread, replies) for thread, replies in threads]
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


def _lines_around(thread: ReviewComment, files: ReviewedFiles) -> str:
    """The commented line among its neighbours; the line alone where it is no longer in the diff."""
    try:
        file_diff = files.load(thread.project_id or "", thread.file_path)
    except GitError:
        return thread.line_text
    if file_diff is None:
        return thread.line_text
    found = excerpt(file_diff, line_number=thread.line_number, line_type=as_line_type(thread.line_type))
    return found or thread.line_text


def _as_json(thread: ReviewComment, replies: list[ReviewComment]) -> dict[str, Any]:
    return {
        "comment_id": thread.pk,
        "file_path": thread.file_path,
        "line_number": thread.line_number,
        "line_type": thread.line_type,
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
