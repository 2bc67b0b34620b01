from django.db import transaction

from cw_site.foundation.repository import Repository
from initiatives.models import Page
from initiatives.repositories.initiative import InitiativeRepository


class PageRepository(Repository[Page]):
    """The table `pages`: a tree under one root page for each initiative."""

    model = Page
    noun = "page"
    default_order = ("sort_order", "created_at", "id")

    def topics(self, row: Page) -> list[str]:
        return [f"initiative:{row.initiative_id}"]

    def find_root_page(self, initiative_id: str) -> Page | None:
        """The page without a parent, or None."""
        return Page.objects.filter(initiative_id=initiative_id, parent_page__isnull=True).first()

    def get_or_create_root_page(self, initiative_id: str) -> Page:
        """The root page, made with the initiative's name where it is missing; two callers get the same one."""
        initiative = InitiativeRepository().get(initiative_id)
        with transaction.atomic():
            page, created = Page.objects.get_or_create(
                initiative=initiative, parent_page=None, defaults={"title": initiative.name}
            )
            if created:
                self._tell(page, "created")
        return page

    def find_by_parent_page_id(self, parent_page_id: str) -> list[Page]:
        """The pages right below a page, in their order."""
        return list(Page.objects.filter(parent_page_id=parent_page_id).order_by(*self.default_order))

    def find_by_initiative_id(self, initiative_id: str) -> list[Page]:
        """All pages of an initiative, each level in its order."""
        return list(Page.objects.filter(initiative_id=initiative_id).order_by(*self.default_order))
