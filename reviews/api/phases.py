from typing import Any

from django.http import HttpRequest
from ninja import Router

from cw_site.foundation.access import name_of, person_of, require_scope
from cw_site.foundation.errors import NotAllowed, NotFound
from cw_site.foundation.paging import DEFAULT_LIMIT, page_of
from cw_site.foundation.schemas import ERRORS, Limit, Offset
from initiatives.api.output import phase_out, task_out
from initiatives.api.schemas import PhaseOut, TaskOut
from initiatives.models import Phase
from initiatives.repositories import PhaseRepository
from reviews.actions.decision import approve_review, request_changes
from reviews.api.output import diff_out, file_out, rounds_out
from reviews.api.schemas import (
    ApproveIn,
    DiffOut,
    FileDiffOut,
    IdPath,
    NoteIn,
    PathQuery,
    ProjectQuery,
    RoundFrom,
    RoundList,
    RoundTo,
)
from reviews.file_diffs import ReviewedFiles
from reviews.heads import between
from reviews.repositories import ReviewRoundRepository
from reviews.review_page import phase_seen
from reviews.states import ReviewOwner

router = Router(tags=["phase review"])


def _files(phase: Phase) -> ReviewedFiles:
    decisions = ReviewRoundRepository().list_decisions(ReviewOwner.PHASE, phase.pk)
    return ReviewedFiles.of_phase(phase, phase_seen(phase, decisions))


@router.get("/phases/{phase_id}/diff", response={200: DiffOut, **ERRORS}, summary="What the phase changed")
def phase_diff(request: HttpRequest, phase_id: IdPath) -> dict[str, Any]:
    require_scope(request, "read")
    return diff_out(_files(PhaseRepository().get(phase_id)))


@router.get("/phases/{phase_id}/diff/file", response={200: FileDiffOut, **ERRORS}, summary="The lines of one file")
def phase_file(request: HttpRequest, phase_id: IdPath, project: ProjectQuery, path: PathQuery) -> dict[str, Any]:
    require_scope(request, "read")
    found = file_out(_files(PhaseRepository().get(phase_id)), project, path)
    if found is None:
        raise NotFound("This file is not changed in this phase.")
    return found


@router.get("/phases/{phase_id}/rounds", response={200: RoundList, **ERRORS}, summary="Rounds and decisions")
def phase_rounds(
    request: HttpRequest, phase_id: IdPath, limit: Limit = DEFAULT_LIMIT, offset: Offset = 0
) -> dict[str, Any]:
    require_scope(request, "read")
    PhaseRepository().get(phase_id)
    rounds = ReviewRoundRepository()
    rows = rounds.list_rounds(ReviewOwner.PHASE, phase_id)
    decisions = rounds.list_decisions(ReviewOwner.PHASE, phase_id)
    return page_of(rounds_out(rows[offset : offset + limit], decisions), len(rows))


@router.get(
    "/phases/{phase_id}/interdiff", response={200: DiffOut, **ERRORS}, summary="What changed between two rounds"
)
def phase_interdiff(request: HttpRequest, phase_id: IdPath, first: RoundFrom, last: RoundTo) -> dict[str, Any]:
    require_scope(request, "read")
    phase = PhaseRepository().get(phase_id)
    rounds = {row.number: row for row in ReviewRoundRepository().list_rounds(ReviewOwner.PHASE, phase_id)}
    if first not in rounds or last not in rounds:
        raise NotFound(f"This phase has {len(rounds)} rounds; there is none of that number.")
    return diff_out(ReviewedFiles.of_phase(phase, between(rounds[first].heads, rounds[last].heads)))


@router.post(
    "/phases/{phase_id}/request-changes", response={200: TaskOut, **ERRORS}, summary="Send it back; the review task"
)
def phase_changes(request: HttpRequest, phase_id: IdPath, body: NoteIn | None = None) -> dict[str, Any]:
    require_scope(request, "review")
    note = body.note if body else ""
    task = request_changes(phase_id, person=person_of(request), person_name=name_of(request), note=note)
    return task_out(task)


@router.post(
    "/phases/{phase_id}/approve-review",
    response={200: PhaseOut, **ERRORS},
    summary="Approve exactly these commits; 409 when a head has moved",
)
def phase_approve(request: HttpRequest, phase_id: IdPath, body: ApproveIn) -> dict[str, Any]:
    require_scope(request, "review")
    if not body.head and ReviewRoundRepository().latest_round(ReviewOwner.PHASE, phase_id) is None:
        PhaseRepository().get(phase_id)
        raise NotAllowed("This phase has no review round yet.")
    approve_review(phase_id, heads=body.head, person=person_of(request), person_name=name_of(request), note=body.note)
    return phase_out(PhaseRepository().get(phase_id))
