from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction

from cw_site.foundation.errors import NotAllowed, NotFound
from cw_site.foundation.events import publish
from cw_site.foundation.repository import Repository
from initiatives.models import InitiativeProject, Project
from initiatives.repositories.initiative import InitiativeRepository


class ProjectRepository(Repository[Project]):
    """The tables `projects` and `initiative_projects`."""

    model = Project
    noun = "project"
    default_order = ("name", "id")

    def topics(self, row: Project) -> list[str]:
        return [f"project:{row.pk}"]

    def create(self, **fields: Any) -> Project:
        """Insert a project; raises NotAllowed where its name or URL is taken."""
        try:
            return super().create(**fields)
        except IntegrityError as error:
            raise self._taken(fields, error) from error

    def update(self, row_id: str, **fields: Any) -> Project:
        """Write the named columns; raises NotAllowed where the name or URL is taken."""
        try:
            return super().update(row_id, **fields)
        except IntegrityError as error:
            raise self._taken(fields, error) from error

    def find_by_name(self, name: str) -> Project | None:
        """The project of this name."""
        return Project.objects.filter(name=name).first()

    def find_by_url(self, url: str) -> Project | None:
        """The project of this URL or path."""
        return Project.objects.filter(url=url).first()

    def list_page(self, *, limit: int, offset: int) -> tuple[list[Project], int]:
        """A page of projects by name, and how many there are."""
        rows = Project.objects.order_by(*self.default_order)
        return list(rows[offset : offset + limit]), rows.count()

    def list_sync_requested(self) -> list[Project]:
        """Projects whose sync was asked for and not yet done, longest first."""
        return list(Project.objects.filter(sync_requested_at__isnull=False).order_by("sync_requested_at", "id"))

    def find_projects_by_initiative_id(self, initiative_id: str) -> list[Project]:
        """The projects an initiative works in, by name."""
        rows = Project.objects.filter(initiative_links__initiative_id=initiative_id)
        return list(rows.order_by(*self.default_order))

    def find_projects_by_initiative_ids(self, initiative_ids: Iterable[str]) -> dict[str, list[Project]]:
        """The same for many initiatives in one query; those without a project are absent."""
        links = InitiativeProject.objects.select_related("project").filter(initiative_id__in=list(initiative_ids))
        projects: dict[str, list[Project]] = {}
        for link in links.order_by("project__name", "id"):
            projects.setdefault(link.initiative_id, []).append(link.project)
        return projects

    def set_initiative_projects(self, initiative_id: str, project_ids: Iterable[str]) -> list[Project]:
        """Make these the initiative's projects, writing only the difference; raises NotFound."""
        wanted = list(dict.fromkeys(project_ids))
        with transaction.atomic():
            InitiativeRepository().lock(initiative_id)
            if Project.objects.filter(pk__in=wanted).count() != len(wanted):
                raise NotFound("One of these projects is gone. Look again and choose from the list.")
            links = InitiativeProject.objects.filter(initiative_id=initiative_id)
            present = set(links.values_list("project_id", flat=True))
            added = [project_id for project_id in wanted if project_id not in present]
            removed = present - set(wanted)
            if removed:
                links.filter(project_id__in=removed).delete()
            InitiativeProject.objects.bulk_create(
                InitiativeProject(initiative_id=initiative_id, project_id=project_id) for project_id in added
            )
            if added or removed:
                publish(f"initiative:{initiative_id}", "updated", id=initiative_id)
        return self.find_projects_by_initiative_id(initiative_id)

    def _taken(self, fields: dict[str, Any], error: IntegrityError) -> Exception:
        name, url = fields.get("name"), fields.get("url")
        if url and self.find_by_url(url):
            return NotAllowed(f"There is a project for {url} already.")
        if name and self.find_by_name(name):
            return NotAllowed(f"There is a project named “{name}” already. Choose another name.")
        return error
