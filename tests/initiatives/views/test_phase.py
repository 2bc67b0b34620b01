"""The forms and buttons of phases."""

import pytest
from django.test import Client
from django.urls import reverse

from initiatives.models import Phase
from initiatives.repositories.phase import PhaseRepository
from initiatives.richtext import markdown_of, stored
from tests.factories import make_initiative, make_phase, make_task
from tests.initiatives.views.conftest import Look

HTMX = {"HX-Request": "true"}


def address(phase: Phase, name: str) -> str:
    return reverse(name, args=[phase.pk])


@pytest.mark.parametrize(("status", "goes_to"), [("pending", "plan"), ("pending_review", "review")])
def test_a_phase_is_looked_at_where_it_is(status: str, goes_to: str, person_client: Client) -> None:
    phase = make_phase(status=status)
    location = person_client.get(address(phase, "phase"))["Location"]
    plan = f"{reverse('initiative', args=[phase.initiative_id])}#phase-{phase.pk}"
    assert location == (plan if goes_to == "plan" else address(phase, "phase-review"))


def test_adding_one(person_client: Client) -> None:
    initiative = make_initiative()
    first = make_phase(initiative, name="First")
    url = reverse("phase-create", args=[initiative.pk])
    assert "First" in person_client.get(url).content.decode()
    response = person_client.post(url, {"name": "Second", "content": "# Why", "depends_on": [first.pk]})
    made = PhaseRepository().find_by_initiative_id(initiative.pk)[-1]
    assert response["Location"] == f"{reverse('initiative', args=[initiative.pk])}#phase-{made.pk}"
    assert markdown_of(made.content).strip() == "# Why"
    assert PhaseRepository().list_edges(initiative.pk) == [(made.pk, first.pk)]


def test_a_refused_form_keeps_what_was_typed(person_client: Client) -> None:
    url = reverse("phase-create", args=[make_initiative().pk])
    response = person_client.post(url, {"name": "Kept", "content": "[x](javascript:alert(1)) kept too"})
    page = response.content.decode()
    assert response.status_code == 422
    assert 'value="Kept"' in page
    assert "kept too</textarea>" in page
    assert "javascript&#x27; is not allowed" in page


def test_a_closed_initiative_says_why_there_is_no_adding(look: Look) -> None:
    page = look(reverse("phase-create", args=[make_initiative(status="archived").pk]))
    assert "archived, so its plan cannot change. Restore it first." in page
    assert 'primary" disabled' in page


def test_editing_shows_markdown_and_says_what_is_fixed(person_client: Client) -> None:
    initiative = make_initiative()
    other = make_phase(initiative, name="Other")
    phase = make_phase(initiative, name="Mine", content=stored("- one"))
    page = person_client.get(address(phase, "phase-edit")).content.decode()
    assert "- one</textarea>" in page
    fields = {"name": "Mine", "content": "- two", "depends_on": [other.pk]}
    assert person_client.post(address(phase, "phase-edit"), fields).status_code == 303
    circle = person_client.post(address(other, "phase-edit"), {"name": "Other", "depends_on": [phase.pk]})
    assert circle.status_code == 422
    assert "This would be a circle." in circle.content.decode()
    started = make_phase(initiative, status="in_progress")
    page = person_client.get(address(started, "phase-edit")).content.decode()
    assert "its dependencies no longer matter" in page
    assert 'name="depends_on"' not in page


def test_the_buttons_answer_with_the_plan(person_client: Client) -> None:
    phase = make_phase(name="Parser")
    for name, words in (
        ("phase-approve", "Approved, but not queued"),
        ("phase-queue", "Has no task yet"),
        ("phase-withdraw", "Waits for your approval."),
    ):
        part = person_client.post(address(phase, name), headers=HTMX)
        assert part.status_code == 200
        assert words in part.content.decode()
        assert 'id="plan"' in part.content.decode()


def test_the_buttons_work_without_scripts(person_client: Client) -> None:
    phase = make_phase(name="Parser")
    page = person_client.post(address(phase, "phase-approve"), follow=True)
    assert "“Parser” is approved." in page.content.decode()
    refused = person_client.post(address(phase, "phase-approve"))
    assert refused.status_code == 409
    assert "nothing to approve" in refused.content.decode()


def test_removing_a_dependency_and_deleting(person_client: Client) -> None:
    initiative = make_initiative()
    one = make_phase(initiative)
    two = make_phase(initiative, after=[one])
    url = reverse("phase-dependency-remove", args=[two.pk, one.pk])
    assert person_client.post(url).status_code == 303
    assert PhaseRepository().list_edges(initiative.pk) == []
    assert person_client.post(address(one, "phase-delete")).status_code == 303
    kept = make_phase(initiative, status="in_progress")
    make_task(kept)
    refused = person_client.post(address(kept, "phase-delete"), headers=HTMX)
    assert (refused.status_code, refused["HX-Reswap"]) == (409, "none")
