from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status

from cw_site.foundation.access import require_scope
from cw_site.foundation.paging import DEFAULT_LIMIT
from cw_site.foundation.schemas import ERRORS, Id, IdPath, Limit, Offset
from initiatives.actions.checks import invalid
from initiatives.actions.phase import (
    add_dependency,
    approve_phase,
    create_phase,
    delete_phase,
    edit_phase,
    queue_phase,
    remove_dependency,
    withdraw_approval,
)
from initiatives.api.output import answer, answer_page, phase_out, phases_out
from initiatives.api.schemas import DependencyIn, Format, PhaseIn, PhaseList, PhaseOut, PhasePatch
from initiatives.repositories.initiative import InitiativeRepository
from initiatives.repositories.phase import PhaseRepository

router = Router(tags=["phases"])


@router.get("/initiatives/{initiative_id}/phases", response={200: PhaseList, **ERRORS}, summary="Phases by age")
def list_phases(
    request: HttpRequest,
    initiative_id: IdPath,
    limit: Limit = DEFAULT_LIMIT,
    offset: Offset = 0,
    format: Format = "json",
) -> HttpResponse:
    require_scope(request, "read")
    InitiativeRepository().get(initiative_id)
    rows = PhaseRepository().find_by_initiative_id(initiative_id)
    return answer_page(phases_out(rows[offset : offset + limit], initiative_id, format=format), len(rows))


@router.post("/initiatives/{initiative_id}/phases", response={201: PhaseOut, **ERRORS}, summary="Add a phase")
def post_phase(request: HttpRequest, initiative_id: IdPath, body: PhaseIn) -> HttpResponse:
    require_scope(request, "run")
    phase = create_phase(initiative_id, name=body.name, content=body.content, depends_on=body.depends_on)
    return answer(phase_out(phase), status=201)


@router.get("/phases/{phase_id}", response={200: PhaseOut, **ERRORS}, summary="A phase")
def get_phase(request: HttpRequest, phase_id: IdPath, format: Format = "json") -> HttpResponse:
    require_scope(request, "read")
    return answer(phase_out(PhaseRepository().get(phase_id), format=format))


@router.patch("/phases/{phase_id}", response={200: PhaseOut, **ERRORS}, summary="Change a phase")
def patch_phase(request: HttpRequest, phase_id: IdPath, body: PhasePatch) -> HttpResponse:
    require_scope(request, "run")
    return answer(phase_out(edit_phase(phase_id, **body.dict(exclude_unset=True))))


@router.delete("/phases/{phase_id}", response={204: None, **ERRORS}, summary="Delete a phase that has not started")
def remove_phase(request: HttpRequest, phase_id: IdPath) -> Status[None]:
    require_scope(request, "admin")
    delete_phase(phase_id)
    return Status(204, None)


@router.post("/phases/{phase_id}/approve", response={200: PhaseOut, **ERRORS}, summary="Approve, or unblock")
def approve(request: HttpRequest, phase_id: IdPath) -> HttpResponse:
    require_scope(request, "run")
    return answer(phase_out(approve_phase(phase_id)))


@router.post("/phases/{phase_id}/withdraw", response={200: PhaseOut, **ERRORS}, summary="Withdraw the approval")
def withdraw(request: HttpRequest, phase_id: IdPath) -> HttpResponse:
    require_scope(request, "run")
    return answer(phase_out(withdraw_approval(phase_id)))


@router.post("/phases/{phase_id}/queue", response={200: PhaseOut, **ERRORS}, summary="Start it when its turn comes")
def queue(request: HttpRequest, phase_id: IdPath) -> HttpResponse:
    require_scope(request, "run")
    return answer(phase_out(queue_phase(phase_id)))


@router.post("/phases/{phase_id}/dependencies", response={201: PhaseOut, **ERRORS}, summary="Wait for another phase")
def post_dependency(request: HttpRequest, phase_id: IdPath, body: DependencyIn) -> HttpResponse:
    require_scope(request, "run")
    return answer(phase_out(add_dependency(phase_id, depends_on_phase_id=body.depends_on_phase_id)), status=201)


@router.delete(
    "/phases/{phase_id}/dependencies",
    response={200: PhaseOut, **ERRORS},
    summary="Wait for it no longer; named in the query or the body",
)
def delete_dependency(
    request: HttpRequest,
    phase_id: IdPath,
    depends_on_phase_id: Annotated[Id | None, Query()] = None,
    body: DependencyIn | None = None,
) -> HttpResponse:
    require_scope(request, "run")
    other_id = depends_on_phase_id or (body.depends_on_phase_id if body else "")
    if not other_id:
        raise invalid("depends_on_phase_id", "Say which phase it shall wait for no longer: depends_on_phase_id.")
    return answer(phase_out(remove_dependency(phase_id, depends_on_phase_id=other_id)))
