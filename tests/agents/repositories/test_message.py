from functools import partial
from typing import Any

import pytest

from agents.models import Message
from agents.repositories import MessageRepository
from cw_site.foundation.errors import NotAllowed, NotFound
from tests.threads import run_together

pytestmark = [pytest.mark.databases, pytest.mark.django_db]


def send(content: str = "Which database?", **fields: Any) -> Message:
    defaults = {"sender_type": "agent", "sender_id": "calm-lynx", "recipient_type": "user"}
    return MessageRepository().create(**{**defaults, "content": content, **fields})


def test_what_waits_for_the_person_is_oldest_first() -> None:
    first, second = send(), send(requires_response=True)
    send(recipient_type="agent", recipient_id="other", requires_response=True)

    repository = MessageRepository()
    assert repository.find_pending_for_user() == [first, second]
    assert repository.find_requiring_response() == [second]
    repository.mark_read(second.pk)
    assert repository.find_pending_for_user() == [first]
    assert repository.find_requiring_response() == [second]


def test_an_agent_finds_what_waits_for_it() -> None:
    mine = send(recipient_type="agent", recipient_id="one", requires_response=True)
    send(recipient_type="agent", recipient_id="two", requires_response=True)

    assert MessageRepository().find_requiring_response("agent", "one") == [mine]
    assert len(MessageRepository().find_requiring_response("agent")) == 2


def test_a_reply_goes_back_and_answers_the_message_once() -> None:
    question = send(type="question", requires_response=True)

    reply = MessageRepository().respond(question.pk, "PostgreSQL.")

    assert (reply.sender_type, reply.recipient_type, reply.recipient_id) == ("user", "agent", "calm-lynx")
    assert (reply.type, reply.content) == ("response", "PostgreSQL.")
    assert MessageRepository().find_replies(question.pk) == [reply]
    assert MessageRepository().get(question.pk).status == "responded"
    with pytest.raises(NotAllowed, match="answered already"):
        MessageRepository().respond(question.pk, "SQLite.")
    assert MessageRepository().mark_read(question.pk).status == "responded"
    with pytest.raises(NotFound):
        MessageRepository().respond("gone", "?")


def test_a_page_is_newest_first_and_counts_all() -> None:
    rows = [send(requires_response=bool(number % 2)) for number in range(4)]
    send(recipient_type="agent", recipient_id="one")

    repository = MessageRepository()
    assert repository.list_for_user(limit=2, offset=0) == ([rows[3], rows[2]], 4)
    assert repository.list_for_user(limit=9, offset=0, requires_response=True) == ([rows[3], rows[1]], 2)
    assert repository.list_for_user(limit=9, offset=0, requires_response=False) == ([rows[2], rows[0]], 2)


def test_a_reply_outlives_what_it_answered() -> None:
    question = send()
    reply = MessageRepository().respond(question.pk, "Yes.")

    MessageRepository().delete(question.pk)

    assert MessageRepository().get(reply.pk).parent_message_id is None


@pytest.mark.django_db(transaction=True)
def test_of_several_answers_one_is_taken() -> None:
    question = send()

    answers = run_together([partial(MessageRepository().respond, question.pk, "Yes.")] * 4)

    assert sum(isinstance(answer, NotAllowed) for answer in answers) == 3
    assert len(MessageRepository().find_replies(question.pk)) == 1
