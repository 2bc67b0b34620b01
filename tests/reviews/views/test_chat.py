"""The chat's pages."""

import pytest
from django.test import Client
from django.urls import reverse

from initiatives.models import Phase
from reviews.actions.chat import open_chat
from reviews.models import ChatSession
from reviews.repositories import ChatSessionRepository
from tests.factories import make_initiative, make_phase, make_task

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def phase() -> Phase:
    """A phase that scripted agents work for."""
    return make_phase(make_initiative(provider="scripted"), status="in_progress", name="<b>Phase</b>")


@pytest.fixture
def chat(phase: Phase) -> ChatSession:
    """A chat about it."""
    return open_chat(target_type="phase", target_id=phase.pk)


def url(chat: ChatSession, name: str = "chat") -> str:
    return reverse(name, args=[chat.pk])


def test_starting_leads_to_the_one_open_chat(phase: Phase, person_client: Client) -> None:
    task = make_task(phase)
    for target_type, target_id in (("phase", phase.pk), ("task", task.pk)):
        data = {"target_type": target_type, "target_id": target_id}
        first, second = (person_client.post(reverse("chat-start"), data)["Location"] for _ in range(2))
        assert first == second
        assert person_client.get(first).status_code == 200
    assert person_client.post(reverse("chat-start"), {"target_type": "page", "target_id": "x"}).status_code == 422
    assert person_client.post(reverse("chat-start"), {"target_type": "task", "target_id": "x"}).status_code == 404


def test_messages_are_text_and_say_what_waits(chat: ChatSession, person_client: Client) -> None:
    html = person_client.post(url(chat, "chat-send"), {"content": "<b>Hi</b>"}, headers=HTMX).content.decode()
    assert html.startswith('<div class="chat"')
    assert "<b>Hi" not in html
    assert "waits for the agent" not in html
    html = person_client.post(url(chat, "chat-send"), {"content": "And?"}, headers=HTMX).content.decode()
    assert "waits for the agent" in html
    assert "Follow it" in html
    assert "<b>Phase" not in person_client.get(url(chat)).content.decode()
    assert person_client.get(url(chat), headers=HTMX).content.decode().startswith('<div class="chat"')


def test_an_empty_message_comes_back_with_the_reason(chat: ChatSession, person_client: Client) -> None:
    for headers in (HTMX, {}):
        response = person_client.post(url(chat, "chat-send"), {"content": " "}, headers=headers)
        assert response.status_code == 422
        assert "errorlist" in response.content.decode()


def test_a_failure_offers_to_send_again(chat: ChatSession, person_client: Client) -> None:
    chats = ChatSessionRepository()
    assert person_client.post(url(chat, "chat-retry")).status_code == 409
    chats.create_message(chat.pk, role="user", content="Hi", delivered_at=chat.created_at)
    chats.create_message(chat.pk, role="system", content="The agent could not be started.")
    assert "Send it again" in person_client.get(url(chat)).content.decode()
    assert person_client.post(url(chat, "chat-retry")).status_code == 302
    assert "Send it again" not in person_client.get(url(chat)).content.decode()


def test_a_closed_chat_is_read_only(chat: ChatSession, person_client: Client) -> None:
    assert person_client.post(url(chat, "chat-close")).status_code == 302
    html = person_client.get(url(chat)).content.decode()
    assert "chat-form" not in html
    assert "Start a new chat" in html
    assert person_client.post(url(chat, "chat-send"), {"content": "Hi"}).status_code == 409


def test_a_chat_outlives_what_it_is_about(phase: Phase, person_client: Client) -> None:
    task = make_task(phase)
    chat = open_chat(target_type="task", target_id=task.pk)
    task.delete()
    assert person_client.get(url(chat)).status_code == 200
