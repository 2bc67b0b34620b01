"""Comments on the lines of a phase's diff: threads of a first comment and its replies."""

from django.db import transaction

from cw_site.foundation.errors import Invalid, NotFound
from initiatives.models import Phase
from initiatives.repositories import PhaseRepository
from reviews.diffs.anchor import find_line
from reviews.diffs.model import LineType
from reviews.file_diffs import ReviewedFiles, as_line_type
from reviews.heads import Heads, phase_ranges
from reviews.models import ReviewComment
from reviews.policies import check_can_comment, check_can_edit_comment
from reviews.repositories import ReviewCommentRepository, ReviewRoundRepository
from reviews.states import ReviewOwner

LONGEST_BODY = 64 * 1024
_KEPT_LINE = 2_000


def add_comment(
    phase_id: str,
    *,
    file_path: str,
    line_number: int,
    line_type: str,
    body: str,
    author: str,
    project_id: str | None = None,
    parent_comment_id: str | None = None,
) -> ReviewComment:
    """Comment on a line of the phase's diff as it is now, or reply to a thread (`parent_comment_id`).

    `line_number` counts in the old version for a removed line, else in the new one. The project may be left out where
    the phase has one. Raises Invalid where the diff has no such line, NotAllowed where comments are closed.
    """
    if parent_comment_id:
        parent = ReviewCommentRepository().get(parent_comment_id)
        if parent.phase_id != phase_id:
            raise NotFound("There is no such thread in this phase. It may have been deleted.")
        return reply(parent_comment_id, body=body, author=author)
    phase = PhaseRepository().get(phase_id)
    check_can_comment(phase)
    text = _check_body(body)
    heads = phase_ranges(phase)
    project = _choose_project(heads, project_id)
    line_text = _line_text(phase, heads, project, file_path, line_number, line_type)
    latest = ReviewRoundRepository().latest_round(ReviewOwner.PHASE, phase_id)
    return ReviewCommentRepository().create(
        phase_id=phase_id,
        project_id=project,
        file_path=file_path,
        line_number=line_number,
        line_type=line_type,
        line_text=line_text[:_KEPT_LINE],
        body=text,
        author=author,
        round_number=latest.number if latest else 1,
        head_sha=heads[project]["head"],
    )


def reply(comment_id: str, *, body: str, author: str) -> ReviewComment:
    """Answer in the thread that the comment is in; an answer to a resolved thread opens it again."""
    comments = ReviewCommentRepository()
    comment = comments.get(comment_id)
    check_can_comment(PhaseRepository().get(comment.phase_id))
    text = _check_body(body)
    with transaction.atomic():
        answer = comments.create(
            phase_id=comment.phase_id,
            project_id=comment.project_id,
            file_path=comment.file_path,
            line_number=comment.line_number,
            line_type=comment.line_type,
            line_text=comment.line_text,
            round_number=comment.round_number,
            head_sha=comment.head_sha,
            body=text,
            author=author,
            parent_comment_id=comment.pk,
        )
        comments.unresolve(comment.pk)
    return answer


def edit_comment(comment_id: str, *, body: str, author: str) -> ReviewComment:
    """Change what one wrote; raises NotAllowed for somebody else's comment."""
    comments = ReviewCommentRepository()
    check_can_edit_comment(comments.get(comment_id), author=author)
    return comments.update(comment_id, body=_check_body(body))


def delete_comment(comment_id: str, *, author: str) -> None:
    """Delete one's comment; a first comment goes with its thread, but not with the answers of others in it."""
    comments = ReviewCommentRepository()
    comment = comments.get(comment_id)
    check_can_edit_comment(comment, author=author)
    others = [answer for answer in comments.find_replies(comment_id) if answer.author != author]
    if others:
        raise Invalid(
            f"{others[0].author} answered in this thread, so it stays. Resolve it instead.",
            {"comment": ["The thread has answers of others."]},
        )
    comments.delete(comment_id)


def resolve_thread(comment_id: str) -> ReviewComment:
    """Close the thread that the comment is in; returns its first comment."""
    comment = ReviewCommentRepository().get(comment_id)
    check_can_comment(PhaseRepository().get(comment.phase_id))
    return ReviewCommentRepository().resolve(comment_id)


def unresolve_thread(comment_id: str) -> ReviewComment:
    """Open the thread that the comment is in again; returns its first comment."""
    comment = ReviewCommentRepository().get(comment_id)
    check_can_comment(PhaseRepository().get(comment.phase_id))
    return ReviewCommentRepository().unresolve(comment_id)


def _check_body(body: str) -> str:
    text = body.replace("\r\n", "\n").replace("\0", "␀").strip()
    if not text:
        raise Invalid("Write a comment first.", {"body": ["Write something."]})
    if len(text) > LONGEST_BODY:
        raise Invalid("This comment is too long.", {"body": [f"At most {LONGEST_BODY:,} characters."]})
    return text


def _choose_project(heads: Heads, project_id: str | None) -> str:
    if project_id:
        if project_id not in heads:
            raise Invalid("This phase has no such project.", {"project_id": ["Not a project of this phase."]})
        return project_id
    if len(heads) != 1:
        raise Invalid("Say which project the file is in.", {"project_id": ["This phase works in several projects."]})
    return next(iter(heads))


def _line_text(phase: Phase, heads: Heads, project_id: str, file_path: str, line_number: int, line_type: str) -> str:
    """The text of the line; raises Invalid where the diff does not show it."""
    try:
        kind: LineType = as_line_type(line_type)
    except ValueError:
        raise Invalid("No such type of line.", {"line_type": ["One of added, removed, context."]}) from None
    file_diff = ReviewedFiles.of_phase(phase, heads).load(project_id, file_path)
    if file_diff is None:
        raise Invalid(f"{file_path} is not changed in this phase.", {"file_path": ["Not a file of this diff."]})
    line = find_line(file_diff, line_number=line_number, line_type=kind)
    if line is None:
        raise Invalid(
            f"The diff of {file_path} has no {line_type} line {line_number}.",
            {"line_number": ["Not a line of this diff."]},
        )
    return line.text.rstrip("\r")
