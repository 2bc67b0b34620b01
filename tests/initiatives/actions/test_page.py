"""Pages: a tree under one root."""

import pytest

from cw_site.foundation.errors import Invalid, NotAllowed
from initiatives.actions.page import create_page, delete_page, edit_page
from initiatives.repositories.page import PageRepository
from initiatives.richtext import markdown_of
from tests.factories import make_initiative

pytestmark = pytest.mark.django_db


def test_a_page_without_a_parent_stands_below_the_root() -> None:
    initiative = make_initiative()
    one = create_page(initiative.pk, title="One", content="# Hi")
    two = create_page(initiative.pk, title="Two")
    root = PageRepository().find_root_page(initiative.pk)
    assert root is not None
    assert [one.parent_page_id, two.parent_page_id] == [root.pk, root.pk]
    assert (one.sort_order, two.sort_order, markdown_of(one.content).strip()) == (0, 1, "# Hi")


def test_a_page_moves_but_not_below_itself() -> None:
    initiative = make_initiative()
    one = create_page(initiative.pk, title="One")
    two = create_page(initiative.pk, title="Two", parent_page_id=one.pk)
    three = create_page(initiative.pk, title="Three", parent_page_id=two.pk)
    with pytest.raises(Invalid, match="below itself"):
        edit_page(one.pk, parent_page_id=three.pk)
    assert edit_page(three.pk, parent_page_id=one.pk, title="Third").parent_page_id == one.pk
    assert edit_page(three.pk).title == "Third"


def test_the_root_stays_the_root() -> None:
    initiative = make_initiative()
    page = create_page(initiative.pk, title="One")
    root_id = str(page.parent_page_id)
    with pytest.raises(NotAllowed, match="root page"):
        delete_page(root_id)
    with pytest.raises(NotAllowed, match="root page"):
        edit_page(root_id, parent_page_id=page.pk)
    assert edit_page(root_id, title="Home", content="Text").title == "Home"


def test_deleting_takes_what_stands_below() -> None:
    initiative = make_initiative()
    one = create_page(initiative.pk, title="One")
    create_page(initiative.pk, title="Two", parent_page_id=one.pk)
    delete_page(one.pk)
    assert len(PageRepository().find_by_initiative_id(initiative.pk)) == 1


def test_parents_of_other_initiatives_are_refused() -> None:
    stranger = create_page(make_initiative().pk, title="One")
    with pytest.raises(Invalid) as refused:
        create_page(make_initiative().pk, title="X", parent_page_id=stranger.pk)
    assert list(refused.value.fields) == ["parent_page_id"]


def test_an_archived_initiative_keeps_its_pages_as_they_are() -> None:
    with pytest.raises(NotAllowed, match="archived"):
        create_page(make_initiative(status="archived").pk, title="X")
