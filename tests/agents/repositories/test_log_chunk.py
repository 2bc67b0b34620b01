import pytest
from django.db import IntegrityError, transaction

from agents.models import AgentLogChunk
from agents.repositories import AgentRepository, LogChunkRepository
from tests.factories import make_agent

pytestmark = [pytest.mark.databases, pytest.mark.django_db]


def insert(agent_id: str, sequence: int, *, session_number: int = 1) -> AgentLogChunk:
    return LogChunkRepository().insert_chunk(
        agent_id=agent_id,
        agent_name="calm-lynx",
        session_number=session_number,
        sequence=sequence,
        offset=sequence * 100,
        content=f"line {sequence}\n",
    )


def test_chunks_come_in_order_after_a_number() -> None:
    chunks = [insert("one", number) for number in (1, 2, 3, 4)]
    insert("two", 1)

    repository = LogChunkRepository()
    assert repository.find_by_agent_id("one") == chunks
    assert repository.find_by_agent_id("one", after=1, limit=2) == chunks[1:3]
    assert repository.tail("one", limit=2) == chunks[2:]
    assert repository.find_by_agent_id("nobody") == []


def test_a_chunk_is_stored_once() -> None:
    insert("one", 1)

    with pytest.raises(IntegrityError), transaction.atomic():
        insert("one", 1, session_number=2)
    with pytest.raises(IntegrityError), transaction.atomic():
        LogChunkRepository().insert_chunk(
            agent_id="one", agent_name="calm-lynx", session_number=1, sequence=2, offset=100, content="again\n"
        )
    assert AgentLogChunk.objects.count() == 1


def test_the_log_counts_its_sessions_and_is_deleted_by_agent() -> None:
    insert("one", 1)
    insert("one", 2, session_number=3)
    insert("two", 1)

    repository = LogChunkRepository()
    assert repository.get_session_count("one") == 3
    assert repository.get_session_count("nobody") == 0
    assert repository.delete_by_agent_id("one") == 2
    assert repository.find_by_agent_id("one") == []
    assert AgentLogChunk.objects.count() == 1


def test_the_log_outlives_its_agent() -> None:
    agent = make_agent()
    insert(agent.pk, 1)

    AgentRepository().delete(agent.pk)

    assert len(LogChunkRepository().find_by_agent_id(agent.pk)) == 1
