from functools import partial

import pytest

from agents.models import Conversation
from agents.repositories import ConversationRepository
from cw_site.foundation.errors import InvalidTransition, NotAllowed, NotFound
from tests.factories import make_agent
from tests.threads import run_together

pytestmark = [pytest.mark.databases, pytest.mark.django_db]


def test_a_question_is_answered_once() -> None:
    asker, asked = make_agent(), make_agent()
    repository = ConversationRepository()
    first = repository.create(from_agent=asker, to_agent=asked, question="Which port?")
    second = repository.create(from_agent=asker, to_agent=asked, question="Which host?")

    assert repository.find_pending_for_agent(asked.pk) == [first, second]
    assert repository.find_pending_for_agent(asker.pk) == []
    answered = repository.answer(first.pk, "3847.")
    assert (answered.status, answered.answer) == ("answered", "3847.")
    assert repository.find_pending_for_agent(asked.pk) == [second]
    with pytest.raises(InvalidTransition):
        repository.answer(first.pk, "8000.")
    with pytest.raises(NotFound):
        repository.answer("gone", "?")
    with pytest.raises(ValueError, match="transition table"):
        repository.update(second.pk, status="answered")
    assert repository.topics(first) == [f"agent:{asker.pk}", f"agent:{asked.pk}"]


def test_a_page_is_newest_first_for_either_side() -> None:
    one, two, three = make_agent(), make_agent(), make_agent()
    repository = ConversationRepository()
    first = repository.create(from_agent=one, to_agent=two, question="a")
    second = repository.create(from_agent=two, to_agent=three, question="b")
    repository.answer(second.pk, "c")

    assert repository.list_page(limit=9, offset=0) == ([second, first], 2)
    assert repository.list_page(limit=1, offset=1, agent_id=two.pk) == ([first], 2)
    assert repository.list_page(limit=9, offset=0, agent_id=one.pk) == ([first], 1)
    assert repository.list_page(limit=9, offset=0, status="answered") == ([second], 1)


@pytest.mark.django_db(transaction=True)
def test_of_several_answers_one_is_taken() -> None:
    repository = ConversationRepository()
    row = repository.create(from_agent=make_agent(), to_agent=make_agent(), question="Which port?")

    answers = run_together([partial(repository.answer, row.pk, str(number)) for number in range(4)])

    assert sum(isinstance(answer, Conversation) for answer in answers) == 1
    assert sum(isinstance(answer, NotAllowed) for answer in answers) == 3
