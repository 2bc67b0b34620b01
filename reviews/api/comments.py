from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from cw_site.foundation.access import name_of, require_scope
from cw_site.foundation.errors import Invalid
from cw_site.foundation.paging import DEFAULT_LIMIT, page_of
from cw_site.foundation.schemas import ERRORS, Limit, Offset
from initiatives.api.output import columns_of
from initiatives.repositories import PhaseRepository
from reviews.actions.comment import (
    add_comment,
    delete_comment,
    edit_comment,
    reply,
    resolve_thread,
    unresolve_thread,
)
from reviews.api.schemas import CommentIn, CommentList, CommentOut, CommentPatch, IdPath
from reviews.models import ReviewComment
from reviews.repositories import ReviewCommentRepository

router = Router(tags=["review comments"])


@router.get("/phases/{phase_id}/comments", response={200: CommentList, **ERRORS}, summary="Comments, oldest first")
def list_comments(
    request: HttpRequest, phase_id: IdPath, limit: Limit = DEFAULT_LIMIT, offset: Offset = 0
) -> dict[str, Any]:
    require_scope(request, "read")
    PhaseRepository().get(phase_id)
    rows = ReviewCommentRepository().find_by_phase_id(phase_id)
    return page_of([columns_of(row) for row in rows[offset : offset + limit]], len(rows))


@router.post("/phases/{phase_id}/comments", response={201: CommentOut, **ERRORS}, summary="Comment on a line, or reply")
def post_comment(request: HttpRequest, phase_id: IdPath, body: CommentIn) -> Status[dict[str, Any]]:
    require_scope(request, "comment")
    PhaseRepository().get(phase_id)
    return Status(201, columns_of(_create(phase_id, body, author=name_of(request))))


@router.patch("/review-comments/{comment_id}", response={200: CommentOut, **ERRORS}, summary="Change one's comment")
def patch_comment(request: HttpRequest, comment_id: IdPath, body: CommentPatch) -> dict[str, Any]:
    require_scope(request, "comment")
    return columns_of(edit_comment(comment_id, body=body.body, author=name_of(request)))


@router.delete("/review-comments/{comment_id}", response={204: None, **ERRORS}, summary="Delete one's comment")
def remove_comment(request: HttpRequest, comment_id: IdPath) -> Status[None]:
    require_scope(request, "comment")
    delete_comment(comment_id, author=name_of(request))
    return Status(204, None)


@router.post("/review-comments/{comment_id}/resolve", response={200: CommentOut, **ERRORS}, summary="Close a thread")
def resolve(request: HttpRequest, comment_id: IdPath) -> dict[str, Any]:
    require_scope(request, "comment")
    return columns_of(resolve_thread(comment_id))


@router.post(
    "/review-comments/{comment_id}/unresolve", response={200: CommentOut, **ERRORS}, summary="Open a thread again"
)
def unresolve(request: HttpRequest, comment_id: IdPath) -> dict[str, Any]:
    require_scope(request, "comment")
    return columns_of(unresolve_thread(comment_id))


def _create(phase_id: str, body: CommentIn, *, author: str) -> ReviewComment:
    if body.parent_comment_id is not None:
        parent = ReviewCommentRepository().find_by_id(body.parent_comment_id)
        if parent is None or parent.phase_id != phase_id:
            message = "There is no such thread in this phase."
            raise Invalid(message, {"parent_comment_id": [message]})
        return reply(body.parent_comment_id, body=body.body, author=author)
    if body.file_path is None or body.line_number is None or body.line_type is None:
        given = {"file_path": body.file_path, "line_number": body.line_number, "line_type": body.line_type}
        missing = {name: ["This field is required."] for name, value in given.items() if value is None}
        raise Invalid(f"Say where the line is: {', '.join(missing)} is missing.", missing)
    return add_comment(
        phase_id,
        file_path=body.file_path,
        line_number=body.line_number,
        line_type=body.line_type,
        body=body.body,
        author=author,
        project_id=body.project_id,
    )
