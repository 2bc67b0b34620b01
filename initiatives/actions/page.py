"""Pages: the documents of an initiative, in a tree under one root page."""

from typing import Any

from cw_site.foundation.errors import NotAllowed
from initiatives.actions.checks import checked_name, invalid
from initiatives.models import Page
from initiatives.policies import check_can_change_pages
from initiatives.repositories.initiative import InitiativeRepository
from initiatives.repositories.page import PageRepository
from initiatives.richtext import Content, stored

TITLE_LENGTH = 300


def create_page(initiative_id: str, *, title: str, content: Content = None, parent_page_id: str | None = None) -> Page:
    """A new page, last below its parent; without one it stands below the root page."""
    check_can_change_pages(InitiativeRepository().get(initiative_id))
    fields = {
        "title": checked_name(title, field="title", limit=TITLE_LENGTH),
        "content": stored(content, field="content"),
    }
    parent = _parent(initiative_id, parent_page_id)
    siblings = PageRepository().find_by_parent_page_id(parent.id)
    last = max((page.sort_order for page in siblings), default=-1)
    return PageRepository().create(initiative_id=initiative_id, parent_page_id=parent.id, sort_order=last + 1, **fields)


def edit_page(
    page_id: str, *, title: str | None = None, content: Content = None, parent_page_id: str | None = None
) -> Page:
    """Change what is given. The root page stays the root."""
    page = PageRepository().get(page_id)
    check_can_change_pages(InitiativeRepository().get(page.initiative_id))
    fields: dict[str, Any] = {}
    if title is not None:
        fields["title"] = checked_name(title, field="title", limit=TITLE_LENGTH)
    if content is not None:
        fields["content"] = stored(content, field="content")
    if parent_page_id is not None and parent_page_id != page.parent_page_id:
        fields["parent_page_id"] = _new_parent(page, parent_page_id).id
    return PageRepository().update(page_id, **fields) if fields else page


def delete_page(page_id: str) -> None:
    """Delete a page and those below it; the root page stays."""
    page = PageRepository().get(page_id)
    check_can_change_pages(InitiativeRepository().get(page.initiative_id))
    if page.parent_page_id is None:
        raise NotAllowed("This is the initiative's root page; it goes with the initiative.")
    PageRepository().delete(page_id)


def _parent(initiative_id: str, parent_page_id: str | None) -> Page:
    if parent_page_id is None:
        return PageRepository().get_or_create_root_page(initiative_id)
    parent = PageRepository().find_by_id(parent_page_id)
    if parent is None or parent.initiative_id != initiative_id:
        raise invalid("parent_page_id", f"There is no page “{parent_page_id[:40]}” in this initiative.")
    return parent


def _new_parent(page: Page, parent_page_id: str) -> Page:
    if page.parent_page_id is None:
        raise NotAllowed("This is the initiative's root page; it has no page above it.")
    parent = _parent(page.initiative_id, parent_page_id)
    parents = {other.id: other.parent_page_id for other in PageRepository().find_by_initiative_id(page.initiative_id)}
    above: str | None = parent.id
    while above is not None:
        if above == page.id:
            raise invalid("parent_page_id", "A page cannot stand below itself.")
        above = parents.get(above)
    return parent
