from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Prefetch, QuerySet

from cw_site.foundation.clock import now
from cw_site.foundation.errors import NotFound
from cw_site.foundation.events import publish
from cw_site.foundation.repository import SteppedRepository
from reviews.models import ChangeSet, ChangeSetEntry, Proposal
from reviews.states import CHANGE_SET_MACHINE, PROPOSAL_MACHINE, ChangeSetStatus, ProposalStatus


class ProposalRepository(SteppedRepository[Proposal]):
    """The table `proposals`, and `change_sets` with their entries: what became of proposals and chat turns."""

    model = Proposal
    noun = "proposal"
    machine = PROPOSAL_MACHINE
    default_order = ("sort_order", "created_at", "id")

    def topics(self, row: Proposal) -> list[str]:
        return ["hq"]

    def find_by_agent_id_and_status(self, agent_id: str, status: ProposalStatus | str) -> list[Proposal]:
        """An agent's proposals in this status, in their order."""
        rows = Proposal.objects.filter(agent_id=agent_id, status=status)
        return list(rows.order_by(*self.default_order))

    def update_many_by_agent_id(
        self, agent_id: str, *, source_status: ProposalStatus | str, status: ProposalStatus | str
    ) -> int:
        """Move all of an agent's proposals from one status to another; returns how many."""
        self.machine.check(str(source_status), str(status))
        with transaction.atomic():
            rows = Proposal.objects.filter(agent_id=agent_id, status=source_status)
            changed = rows.update(status=status, updated_at=now())
            if changed:
                publish("hq", str(status), agent_id=agent_id)
        return changed

    def count_by_agent_id_and_status(self, agent_id: str, status: ProposalStatus | str) -> int:
        """How many of an agent's proposals are in this status."""
        return Proposal.objects.filter(agent_id=agent_id, status=status).count()

    def find_by_initiative_id(self, initiative_id: str, status: ProposalStatus | str | None = None) -> list[Proposal]:
        """An initiative's proposals with their agents, in their order."""
        rows = Proposal.objects.select_related("agent").filter(initiative_id=initiative_id)
        if status is not None:
            rows = rows.filter(status=status)
        return list(rows.order_by(*self.default_order))

    def create_change_set(
        self,
        *,
        initiative_id: str,
        source: str,
        entries: Iterable[Mapping[str, Any]],
        summary: str = "",
        agent_id: str | None = None,
    ) -> ChangeSet:
        """Record what was changed; each entry names entity_type, entity_id, action, previous_state, new_state."""
        return _ChangeSets().record(
            entries, initiative_id=initiative_id, source=source, summary=summary, agent_id=agent_id
        )

    def find_change_sets(self, initiative_id: str) -> list[ChangeSet]:
        """An initiative's change sets with their entries, newest first."""
        return list(_change_sets().filter(initiative_id=initiative_id).order_by("-created_at", "-id"))

    def get_change_set(self, change_set_id: str) -> ChangeSet:
        """The change set with its entries in their order; raises NotFound."""
        change_set = _change_sets().filter(pk=change_set_id).first()
        if change_set is None:
            raise NotFound("There is no such change set. It may have been deleted.")
        return change_set

    def mark_reverted(self, change_set_id: str) -> ChangeSet:
        """Note that it was taken back; raises InvalidTransition where it was before, NotFound."""
        return _ChangeSets().step(change_set_id, to=ChangeSetStatus.REVERTED)


class _ChangeSets(SteppedRepository[ChangeSet]):
    model = ChangeSet
    noun = "change set"
    machine = CHANGE_SET_MACHINE

    def topics(self, row: ChangeSet) -> list[str]:
        return [f"initiative:{row.initiative_id}"]

    def record(self, entries: Iterable[Mapping[str, Any]], **fields: Any) -> ChangeSet:
        with transaction.atomic():
            change_set = self.create(**fields)
            ChangeSetEntry.objects.bulk_create(
                ChangeSetEntry(**{"sort_order": place, **entry}, change_set=change_set)
                for place, entry in enumerate(entries)
            )
        return change_set


def _change_sets() -> QuerySet[ChangeSet]:
    entries = ChangeSetEntry.objects.order_by("sort_order", "id")
    return ChangeSet.objects.select_related("agent").prefetch_related(Prefetch("entries", queryset=entries))
