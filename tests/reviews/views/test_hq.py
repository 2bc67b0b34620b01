"""HQ: what waits, oldest first, with the button that answers it."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from agents.repositories import AccountRepository, AgentRepository, MessageRepository
from cw_site.foundation.clock import now
from initiatives.repositories import InitiativeRepository, PhaseRepository, ProjectRepository, TaskRepository
from reviews.attention import count_waiting, list_attention
from tests.factories import make_account, make_agent, make_initiative, make_phase, make_project, make_task

pytestmark = pytest.mark.django_db
QUESTIONS = json.dumps([{"id": "a", "question": "<b>Which</b> colour?"}, {"id": "b", "question": "And why?"}])


def fill() -> dict[str, str]:
    """One of each kind; returns the ids by kind."""
    initiative = make_initiative(name="<i>Plan</i>")
    running = make_phase(initiative, status="in_progress")
    agent = make_agent(
        make_task(running, status="in_progress"), status="waiting_for_input", pending_questions=QUESTIONS
    )
    project = make_project(sync_state="failed", sync_reason="No such host.")
    account = make_account(login_expired_at=now(), login_reason="Log in again.")
    message = MessageRepository().create(
        sender_type="agent", recipient_type="user", type="question", content="May I?", requires_response=True
    )
    done = make_initiative(status="pending_review")
    return {
        "question": agent.pk,
        "review": make_phase(initiative, status="pending_review").pk,
        "blocked_phase": make_phase(initiative, status="blocked").pk,
        "approve": make_phase(initiative).pk,
        "queue": make_phase(initiative, status="approved").pk,
        "finish": done.pk,
        "checkpoint": make_task(running, type="checkpoint:decision").pk,
        "blocked": make_task(running, status="blocked", status_reason="Crashed.").pk,
        "sync": project.pk,
        "login": account.pk,
        "message": message.pk,
    }


def test_everything_that_waits_is_listed_once() -> None:
    wanted = fill()
    items = list_attention()
    assert {item.kind: item.id for item in items} == wanted
    assert len(items) == count_waiting() == len(wanted)


def test_the_oldest_comes_first() -> None:
    first, second = make_phase(status="pending_review"), make_phase(status="pending_review")
    PhaseRepository().update(second.pk, status_since=now() - timedelta(days=1))
    assert [item.id for item in list_attention()] == [second.pk, first.pk]


def test_what_does_not_wait_is_not_listed() -> None:
    archived = make_initiative(status="archived")
    make_phase(archived, status="pending_review")
    make_task(make_phase(archived, status="in_progress"), status="blocked")
    make_phase(make_initiative(projects=[make_project()]), status="approved", queued_at=now())
    make_initiative(status="pending_review", finish_action="merge")
    make_agent(status="waiting_for_input", user_dismissed_at=now())
    assert list_attention() == []


def test_the_page_has_a_button_for_each(person_client: Client) -> None:
    wanted = fill()
    html = person_client.get("/").content.decode()
    for kind, row_id in wanted.items():
        assert f'id="{kind}-{row_id}"' in html
    assert "<b>Which" not in html
    assert "&lt;i&gt;Plan" in html
    assert "Play the demo" not in html


def test_the_number_of_queries_is_constant(
    person_client: Client, django_assert_num_queries: Callable[..., AbstractContextManager[Any]]
) -> None:
    fill()
    person_client.get("/")
    with CaptureQueriesContext(connection) as before:
        person_client.get("/")
    fill()
    fill()
    with django_assert_num_queries(len(before)):
        person_client.get("/")
    assert len(before) < 40


def test_an_empty_workspace_offers_the_demo(person_client: Client) -> None:
    html = person_client.get("/").content.decode()
    assert f'action="{reverse("play-demo")}"' in html
    assert "Add a project" in html
    make_project()
    assert "Play the demo" not in person_client.get("/").content.decode()


def test_buttons_answer_at_once(person_client: Client) -> None:
    wanted = fill()

    def act(kind: str) -> None:
        assert person_client.post(reverse("hq-act"), {"kind": kind, "id": wanted[kind]}).status_code == 302

    act("approve")
    act("queue")
    act("blocked")
    act("sync")
    assert PhaseRepository().get(wanted["approve"]).status == "approved"
    assert PhaseRepository().get(wanted["queue"]).queued_at is not None
    assert TaskRepository().get(wanted["blocked"]).status == "pending"
    assert ProjectRepository().get(wanted["sync"]).sync_requested_at is not None
    assert person_client.post(reverse("hq-act"), {"kind": "delete", "id": "x"}).status_code == 404
    assert person_client.get(reverse("hq-act")).status_code == 405


def test_a_message_is_answered_in_place(person_client: Client) -> None:
    message = fill()["message"]
    person_client.post(reverse("hq-reply", args=[message]), {"body": "Yes"})
    (answer,) = MessageRepository().find_replies(message)
    assert answer.content == "Yes"
    assert "message" not in {item.kind for item in list_attention()}
    assert person_client.post(reverse("hq-reply", args=[message]), {"body": " "}).status_code == 302


def test_the_count_is_a_part_of_its_own(person_client: Client) -> None:
    fill()
    html = person_client.get(reverse("hq-count")).content.decode()
    assert html.startswith('<span class="nav-count"')
    assert "11" in html


def test_what_runs_is_shown(person_client: Client) -> None:
    agent = make_agent(make_task(status="in_progress", name="The task"), status="running")
    html = person_client.get("/").content.decode()
    assert f"/agents/{agent.name}/" in html
    assert "The task" in html
    assert AgentRepository().get(agent.pk).status == "running"
    assert AccountRepository().find_all() == []
    assert InitiativeRepository().find_all()


def test_the_count_is_made_once_until_something_changes(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    before = count_waiting()
    with django_assert_num_queries(1):
        assert count_waiting() == before
    make_phase(make_initiative())
    assert count_waiting() == before + 1


def test_a_provider_that_cannot_run_here_waits_for_a_person(settings: Any) -> None:
    settings.CW_PROVIDER_EXECUTABLES = {"claude": "/nowhere/claude"}
    phase = make_phase(status="in_progress", queued_at=now())
    for provider in ("claude", "claude", "scripted"):
        make_task(phase, provider=provider)
    found = [item for item in list_attention() if item.kind == "provider"]
    assert len(found) == 1
    assert "claude" in found[0].reason.lower()


def test_an_initiative_without_a_project_waits_for_one() -> None:
    phase = make_phase(status="approved", queued_at=now())
    make_phase(phase.initiative, status="approved", queued_at=now())
    found = [item for item in list_attention() if item.kind == "no_project"]
    assert [item.where for item in found] == [phase.initiative.name]
