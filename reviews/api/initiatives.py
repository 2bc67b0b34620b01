from typing import Any

from django.http import HttpRequest
from ninja import Router

from cw_site.foundation.access import name_of, person_of, require_scope
from cw_site.foundation.errors import NotAllowed
from cw_site.foundation.schemas import ERRORS
from initiatives.api.output import initiatives_out, task_out
from initiatives.api.schemas import InitiativeOut, TaskOut
from initiatives.repositories import InitiativeRepository
from reviews.actions.finish import finish_initiative, request_initiative_changes
from reviews.api.output import diff_out
from reviews.api.schemas import DiffOut, FinishIn, IdPath, MergeabilityList, NoteNeeded
from reviews.file_diffs import ReviewedFiles
from reviews.heads import initiative_ranges
from reviews.mergeability import check_mergeability
from reviews.review_page import read_initiative_review

router = Router(tags=["initiatives"])


@router.get(
    "/initiatives/{initiative_id}/diff", response={200: DiffOut, **ERRORS}, summary="What the initiative changed"
)
def initiative_diff(request: HttpRequest, initiative_id: IdPath) -> dict[str, Any]:
    require_scope(request, "read")
    initiative = InitiativeRepository().get(initiative_id)
    return diff_out(ReviewedFiles.of_initiative(initiative, initiative_ranges(initiative)))


@router.get(
    "/initiatives/{initiative_id}/mergeability",
    response={200: MergeabilityList, **ERRORS},
    summary="Whether it merges into the default branches as last fetched",
)
def mergeability(request: HttpRequest, initiative_id: IdPath) -> dict[str, Any]:
    require_scope(request, "read")
    page = read_initiative_review(InitiativeRepository().get(initiative_id))
    if page.problem:
        raise NotAllowed(page.problem)
    items = check_mergeability(page)
    projects = [
        {
            "project_id": item.project.pk,
            "head": item.head,
            "target": item.target,
            "mergeable": item.mergeable,
            "conflicts": item.conflicts,
            "problem": item.problem,
        }
        for item in items
    ]
    return {"mergeable": all(item.mergeable for item in items), "projects": projects}


@router.post(
    "/initiatives/{initiative_id}/finish",
    response={200: InitiativeOut, **ERRORS},
    summary="Merge or push exactly these commits; 409 when a head has moved",
)
def finish(request: HttpRequest, initiative_id: IdPath, body: FinishIn) -> dict[str, Any]:
    require_scope(request, "review")
    finish_initiative(
        initiative_id,
        action=body.action,
        heads=body.head,
        person=person_of(request),
        person_name=name_of(request),
    )
    return initiatives_out([InitiativeRepository().get(initiative_id)])[0]


@router.post(
    "/initiatives/{initiative_id}/request-changes",
    response={200: TaskOut, **ERRORS},
    summary="Send it back; the task of a new phase",
)
def request_changes(request: HttpRequest, initiative_id: IdPath, body: NoteNeeded) -> dict[str, Any]:
    require_scope(request, "review")
    task = request_initiative_changes(
        initiative_id, note=body.note, person=person_of(request), person_name=name_of(request)
    )
    return task_out(task)
