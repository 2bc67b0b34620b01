import pytest
from django.db import IntegrityError

from cw_site.foundation.errors import InvalidTransition, NotAllowed, NotFound
from cw_site.foundation.models import Event
from initiatives.models import Initiative
from initiatives.repositories import InitiativeRepository
from tests.factories import make_initiative, make_project

pytestmark = [pytest.mark.databases, pytest.mark.django_db]


def test_a_new_initiative_is_active_and_reviewed_by_phase() -> None:
    initiative = InitiativeRepository().create(name="User accounts", branch="cw/user-accounts")

    found = InitiativeRepository().get(initiative.pk)
    assert (found.name, found.status, found.execution_mode) == ("User accounts", "active", "review_per_phase")
    assert len(found.pk) == 21


def test_what_is_not_there_is_none_or_a_sentence() -> None:
    assert InitiativeRepository().find_by_id("gone") is None
    with pytest.raises(NotFound, match="no such initiative"):
        InitiativeRepository().get("gone")
    with pytest.raises(NotFound):
        InitiativeRepository().lock("gone")


def test_a_branch_belongs_to_one_initiative() -> None:
    first = make_initiative(branch="cw/login")
    second = make_initiative()

    with pytest.raises(NotAllowed, match="cw/login belongs to another"):
        InitiativeRepository().create(name="Again", branch="cw/login")
    with pytest.raises(NotAllowed, match="cw/login belongs to another"):
        InitiativeRepository().update(second.pk, branch="cw/login")
    assert InitiativeRepository().find_by_branch("cw/login") == first
    assert InitiativeRepository().find_by_branch("cw/other") is None


def test_a_refusal_by_the_database_that_is_no_branch_stays_what_it_is() -> None:
    with pytest.raises(IntegrityError):
        InitiativeRepository().create(name="Odd", execution_mode="whatever")


def test_find_all_and_by_status_and_by_project() -> None:
    project = make_project()
    first = make_initiative(projects=[project])
    second = make_initiative(status="archived")

    repository = InitiativeRepository()
    assert repository.find_all() == [first, second]
    assert repository.find_by_status("archived") == [second]
    assert repository.find_by_project_id(project.pk) == [first]


def test_a_page_is_newest_first_and_counts_all() -> None:
    rows = [make_initiative() for _ in range(3)]
    make_initiative(status="archived")

    items, count = InitiativeRepository().list_page(limit=2, offset=1, status="active")
    assert (items, count) == ([rows[1], rows[0]], 3)
    assert InitiativeRepository().list_page(limit=10, offset=0)[1] == 4


def test_the_status_moves_along_the_table_only() -> None:
    initiative = make_initiative()

    with pytest.raises(InvalidTransition):
        InitiativeRepository().move(initiative.pk, to="completed")
    moved = InitiativeRepository().move(initiative.pk, to="pending_review", reason="all done", evidence={"phases": 3})
    assert (moved.status, moved.status_reason, moved.status_evidence) == ("pending_review", "all done", {"phases": 3})
    assert moved.status_since > initiative.status_since
    with pytest.raises(ValueError, match="transition table"):
        InitiativeRepository().update(initiative.pk, status="completed")


def test_a_change_is_told_to_its_page_and_the_hq() -> None:
    initiative = make_initiative()
    Event.objects.all().delete()

    InitiativeRepository().update(initiative.pk, name="Other")

    told = set(Event.objects.values_list("topic", "kind"))
    assert told == {(f"initiative:{initiative.pk}", "updated"), ("hq", "updated")}


def test_delete_takes_the_row_and_then_finds_nothing() -> None:
    initiative = make_initiative()

    InitiativeRepository().delete(initiative.pk)

    assert not Initiative.objects.exists()
    with pytest.raises(NotFound):
        InitiativeRepository().delete(initiative.pk)
    with pytest.raises(NotFound):
        InitiativeRepository().update(initiative.pk, name="Other")
