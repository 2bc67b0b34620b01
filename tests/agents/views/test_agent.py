"""The pages of agents: what they show, that they escape it, and that their buttons do what they say."""

import json
from collections.abc import Callable

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.http import StreamingHttpResponse
from django.test import AsyncClient, Client
from pytest_django.fixtures import DjangoAssertNumQueries

from agents.models import Agent
from agents.repositories import AccountRepository, AgentRepository
from tests.conftest import BACKEND
from tests.factories import make_agent, make_session, make_task

Talker = Callable[..., Agent]
QUESTIONS = [
    {
        "id": "a<b",
        "question": "Which <database>?",
        "options": [{"label": "PostgreSQL", "description": ""}, {"label": "SQLite", "description": ""}],
        "multiSelect": False,
    },
    {"id": "q2", "question": "Why?", "options": [], "multiSelect": False},
]


def asking() -> Agent:
    return make_agent(
        make_task(status="in_progress"), status="waiting_for_input", pending_questions=json.dumps(QUESTIONS)
    )


def test_the_list_shows_those_at_work_first_in_a_constant_number_of_queries(
    person_client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    first = make_agent(make_task(), status="running")
    for _ in range(5):
        make_agent(make_task())
    with django_assert_max_num_queries(8):
        text = person_client.get("/agents/").content.decode()
    assert text.split('<div class="row-title"><a href="/agents/')[1].startswith(first.name)


def test_an_agents_page_shows_text_tools_and_thinking(person_client: Client, talker: Talker) -> None:
    agent = talker(
        {"type": "text", "text": "I **begin**."},
        {"type": "tool", "id": "c1", "name": "Bash", "input": {"command": "pytest -q"}},
        {"type": "tool_result", "id": "c1", "output": "2 passed\n", "is_error": False},
    )
    text = person_client.get(f"/agents/{agent.name}/").content.decode()
    assert "I <strong>begin</strong>." in text
    assert '<span class="tool-input">pytest -q</span>' in text
    assert 'data-state="ok"' in text
    assert text.count('<span class="tool-name">Bash') == 1, "the result takes the place of its call"
    assert "2 passed" in text


def test_nothing_an_agent_prints_becomes_markup(person_client: Client, talker: Talker) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)> [x](javascript:alert(1)) \x1b[31mred\x1b[0m"
    agent = talker(
        {"type": "text", "text": evil},
        {"type": "tool", "id": '"><script>', "name": evil, "input": {"command": evil}},
        {"type": "tool_result", "id": '"><script>', "output": evil, "is_error": True},
        {"type": "result", "end": "error", "text": evil, "reason": evil},
        {"type": evil},
    )
    text = person_client.get(f"/agents/{agent.name}/").content.decode()
    log = text.split('<ol class="log">')[1].split("</ol>")[0]
    assert "<script" not in log
    assert "<img" not in log
    assert 'href="javascript' not in log
    assert "\x1b" not in log


def test_the_log_is_read_on_from_a_cursor_and_a_result_finds_its_call(person_client: Client, talker: Talker) -> None:
    agent = talker(
        {"type": "tool", "id": "c1", "name": "Bash", "input": {"command": "make"}},
        {"type": "tool_result", "id": "c1", "output": "ok", "is_error": False},
    )
    response = person_client.get(f"/agents/{agent.name}/log/?after=1")
    assert response.headers["X-Next"] == "2"
    text = response.content.decode()
    assert text.count("<li") == 1
    assert "make" in text
    assert "Session 1" not in text
    again = person_client.get(f"/agents/{agent.name}/log/?after=2")
    assert (again.content, again.headers["X-Next"]) == (b"", "2")


def test_a_long_log_is_shown_in_parts(person_client: Client, talker: Talker) -> None:
    agent = talker(*({"type": "text", "text": f"line {number}"} for number in range(1, 561)))
    newest = person_client.get(f"/agents/{agent.name}/").content.decode()
    assert "line 560<" in newest
    assert "line 60<" not in newest
    assert "?before=61" in newest
    earlier = person_client.get(f"/agents/{agent.name}/?before=61").content.decode()
    assert "line 60<" in earlier
    assert "To the newest entries" in earlier


def test_raw_is_plain_text_that_nothing_executes(person: User, talker: Talker) -> None:
    agent = talker({"type": "text", "text": "<script>alert(1)</script>"})

    async def read() -> tuple[dict[str, str], str]:
        browser = AsyncClient()
        await browser.aforce_login(person, backend=BACKEND)
        response = await browser.get(f"/agents/{agent.name}/raw/")
        assert isinstance(response, StreamingHttpResponse)
        return dict(response.headers), "".join([part.decode() async for part in response])

    headers, body = async_to_sync(read)()
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert json.loads(body)["text"] == "<script>alert(1)</script>"


def test_questions_are_answered_with_a_choice_or_own_words(person_client: Client) -> None:
    agent = asking()
    page = person_client.get(f"/agents/{agent.name}/").content.decode()
    assert "Which &lt;database&gt;?" in page
    refused = person_client.post(f"/agents/{agent.name}/answer/", {"choice-0": "SQLite", "text-1": "  "})
    assert refused.status_code == 422
    assert "checked" in refused.content.decode(), "what was chosen is still chosen"
    done = person_client.post(f"/agents/{agent.name}/answer/", {"choice-0": "SQLite", "text-1": "Because."})
    assert done.status_code == 303
    session = AgentRepository().open_session(agent.id)
    assert session is not None
    assert "SQLite" in session.prompt
    assert "Because." in session.prompt
    assert AgentRepository().get(agent.id).pending_questions is None


def test_a_resting_agent_takes_a_message_and_one_at_work_refuses(person_client: Client) -> None:
    agent = make_agent(make_task(status="blocked"), status="crashed")
    assert person_client.post(f"/agents/{agent.name}/resume/", {"prompt": "Go on."}).status_code == 303
    session = AgentRepository().open_session(agent.id)
    assert session is not None
    assert "Go on." in session.prompt
    refused = person_client.post(f"/agents/{agent.name}/resume/", {"prompt": "Me too."})
    assert refused.status_code == 422
    assert "Me too." in refused.content.decode(), "what was typed is not lost"
    assert "is at work" in refused.content.decode()


def test_buttons_stop_dismiss_and_delete(person_client: Client) -> None:
    agent = make_agent(make_task(status="in_progress"), status="running")
    session = make_session(agent, status="live")
    assert person_client.post(f"/agents/{agent.name}/stop/").status_code == 303
    assert AgentRepository().get_session(session.id).stop_requested_at is not None
    assert person_client.post(f"/agents/{agent.name}/dismiss/").status_code == 409
    resting = make_agent(make_task(), status="stopped", worktree_id="")
    assert person_client.post(f"/agents/{resting.name}/dismiss/").status_code == 303
    assert person_client.post(f"/agents/{resting.name}/delete/").status_code == 303
    assert AgentRepository().find_by_id(resting.id) is None


@pytest.mark.parametrize("path", ["", "log/", "raw/", "state/", "ask/"])
def test_nobody_sees_an_agent_without_signing_in(client: Client, talker: Talker, path: str) -> None:
    agent = talker({"type": "text", "text": "secret"})
    response = client.get(f"/agents/{agent.name}/{path}")
    assert response.status_code == 302
    assert "secret" not in response.content.decode()


def test_an_unknown_agent_is_not_found(person_client: Client) -> None:
    assert person_client.get("/agents/nobody/").status_code == 404
    assert AccountRepository().find_all() == []
