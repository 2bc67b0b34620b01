"""The list of initiatives and the page with the plan."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from initiatives.models import Initiative
from initiatives.repositories.initiative import InitiativeRepository
from initiatives.repositories.phase import PhaseRepository
from tests.factories import make_agent, make_initiative, make_phase, make_project, make_task
from tests.initiatives.views.conftest import Look

LIST_QUERIES = 7
PLAN_QUERIES = 12


def address(initiative: Initiative, name: str = "initiative") -> str:
    return reverse(name, args=[initiative.pk])


def test_the_list_leads_the_first_steps(look: Look) -> None:
    assert "First, a project" in look(reverse("initiatives"))
    make_project()
    assert "Plan the first one" in look(reverse("initiatives"))


def test_the_list_filters_by_status(look: Look) -> None:
    make_initiative(name="Running")
    make_initiative(name="Put away", status="archived")
    assert "Put away" in look(reverse("initiatives"))
    archived = look(reverse("initiatives") + "?status=archived")
    assert "Put away" in archived
    assert "Running" not in archived
    assert "No initiative has this status" in look(reverse("initiatives") + "?status=completed")
    assert "Running" in look(reverse("initiatives") + "?status=nonsense")


@pytest.mark.parametrize("count", [1, 20])
@pytest.mark.usefixtures("alone")
def test_the_list_costs_the_same_for_any_number(
    count: int, person_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(count):
        make_task(make_phase(make_initiative(projects=[make_project()])))
    with django_assert_num_queries(LIST_QUERIES):
        person_client.get(reverse("initiatives"))


def test_a_row_shows_progress(look: Look) -> None:
    phase = make_phase(status="in_progress")
    make_task(phase, status="completed")
    make_task(phase)
    row = look(reverse("initiative-row", args=[phase.initiative_id]))
    assert "1 of 2 tasks completed" in row


def test_making_one(person_client: Client) -> None:
    project = make_project(name="site")
    form = person_client.get(reverse("initiative-create")).content.decode()
    assert "checked" in form
    fields = {"name": "User auth", "project_ids": [project.pk], "execution_mode": "yolo", "provider": "scripted"}
    response = person_client.post(reverse("initiative-create"), fields, follow=True)
    made = InitiativeRepository().find_by_branch("cw/user-auth")
    assert made is not None
    assert (made.execution_mode, made.provider) == ("yolo", "scripted")
    assert response.redirect_chain == [(address(made), 303)]
    assert "No phases yet" in response.content.decode()


def test_a_refused_form_keeps_what_was_typed(person_client: Client) -> None:
    make_initiative(branch="cw/taken")
    fields = {"name": "Kept words", "execution_mode": "yolo", "branch": "cw/taken"}
    response = person_client.post(reverse("initiative-create"), fields)
    page = response.content.decode()
    assert response.status_code == 422
    assert 'value="Kept words"' in page
    assert "already an initiative on the branch" in page
    assert '<details class="fold" id="more" open>' in page


def test_editing(person_client: Client) -> None:
    one, two = make_project(), make_project()
    initiative = make_initiative(projects=[one], name="Old")
    url = address(initiative, "initiative-edit")
    assert 'value="Old"' in person_client.get(url).content.decode()
    fields = {"name": "New", "project_ids": [two.pk], "execution_mode": "review_per_phase"}
    assert person_client.post(url, fields)["Location"] == address(initiative)
    make_phase(initiative, status="in_progress")
    refused = person_client.post(url, fields | {"project_ids": [one.pk], "name": "Newer"})
    assert refused.status_code == 422
    assert "The projects cannot change any more" in refused.content.decode()
    assert 'value="Newer"' in refused.content.decode()


def test_the_plan_shows_every_state_with_its_button(look: Look) -> None:
    initiative = make_initiative(projects=[make_project(sync_state="ready", default_branch="main")])
    done = make_phase(initiative, name="Done", status="completed")
    review = make_phase(initiative, name="Look", status="pending_review", after=[done])
    running = make_phase(initiative, name="Run", status="in_progress")
    task = make_task(running, name="Crashed", status="blocked", status_reason="Exit code 3.")
    make_agent(task, name="calm-heron", status="crashed")
    make_task(running, name="Decide", type="checkpoint:decision")
    approved = make_phase(initiative, name="Yes", status="approved")
    pending = make_phase(initiative, name="New", after=[review])
    page = look(address(initiative))
    for words in (
        'class="graph"',
        reverse("phase-review", args=[review.pk]),
        "Exit code 3.",
        reverse("task-retry", args=[task.pk]),
        "calm-heron",
        "1 blocked task needs you and 1 checkpoint waits for you",
        reverse("phase-queue", args=[approved.pk]),
        reverse("phase-withdraw", args=[approved.pk]),
        reverse("phase-approve", args=[pending.pk]),
        "Waits for your approval.",
        "Queue all",
    ):
        assert words in page
    assert reverse("phase-approve", args=[running.pk]) not in page


@pytest.mark.usefixtures("alone")
def test_the_plan_costs_the_same_for_any_size(
    person_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for phases, tasks in ((1, 1), (6, 5)):
        initiative = make_initiative(projects=[make_project()])
        before = None
        for _ in range(phases):
            before = make_phase(initiative, after=[before] if before else [])
            first = make_task(before)
            make_agent(first)
            for _ in range(tasks):
                make_task(before, after=[first])
        with django_assert_num_queries(PLAN_QUERIES):
            person_client.get(address(initiative))


def test_the_live_part_brings_its_head(look: Look) -> None:
    part = look(address(make_phase().initiative, "initiative-plan"), htmx=True)
    assert 'id="plan"' in part
    assert 'id="initiative-head" hx-swap-oob="true"' in part
    assert "<html" not in part


def test_queue_all_answers_both_ways(person_client: Client) -> None:
    initiative = make_initiative()
    make_phase(initiative, name="A", status="approved")
    part = person_client.post(address(initiative, "initiative-queue-all"), headers={"HX-Request": "true"})
    assert "Queued" in part.content.decode()
    refused = person_client.post(address(initiative, "initiative-queue-all"))
    assert refused.status_code == 409
    assert "queued already" in refused.content.decode()
    make_phase(initiative, name="B", status="approved", after=PhaseRepository().find_by_initiative_id(initiative.pk))
    response = person_client.post(address(initiative, "initiative-queue-all"), follow=True)
    assert "1 phase is queued." in response.content.decode()


def test_archive_restore_delete(person_client: Client) -> None:
    initiative = make_initiative(name="Old plan")
    gone = person_client.post(address(initiative, "initiative-archive"), follow=True)
    assert "Old plan is archived." in gone.content.decode()
    page = person_client.get(address(initiative)).content.decode()
    assert "Restore" in page
    assert "Add phase" not in page
    assert person_client.post(address(initiative, "initiative-restore")).status_code == 303
    assert person_client.post(address(initiative, "initiative-delete")).status_code == 303
    assert InitiativeRepository().find_by_id(initiative.pk) is None


def test_an_initiative_that_waits_for_review_leads_to_its_end(look: Look) -> None:
    initiative = make_initiative(status="pending_review")
    make_phase(initiative, status="completed")
    page = look(address(initiative))
    assert reverse("initiative-finish", args=[initiative.pk]) in page
    assert "Every phase is completed." in page
