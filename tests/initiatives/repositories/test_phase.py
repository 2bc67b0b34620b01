from typing import Any

import pytest

from cw_site.foundation.clock import now
from cw_site.foundation.errors import NotAllowed, NotFound
from initiatives.models import PhaseDependency
from initiatives.repositories import PhaseRepository
from tests.factories import make_initiative, make_phase

pytestmark = [pytest.mark.databases, pytest.mark.django_db]


def test_phases_of_an_initiative_in_the_order_they_were_made() -> None:
    initiative = make_initiative()
    rows = [make_phase(initiative) for _ in range(3)]
    make_phase()

    assert PhaseRepository().find_by_initiative_id(initiative.pk) == rows
    assert PhaseRepository().get(rows[0].pk).initiative == initiative


def test_find_by_status_is_longest_in_it_first() -> None:
    first, second = make_phase(), make_phase()
    for phase in (second, first):
        PhaseRepository().move(phase.pk, to="approved")

    assert PhaseRepository().find_by_status("approved") == [second, first]
    assert PhaseRepository().find_by_status("pending") == []


def test_dependencies_are_read_from_both_ends() -> None:
    initiative = make_initiative()
    base = make_phase(initiative)
    api = make_phase(initiative, after=[base])
    page = make_phase(initiative, after=[base, api])

    repository = PhaseRepository()
    assert repository.get_dependencies(page.pk) == [base, api]
    assert repository.get_dependents(base.pk) == [api, page]
    edges = {(api.pk, base.pk), (page.pk, base.pk), (page.pk, api.pk)}
    assert set(repository.list_edges(initiative.pk)) == edges


def test_a_phase_cannot_wait_for_itself() -> None:
    phase = make_phase(name="Base")

    with pytest.raises(NotAllowed, match="“Base” cannot wait for itself"):
        PhaseRepository().create_dependency(phase.pk, phase.pk)


def test_a_dependency_exists_once() -> None:
    initiative = make_initiative()
    base = make_phase(initiative, name="Base")
    page = make_phase(initiative, name="Page", after=[base])

    with pytest.raises(NotAllowed, match="“Page” already waits for “Base”"):
        PhaseRepository().create_dependency(page.pk, base.pk)
    assert PhaseDependency.objects.count() == 1


def test_a_circle_is_refused_and_its_path_named() -> None:
    initiative = make_initiative()
    a = make_phase(initiative, name="A")
    b = make_phase(initiative, name="B", after=[a])
    c = make_phase(initiative, name="C", after=[b])

    with pytest.raises(NotAllowed, match="“C” already waits for “A”: C → B → A"):
        PhaseRepository().create_dependency(a.pk, c.pk)
    assert PhaseRepository().get_dependencies(a.pk) == []


def test_phases_of_different_initiatives_never_wait_for_each_other() -> None:
    with pytest.raises(NotAllowed, match="different initiatives"):
        PhaseRepository().create_dependency(make_phase().pk, make_phase().pk)


def test_a_missing_phase_is_not_found() -> None:
    phase = make_phase()

    with pytest.raises(NotFound):
        PhaseRepository().create_dependency(phase.pk, "gone")
    with pytest.raises(NotFound):
        PhaseRepository().create_dependency("gone", phase.pk)


def test_a_dependency_is_removed_once() -> None:
    initiative = make_initiative()
    base = make_phase(initiative)
    page = make_phase(initiative, after=[base])

    PhaseRepository().remove_dependency(page.pk, base.pk)

    assert PhaseRepository().get_dependencies(page.pk) == []
    with pytest.raises(NotFound, match="does not wait"):
        PhaseRepository().remove_dependency(page.pk, base.pk)


def test_startable_is_what_is_approved_queued_and_waits_for_nothing() -> None:
    initiative = make_initiative()
    asked: dict[str, Any] = {"status": "approved", "queued_at": now()}
    done = make_phase(initiative, status="completed")
    free = make_phase(initiative, after=[done], **asked)
    waiting = make_phase(initiative, after=[done, free], **asked)
    make_phase(initiative, status="approved")
    make_phase(initiative, queued_at=now())
    make_phase(make_initiative(status="archived"), **asked)

    assert PhaseRepository().list_startable() == [free]
    assert PhaseRepository().list_waiting_queued() == [waiting]


def test_explain_writes_the_reason_once_and_moves_nothing() -> None:
    phase = make_phase()

    PhaseRepository().explain(phase.pk, "It waits for “Base”.")
    PhaseRepository().explain(phase.pk, "It waits for “Base”.")
    PhaseRepository().explain("gone", "Nobody reads this.")

    found = PhaseRepository().get(phase.pk)
    assert (found.status, found.status_reason) == ("pending", "It waits for “Base”.")
    assert found.status_since == phase.status_since
