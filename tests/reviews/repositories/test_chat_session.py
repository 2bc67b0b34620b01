from functools import partial

import pytest
from django.db import IntegrityError

from cw_site.foundation.clock import now
from cw_site.foundation.errors import InvalidTransition, NotAllowed, NotFound
from cw_site.foundation.models import Event
from initiatives.models import Phase
from reviews.models import ChatSession
from reviews.repositories import ChatSessionRepository, ProposalRepository
from tests.factories import make_agent, make_phase
from tests.threads import run_together

pytestmark = [pytest.mark.databases, pytest.mark.django_db]


def open_chat(phase: Phase, agent_id: str | None = None) -> ChatSession:
    return ChatSessionRepository().create_session(
        target_type="phase", target_id=phase.pk, initiative_id=phase.initiative_id, agent_id=agent_id
    )


def test_a_target_has_one_open_chat() -> None:
    phase, agent = make_phase(), make_agent()
    repository = ChatSessionRepository()
    assert repository.find_active_session("phase", phase.pk) is None

    chat = open_chat(phase, agent.pk)

    assert repository.find_active_session("phase", phase.pk) == chat
    assert repository.find_active_session("task", phase.pk) is None
    assert repository.find_active_session_by_agent_id(agent.pk) == chat
    with pytest.raises(NotAllowed, match="open chat about this phase"):
        open_chat(phase)


def test_a_refusal_by_the_database_that_is_no_open_chat_stays_what_it_is() -> None:
    phase = make_phase()

    with pytest.raises(IntegrityError):
        ChatSessionRepository().create_session(
            target_type="page", target_id=phase.pk, initiative_id=phase.initiative_id
        )


def test_a_closed_chat_makes_room_for_the_next() -> None:
    phase, agent = make_phase(), make_agent()
    first = open_chat(phase, agent.pk)
    repository = ChatSessionRepository()

    assert repository.close(first.pk).status == "closed"

    second = open_chat(phase)
    assert repository.list_active() == [second]
    assert repository.find_active_session_by_agent_id(agent.pk) is None
    assert repository.list_page(limit=9, offset=0, target_type="phase", target_id=phase.pk) == ([second, first], 2)
    assert repository.list_page(limit=9, offset=0, target_id="other") == ([], 0)
    with pytest.raises(InvalidTransition):
        repository.close(first.pk)
    with pytest.raises(ValueError, match="transition table"):
        repository.update_session(second.pk, status="closed")


def test_messages_come_in_order_and_are_told() -> None:
    chat = open_chat(make_phase())
    repository = ChatSessionRepository()
    change_set = ProposalRepository().create_change_set(initiative_id=chat.initiative_id, source="chat", entries=[])
    Event.objects.all().delete()

    asked = repository.create_message(chat.pk, role="user", content="Split it in two.")
    answered = repository.create_message(chat.pk, role="assistant", content="Done.", change_set_id=change_set.pk)

    assert repository.find_messages_by_session_id(chat.pk) == [asked, answered]
    assert repository.find_messages_by_session_id(chat.pk)[1].change_set == change_set
    assert list(Event.objects.values_list("topic", "kind")) == [(f"chat:{chat.pk}", "message")] * 2
    assert repository.update_message(asked.pk, delivered_at=now()) == 1
    assert repository.find_messages_by_session_id(chat.pk)[0].delivered_at is not None
    with pytest.raises(NotFound):
        repository.create_message("gone", role="user", content="?")


def test_the_session_remembers_what_was_answered() -> None:
    chat = open_chat(make_phase())

    assert ChatSessionRepository().update_session(chat.pk, answered_session=3).answered_session == 3
    assert ChatSessionRepository().topics(chat) == [f"chat:{chat.pk}"]


@pytest.mark.django_db(transaction=True)
def test_of_several_callers_one_opens_the_chat() -> None:
    answers = run_together([partial(open_chat, make_phase())] * 4)

    assert sum(isinstance(answer, ChatSession) for answer in answers) == 1
    assert sum(isinstance(answer, NotAllowed) for answer in answers) == 3
