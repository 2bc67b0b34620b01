from typing import Any

from django.http import HttpRequest
from ninja import Router

from agents.repositories import AgentRepository
from cw_site.foundation.access import require_scope
from cw_site.foundation.errors import NotFound
from cw_site.foundation.paging import DEFAULT_LIMIT, page_of
from cw_site.foundation.schemas import ERRORS, Limit, Offset
from initiatives.api.output import columns_of
from initiatives.repositories import InitiativeRepository
from reviews.api.schemas import ChangeSetList, DismissedOut, IdPath, ProposalList, ProposalOut
from reviews.models import ChangeSet
from reviews.repositories import ProposalRepository
from reviews.states import ProposalStatus

router = Router(tags=["planning"])


@router.get(
    "/initiatives/{initiative_id}/proposals", response={200: ProposalList, **ERRORS}, summary="What agents suggest"
)
def list_proposals(
    request: HttpRequest,
    initiative_id: IdPath,
    status: ProposalStatus | None = None,
    limit: Limit = DEFAULT_LIMIT,
    offset: Offset = 0,
) -> dict[str, Any]:
    require_scope(request, "read")
    InitiativeRepository().get(initiative_id)
    rows = ProposalRepository().find_by_initiative_id(initiative_id, status=status)
    return page_of([columns_of(row) for row in rows[offset : offset + limit]], len(rows))


@router.post("/proposals/{proposal_id}/dismiss", response={200: ProposalOut, **ERRORS}, summary="Dismiss a proposal")
def dismiss(request: HttpRequest, proposal_id: IdPath) -> dict[str, Any]:
    require_scope(request, "review")
    return columns_of(ProposalRepository().step(proposal_id, to=ProposalStatus.DISMISSED))


@router.post(
    "/agents/{agent_id}/proposals/dismiss",
    response={200: DismissedOut, **ERRORS},
    summary="Dismiss all of an agent's proposals that wait",
)
def dismiss_all(request: HttpRequest, agent_id: IdPath) -> dict[str, int]:
    require_scope(request, "review")
    agent = AgentRepository().find_by_name_or_id(agent_id)
    if agent is None:
        raise NotFound("There is no such agent. It may have been deleted.")
    count = ProposalRepository().update_many_by_agent_id(
        agent.pk, source_status=ProposalStatus.PENDING, status=ProposalStatus.DISMISSED
    )
    return {"dismissed": count}


@router.get(
    "/initiatives/{initiative_id}/change-sets", response={200: ChangeSetList, **ERRORS}, summary="What was applied"
)
def list_change_sets(
    request: HttpRequest, initiative_id: IdPath, limit: Limit = DEFAULT_LIMIT, offset: Offset = 0
) -> dict[str, Any]:
    require_scope(request, "read")
    InitiativeRepository().get(initiative_id)
    rows = ProposalRepository().find_change_sets(initiative_id)
    return page_of([_change_set(row) for row in rows[offset : offset + limit]], len(rows))


def _change_set(row: ChangeSet) -> dict[str, Any]:
    return columns_of(row) | {"entries": [columns_of(entry) for entry in row.entries.all()]}
