import pytest

from cw_site.foundation.errors import NotFound
from initiatives.repositories import PageRepository
from tests.factories import make_initiative

pytestmark = [pytest.mark.databases, pytest.mark.django_db]


def test_the_root_page_is_made_once_with_the_initiatives_name() -> None:
    initiative = make_initiative(name="User accounts")
    repository = PageRepository()
    assert repository.find_root_page(initiative.pk) is None

    root = repository.get_or_create_root_page(initiative.pk)

    assert root.title == "User accounts"
    assert repository.get_or_create_root_page(initiative.pk) == root
    assert repository.find_root_page(initiative.pk) == root
    with pytest.raises(NotFound):
        repository.get_or_create_root_page("gone")


def test_child_pages_come_in_their_order() -> None:
    initiative = make_initiative()
    repository = PageRepository()
    root = repository.get_or_create_root_page(initiative.pk)
    last = repository.create(initiative=initiative, parent_page=root, title="Last", sort_order=2)
    first = repository.create(initiative=initiative, parent_page=root, title="First", sort_order=1)
    below = repository.create(initiative=initiative, parent_page=first, title="Below", sort_order=3)

    assert repository.find_by_parent_page_id(root.pk) == [first, last]
    assert repository.find_by_initiative_id(initiative.pk) == [root, first, last, below]
    assert repository.topics(below) == [f"initiative:{initiative.pk}"]


def test_deleting_a_page_takes_what_is_below_it() -> None:
    initiative = make_initiative()
    repository = PageRepository()
    root = repository.get_or_create_root_page(initiative.pk)
    child = repository.create(initiative=initiative, parent_page=root, title="Child")
    repository.create(initiative=initiative, parent_page=child, title="Grandchild")

    repository.delete(child.pk)

    assert repository.find_by_initiative_id(initiative.pk) == [root]
