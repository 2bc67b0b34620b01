from datetime import timedelta
from functools import partial

import pytest
from pytest_django import DjangoAssertNumQueries

from agents.models import AgentLogChunk, AgentSession
from agents.repositories import AgentRepository, LogChunkRepository
from agents.repositories.agent_output import Output
from cw_site.foundation.clock import now
from cw_site.foundation.errors import InvalidTransition, LostRace, NotAllowed, NotFound
from cw_site.foundation.models import Event
from tests.factories import make_account, make_agent, make_session
from tests.threads import run_together

pytestmark = [pytest.mark.databases, pytest.mark.django_db]


def test_sessions_are_numbered_from_one() -> None:
    agent, account = make_agent(), make_account()
    repository = AgentRepository()

    first = repository.create_session(
        agent.pk, kind="spawn", prompt="Begin.", account_id=account.pk, cli_session_id="cli-1"
    )
    assert (first.number, first.status, first.purpose, first.account) == (1, "queued", "work", account)
    for status in ("starting", "live", "ended", "settled"):
        repository.move_session(first.pk, to=status)
    second = repository.create_session(agent.pk, kind="resume", prompt="Go on.", purpose="commit")

    assert (second.number, second.purpose) == (2, "commit")
    assert repository.latest_session(agent.pk) == second
    assert repository.find_sessions(agent.pk) == [first, second]
    assert repository.open_session(agent.pk) == second
    assert repository.find_session(first.pk) == first
    assert repository.latest_session("gone") is None


def test_an_agent_has_one_open_session() -> None:
    session = make_session(status="ended")

    with pytest.raises(NotAllowed, match="has a session at work"):
        make_session(session.agent)


def test_a_session_moves_by_its_table() -> None:
    session = make_session()
    repository = AgentRepository()

    with pytest.raises(InvalidTransition):
        repository.move_session(session.pk, to="settled")
    with pytest.raises(LostRace):
        repository.move_session(session.pk, to="ended", source="live")
    moved = repository.move_session(session.pk, to="starting", source="queued", host="here", pid=7)
    assert (moved.status, moved.host, moved.pid) == ("starting", "here", 7)
    with pytest.raises(NotFound, match="no such session"):
        repository.get_session("gone")
    assert repository.find_session("gone") is None


def test_a_session_says_why_it_waits_and_takes_intents() -> None:
    session = make_session()
    moment = now()

    AgentRepository().explain_session(session.pk, "No account is free.")
    AgentRepository().update_session(session.pk, stop_requested_at=moment)

    found = AgentRepository().get_session(session.pk)
    assert (found.status_reason, found.stop_requested_at) == ("No account is free.", moment)


def test_sessions_are_listed_by_status_and_host() -> None:
    live = make_session(status="live", host="here")
    away = make_session(status="live", host="there")
    ended = make_session(status="ended", host="here")

    repository = AgentRepository()
    assert repository.list_sessions("live") == [live, away]
    assert repository.list_sessions("live", host="here") == [live]
    assert repository.list_sessions(["live", "ended"], host="here") == [live, ended]


def test_places_are_taken_by_what_runs_here_and_what_is_due() -> None:
    for status in ("starting", "live", "ended"):
        make_session(status=status, host="here")
    make_session(status="live", host="there")
    make_session(make_agent(provider="claude"))
    make_session(not_before=now() - timedelta(seconds=1))
    make_session(not_before=now() + timedelta(hours=1))

    assert AgentRepository().count_open_sessions("here") == 4
    assert AgentRepository().count_running_by_provider("here") == {"scripted": 3, "claude": 1}
    assert AgentRepository().count_running_by_provider("elsewhere") == {"scripted": 1, "claude": 1}


def test_output_is_stored_in_order_with_its_event() -> None:
    session = make_session(status="live")
    agent_id = session.agent_id
    Event.objects.all().delete()
    store = partial(AgentRepository().store_output, session.pk, agent_id=agent_id)

    assert store(expected_offset=0, text="a\n", next_offset=2)
    assert store(expected_offset=2, text="é\n", next_offset=5)
    assert store(expected_offset=5, text="", next_offset=6)
    assert not store(expected_offset=2, text="b\n", next_offset=4)

    chunks = LogChunkRepository().find_by_agent_id(agent_id)
    assert [(chunk.sequence, chunk.offset, chunk.content) for chunk in chunks] == [(1, 0, "a\n"), (2, 2, "é\n")]
    assert {(chunk.agent_name, chunk.session_number) for chunk in chunks} == {(session.agent.name, 1)}
    found = AgentRepository().get_session(session.pk)
    assert (found.output_offset, found.agent.log_sequence) == (6, 2)
    events = list(Event.objects.order_by("id").values_list("topic", "kind", "data"))
    assert events == [(f"agent-log:{agent_id}", "log", {"sequence": number}) for number in (1, 2)]


def test_output_of_an_agent_that_is_gone_is_not_stored() -> None:
    session = make_session(status="live")
    AgentRepository().delete(session.agent_id)

    stored = AgentRepository().store_output(
        session.pk, agent_id=session.agent_id, expected_offset=0, text="a\n", next_offset=2
    )
    assert not stored
    assert not AgentLogChunk.objects.exists()


def test_output_only_grows() -> None:
    session = make_session(status="live")

    with pytest.raises(ValueError, match="only grows"):
        AgentRepository().store_output(
            session.pk, agent_id=session.agent_id, expected_offset=2, text="a", next_offset=2
        )


@pytest.mark.django_db(transaction=True)
def test_of_several_writers_one_stores_each_line() -> None:
    session = make_session(status="live")

    def ingest() -> None:
        for place in range(20):
            AgentRepository().store_output(
                session.pk,
                agent_id=session.agent_id,
                expected_offset=place * 2,
                text=f"{place % 10}\n",
                next_offset=place * 2 + 2,
            )

    assert run_together([ingest] * 4) == [None] * 4

    chunks = LogChunkRepository().find_by_agent_id(session.agent_id)
    assert [chunk.offset for chunk in chunks] == [place * 2 for place in range(20)]
    assert [chunk.sequence for chunk in chunks] == list(range(1, 21))


@pytest.mark.django_db(transaction=True)
def test_of_several_claims_one_wins() -> None:
    session = make_session()
    claim = partial(AgentRepository().move_session, session.pk, to="starting", source="queued")

    answers = run_together([claim] * 4)

    assert sum(isinstance(answer, AgentSession) for answer in answers) == 1
    assert sum(isinstance(answer, LostRace) for answer in answers) == 3


@pytest.mark.django_db(transaction=True)
def test_of_several_resumes_one_is_queued() -> None:
    agent = make_agent()

    answers = run_together([partial(AgentRepository().create_session, agent.pk, kind="spawn", prompt="Go.")] * 4)

    assert sum(isinstance(answer, AgentSession) for answer in answers) == 1
    assert sum(isinstance(answer, NotAllowed) for answer in answers) == 3


def test_many_outputs_are_stored_at_once_and_known_ones_are_passed_over() -> None:
    first, second = make_session(status="live"), make_session(status="live")
    outputs = [Output(row.pk, row.agent_id, 0, f"{row.agent.name}\n", 5) for row in (first, second)]

    assert AgentRepository().store_outputs(outputs) == 2
    assert AgentRepository().store_outputs(outputs) == 0
    assert AgentRepository().store_outputs([]) == 0

    for row in (first, second):
        chunks = LogChunkRepository().find_by_agent_id(row.agent_id)
        assert [(chunk.sequence, chunk.content) for chunk in chunks] == [(1, f"{row.agent.name}\n")]


def test_storing_costs_the_same_statements_for_many_agents_as_for_one(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    rows = [make_session(status="live") for _ in range(5)]
    outputs = [Output(row.pk, row.agent_id, 0, "a\n", 2) for row in rows]

    with django_assert_max_num_queries(8):
        AgentRepository().store_outputs(outputs)
