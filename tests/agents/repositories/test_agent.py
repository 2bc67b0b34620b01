import json

import pytest
from django.db import IntegrityError
from pytest_django import DjangoAssertNumQueries

from agents.repositories import AgentRepository
from cw_site.foundation.clock import now
from cw_site.foundation.errors import NotAllowed
from tests.factories import make_agent, make_initiative, make_session, make_task

pytestmark = [pytest.mark.databases, pytest.mark.django_db]


def test_an_agent_is_found_by_each_of_its_names() -> None:
    agent = make_agent(name="calm-lynx", session_id="cli-1")

    repository = AgentRepository()
    assert repository.find_by_name("calm-lynx") == agent
    assert repository.find_by_name_or_id("calm-lynx") == agent
    assert repository.find_by_name_or_id(agent.pk) == agent
    assert repository.find_by_name_or_id("nobody") is None
    assert repository.find_by_session_id("cli-1") == agent
    assert repository.find_by_session_id("cli-2") is None


def test_a_name_is_taken_once() -> None:
    make_agent(name="calm-lynx")

    with pytest.raises(NotAllowed, match="named calm-lynx"):
        make_agent(name="calm-lynx")


def test_a_task_has_one_active_agent() -> None:
    task = make_task()
    first = make_agent(task)

    with pytest.raises(NotAllowed, match=f"{first.name} works on this task already"):
        make_agent(task)
    AgentRepository().move(first.pk, to="crashed")
    second = make_agent(task)

    repository = AgentRepository()
    assert repository.find_by_task_id(task.pk) == [second, first]
    assert repository.find_active_by_task_id(task.pk) == second
    with pytest.raises(NotAllowed, match=f"{second.name} works on this task already"):
        repository.move(first.pk, to="running")


def test_a_dismissed_agent_leaves_its_task_to_another() -> None:
    task = make_task()
    AgentRepository().update(make_agent(task).pk, user_dismissed_at=now())

    assert AgentRepository().find_active_by_task_id(task.pk) is None
    make_agent(task)


def test_a_refusal_by_the_database_that_is_neither_stays_what_it_is() -> None:
    with pytest.raises(IntegrityError):
        make_agent(mode="whatever")


def test_agents_are_listed_by_status_and_initiative() -> None:
    task = make_task()
    first, second = make_agent(task), make_agent()
    AgentRepository().move(second.pk, to="running")

    repository = AgentRepository()
    assert repository.find_by_status("running") == [second]
    assert repository.find_by_status("idle") == [first]
    assert repository.find_by_initiative_id(task.initiative_id or "") == [first]
    assert repository.topics(first) == [
        f"agent:{first.pk}",
        f"task:{task.pk}",
        f"phase:{task.phase_id}",
        f"initiative:{task.initiative_id}",
        "hq",
    ]


def test_a_page_leaves_the_dismissed_out_unless_asked() -> None:
    rows = [make_agent() for _ in range(3)]
    gone = make_agent(user_dismissed_at=now())

    repository = AgentRepository()
    assert repository.list_page(limit=2, offset=0) == ([rows[2], rows[1]], 3)
    assert repository.list_page(limit=9, offset=0, dismissed=True) == ([gone], 1)
    assert repository.list_page(limit=9, offset=0, dismissed=None)[1] == 4
    assert repository.list_page(limit=9, offset=0, status="running") == ([], 0)


def test_done_is_what_an_idle_agent_of_a_running_task_says() -> None:
    done = json.dumps({"status": "done", "summary": "Wrote it."})
    agent = make_agent(make_task(status="in_progress"), result=done)
    make_agent(make_task(status="in_progress"), result="not json")
    make_agent(make_task(status="in_progress"), result=json.dumps({"status": "error"}))
    make_agent(make_task(status="in_progress"))
    make_agent(make_task(status="completed"), result=done)
    make_agent(make_task(status="in_progress"), result=done, status="running")
    make_agent(make_task(status="in_progress"), result=done, user_dismissed_at=now())

    assert AgentRepository().list_done_for_tasks() == [agent]


def test_releasable_is_what_rests_for_good_on_this_host() -> None:
    finished = make_agent(make_task(status="completed"), host="here")
    dismissed = make_agent(make_task(), host="here", user_dismissed_at=now())
    make_agent(make_task(), host="here")
    make_agent(make_task(status="completed"), host="there")
    make_agent(make_task(status="completed"), host="here", worktree_released_at=now())
    busy = make_agent(make_task(status="completed"), host="here")
    make_session(busy, status="live")

    assert set(AgentRepository().list_releasable("here")) == {finished, dismissed}


def test_a_page_of_agents_asks_once_for_all_that_it_shows(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for _ in range(3):
        make_agent(make_task())
    make_agent(initiative=make_initiative())

    with django_assert_num_queries(2):
        agents, _ = AgentRepository().list_page(limit=10, offset=0)
        assert all(agent.initiative and agent.initiative.name for agent in agents)
