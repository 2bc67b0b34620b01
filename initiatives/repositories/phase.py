from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from cw_site.foundation.errors import NotAllowed, NotFound
from cw_site.foundation.repository import StatusRepository
from initiatives.models import Phase, PhaseDependency
from initiatives.repositories.edges import find_path
from initiatives.repositories.initiative import InitiativeRepository
from initiatives.states import PHASE_MACHINE, InitiativeStatus, PhaseStatus


class PhaseRepository(StatusRepository[Phase]):
    """The tables `phases` and `phase_dependencies`."""

    model = Phase
    noun = "phase"
    machine = PHASE_MACHINE

    def topics(self, row: Phase) -> list[str]:
        return [f"phase:{row.pk}", f"initiative:{row.initiative_id}", "hq"]

    def find_by_id(self, row_id: str) -> Phase | None:
        """The phase with its initiative, or None."""
        return Phase.objects.select_related("initiative").filter(pk=row_id).first()

    def find_by_initiative_id(self, initiative_id: str) -> list[Phase]:
        """The phases of an initiative in the order they were made."""
        rows = Phase.objects.select_related("initiative").filter(initiative_id=initiative_id)
        return list(rows.order_by("created_at", "id"))

    def find_by_status(self, status: PhaseStatus | str) -> list[Phase]:
        """Phases in this status, longest in it first."""
        rows = Phase.objects.select_related("initiative").filter(status=status)
        return list(rows.order_by("status_since", "id"))

    def create_dependency(self, phase_id: str, depends_on_phase_id: str) -> PhaseDependency:
        """Let a phase wait for another one of its initiative; raises NotAllowed with the rule that is broken."""
        with transaction.atomic():
            phase, other = self.get(phase_id), self.get(depends_on_phase_id)
            if phase.pk == other.pk:
                raise NotAllowed(f"The phase “{phase.name}” cannot wait for itself.")
            if phase.initiative_id != other.initiative_id:
                raise NotAllowed(f"“{phase.name}” and “{other.name}” belong to different initiatives.")
            InitiativeRepository().lock(phase.initiative_id)
            edges = self.list_edges(phase.initiative_id)
            if (phase.pk, other.pk) in edges:
                raise NotAllowed(f"“{phase.name}” already waits for “{other.name}”.")
            path = find_path(edges, start=other.pk, goal=phase.pk)
            if path:
                names = dict(Phase.objects.filter(pk__in=path).values_list("id", "name"))
                chain = " → ".join(names[phase_id] for phase_id in path)
                raise NotAllowed(f"“{other.name}” already waits for “{phase.name}”: {chain}. This would be a circle.")
            edge = PhaseDependency.objects.create(phase=phase, depends_on_phase=other)
            self._tell(phase, "updated")
        return edge

    def remove_dependency(self, phase_id: str, depends_on_phase_id: str) -> None:
        """Let a phase no longer wait for the other one; raises NotFound."""
        with transaction.atomic():
            phase = self.get(phase_id)
            InitiativeRepository().lock(phase.initiative_id)
            edges = PhaseDependency.objects.filter(phase_id=phase_id, depends_on_phase_id=depends_on_phase_id)
            if not edges.exists():
                raise NotFound(f"“{phase.name}” does not wait for that phase.")
            edges.delete()
            self._tell(phase, "updated")

    def get_dependencies(self, phase_id: str) -> list[Phase]:
        """What the phase waits for."""
        rows = Phase.objects.filter(dependent_links__phase_id=phase_id)
        return list(rows.order_by("created_at", "id"))

    def get_dependents(self, phase_id: str) -> list[Phase]:
        """What waits for the phase."""
        rows = Phase.objects.filter(dependency_links__depends_on_phase_id=phase_id)
        return list(rows.order_by("created_at", "id"))

    def list_edges(self, initiative_id: str) -> list[tuple[str, str]]:
        """All edges of an initiative as (phase, phase it waits for)."""
        edges = PhaseDependency.objects.filter(phase__initiative_id=initiative_id).order_by("created_at", "id")
        return list(edges.values_list("phase_id", "depends_on_phase_id"))

    def list_startable(self) -> list[Phase]:
        """Approved and queued phases of active initiatives whose dependencies are all completed."""
        return list(self._queued().exclude(Exists(self._open_edges())))

    def list_waiting_queued(self) -> list[Phase]:
        """Approved and queued phases of active initiatives that wait for another phase."""
        return list(self._queued().filter(Exists(self._open_edges())))

    def _queued(self) -> QuerySet[Phase]:
        rows = Phase.objects.select_related("initiative").filter(
            status=PhaseStatus.APPROVED, queued_at__isnull=False, initiative__status=InitiativeStatus.ACTIVE
        )
        return rows.order_by("queued_at", "created_at", "id")

    def _open_edges(self) -> QuerySet[PhaseDependency]:
        edges = PhaseDependency.objects.filter(phase_id=OuterRef("pk"))
        return edges.exclude(depends_on_phase__status=PhaseStatus.COMPLETED)
