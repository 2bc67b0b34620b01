from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Router, Status

from cw_site.foundation.access import require_scope
from cw_site.foundation.paging import DEFAULT_LIMIT
from cw_site.foundation.schemas import ERRORS, IdPath, Limit, Offset
from initiatives.actions.initiative import (
    archive_initiative,
    create_initiative,
    delete_initiative,
    edit_initiative,
    queue_all,
    restore_initiative,
)
from initiatives.api.output import Row, answer, answer_page, initiatives_out, phases_out
from initiatives.api.schemas import InitiativeIn, InitiativeList, InitiativeOut, InitiativePatch, PhaseList
from initiatives.repositories.initiative import InitiativeRepository
from initiatives.states import InitiativeStatus

router = Router(tags=["initiatives"])


@router.get("/initiatives", response={200: InitiativeList, **ERRORS}, summary="Initiatives, newest first")
def list_initiatives(
    request: HttpRequest, status: InitiativeStatus | None = None, limit: Limit = DEFAULT_LIMIT, offset: Offset = 0
) -> HttpResponse:
    require_scope(request, "read")
    rows, count = InitiativeRepository().list_page(limit=limit, offset=offset, status=status)
    return answer_page(initiatives_out(rows), count)


@router.post("/initiatives", response={201: InitiativeOut, **ERRORS}, summary="Make an initiative")
def post_initiative(request: HttpRequest, body: InitiativeIn) -> HttpResponse:
    require_scope(request, "run")
    return answer(_out(create_initiative(**body.dict()).id), status=201)


@router.get("/initiatives/{initiative_id}", response={200: InitiativeOut, **ERRORS}, summary="An initiative")
def get_initiative(request: HttpRequest, initiative_id: IdPath) -> HttpResponse:
    require_scope(request, "read")
    return answer(_out(initiative_id))


@router.patch("/initiatives/{initiative_id}", response={200: InitiativeOut, **ERRORS}, summary="Change or archive")
def patch_initiative(request: HttpRequest, initiative_id: IdPath, body: InitiativePatch) -> HttpResponse:
    require_scope(request, "run")
    changes = body.dict(exclude_unset=True)
    status = changes.pop("status", None)
    with transaction.atomic():
        if status == InitiativeStatus.ACTIVE:
            restore_initiative(initiative_id)
        if changes:
            edit_initiative(initiative_id, **changes)
        if status == InitiativeStatus.ARCHIVED:
            archive_initiative(initiative_id)
    return answer(_out(initiative_id))


@router.delete("/initiatives/{initiative_id}", response={204: None, **ERRORS}, summary="Delete; commits stay")
def remove_initiative(request: HttpRequest, initiative_id: IdPath) -> Status[None]:
    require_scope(request, "admin")
    delete_initiative(initiative_id)
    return Status(204, None)


@router.post(
    "/initiatives/{initiative_id}/queue-all",
    response={200: PhaseList, **ERRORS},
    summary="Queue every approved phase; answers those queued now",
)
def queue_all_phases(request: HttpRequest, initiative_id: IdPath) -> HttpResponse:
    require_scope(request, "run")
    queued = queue_all(initiative_id)
    return answer_page(phases_out(queued, initiative_id), len(queued))


def _out(initiative_id: str) -> Row:
    return initiatives_out([InitiativeRepository().get(initiative_id)])[0]
