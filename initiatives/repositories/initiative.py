from typing import Any

from django.db import IntegrityError

from cw_site.foundation.errors import NotAllowed, NotFound
from cw_site.foundation.repository import StatusRepository
from initiatives.models import Initiative
from initiatives.states import INITIATIVE_MACHINE, InitiativeStatus


class InitiativeRepository(StatusRepository[Initiative]):
    """The table `initiatives`."""

    model = Initiative
    noun = "initiative"
    machine = INITIATIVE_MACHINE

    def topics(self, row: Initiative) -> list[str]:
        return [f"initiative:{row.pk}", "hq"]

    def create(self, **fields: Any) -> Initiative:
        """Insert an initiative; raises NotAllowed where another one has its branch."""
        try:
            return super().create(**fields)
        except IntegrityError as error:
            raise self._branch_taken(fields, error) from error

    def update(self, row_id: str, **fields: Any) -> Initiative:
        """Write the named columns; raises NotAllowed where another initiative has the branch."""
        try:
            return super().update(row_id, **fields)
        except IntegrityError as error:
            raise self._branch_taken(fields, error) from error

    def find_by_status(self, status: InitiativeStatus | str) -> list[Initiative]:
        """Initiatives in this status, oldest first."""
        return list(Initiative.objects.filter(status=status).order_by("created_at", "id"))

    def find_by_branch(self, branch: str) -> Initiative | None:
        """The initiative that this branch belongs to."""
        return Initiative.objects.filter(branch=branch).first()

    def find_by_project_id(self, project_id: str) -> list[Initiative]:
        """Initiatives that work in the project, newest first."""
        rows = Initiative.objects.filter(project_links__project_id=project_id)
        return list(rows.order_by("-created_at", "-id"))

    def list_page(
        self, *, limit: int, offset: int, status: InitiativeStatus | str | None = None
    ) -> tuple[list[Initiative], int]:
        """A page of initiatives, newest first, and how many there are."""
        rows = Initiative.objects.order_by("-created_at", "-id")
        if status is not None:
            rows = rows.filter(status=status)
        return list(rows[offset : offset + limit]), rows.count()

    def lock(self, initiative_id: str) -> None:
        """Hold the initiative until the present transaction ends: whoever changes its plan waits for the other.

        SQLite has one writer at a time as it is. Inserting phases and tasks does not wait. Raises NotFound.
        """
        row = Initiative.objects.select_for_update(no_key=True).filter(pk=initiative_id).values_list("pk").first()
        if row is None:
            raise NotFound("There is no such initiative. It may have been deleted.")

    def _branch_taken(self, fields: dict[str, Any], error: IntegrityError) -> Exception:
        branch = fields.get("branch")
        if branch and self.find_by_branch(branch):
            return NotAllowed(f"The branch {branch} belongs to another initiative. Choose another name.")
        return error
