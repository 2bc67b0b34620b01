"""The API of agents, as a script uses it."""

import json

import pytest

from agents.repositories import AgentRepository, ConversationRepository, LogChunkRepository, MessageRepository
from tests.agents.api.conftest import Ask
from tests.factories import make_agent, make_session, make_task

QUESTION = {"id": "q1", "question": "Which?", "options": [], "multiSelect": False}


def test_agents_are_listed_and_found_by_name_or_id(ask: Ask) -> None:
    agent = make_agent(make_task(), result=json.dumps({"status": "done", "summary": "Done."}))
    make_agent(make_task(), status="running")
    status, page = ask("GET", "/agents?status=idle", scope="read")
    assert (status, page["count"]) == (200, 1)
    for key in (agent.id, agent.name):
        status, found = ask("GET", f"/agents/{key}", scope="read")
        assert (status, found["id"]) == (200, agent.id)
    assert found["result"] == {"status": "done", "summary": "Done."}
    assert ask("GET", "/agents/nobody")[0] == 404


def test_the_log_is_read_in_order_and_outlives_its_agent(ask: Ask) -> None:
    agent = make_agent(make_task(), worktree_id="")
    session = make_session(agent, status="live")
    for number in range(3):
        AgentRepository().store_output(
            session.id, agent_id=agent.id, expected_offset=2 * number, text=f"{number}\n", next_offset=2 * number + 2
        )
    _, first = ask("GET", f"/agents/{agent.name}/log?limit=2", scope="read")
    assert [item["content"] for item in first["items"]] == ["0\n", "1\n"]
    _, rest = ask("GET", f"/agents/{agent.name}/log?after={first['next']}", scope="read")
    assert [item["content"] for item in rest["items"]] == ["2\n"]
    AgentRepository().move_session(session.id, to="ended")
    AgentRepository().move_session(session.id, to="settled")
    assert ask("DELETE", f"/agents/{agent.id}")[0] == 204
    assert ask("GET", f"/agents/{agent.id}/log", scope="read")[0] == 200
    assert len(LogChunkRepository().find_by_agent_id(agent.id)) == 3


def test_questions_are_read_and_answered(ask: Ask) -> None:
    agent = make_agent(
        make_task(status="in_progress"), status="waiting_for_input", pending_questions=json.dumps([QUESTION])
    )
    _, page = ask("GET", f"/agents/{agent.id}/questions", scope="read")
    assert page["items"] == [QUESTION]
    assert ask("POST", f"/agents/{agent.id}/answer", {"answers": {"q1": "  "}}, scope="run")[0] == 422
    assert ask("POST", f"/agents/{agent.id}/answer", {"answers": {"q1": "blue"}}, scope="run")[0] == 200
    assert ask("POST", f"/agents/{agent.id}/answer", {"answers": {"q1": "red"}}, scope="run")[0] == 409
    session = AgentRepository().open_session(agent.id)
    assert session is not None
    assert "blue" in session.prompt


def test_stop_resume_and_dismiss_say_why_not(ask: Ask) -> None:
    agent = make_agent(make_task(status="blocked"), status="stopped")
    status, why = ask("POST", f"/agents/{agent.id}/stop", scope="run")
    assert (status, why["code"]) == (409, "not_allowed")
    assert agent.name in why["detail"]
    assert ask("POST", f"/agents/{agent.id}/resume", {"prompt": "Go on."}, scope="run")[0] == 200
    assert ask("POST", f"/agents/{agent.id}/dismiss", scope="run")[0] == 409
    status, stopped = ask("POST", f"/agents/{agent.id}/stop", scope="run")
    assert status == 200
    assert stopped["sessions"][-1]["status"] == "ended"
    assert ask("DELETE", f"/agents/{agent.id}")[0] == 409


@pytest.mark.parametrize("path", ["stop", "resume", "dismiss", "answer"])
def test_a_token_that_reads_cannot_act(ask: Ask, path: str) -> None:
    agent = make_agent(make_task(status="in_progress"), status="running")
    body = {"prompt": "x", "answers": {}}
    assert ask("POST", f"/agents/{agent.id}/{path}", body, scope="read")[0] == 403


def test_credentials_go_in_and_never_come_out(ask: Ask) -> None:
    secret = "sk-ant-zebra-quartz-7"
    body = {
        "email": "a@example.org",
        "provider": "claude",
        "credentials": secret,
        "config_json": '{"env": {"A": "canary-9"}}',
    }
    status, made = ask("POST", "/accounts", body)
    assert status == 201
    assert made["has_credentials"] is True
    texts = [
        json.dumps(made),
        json.dumps(ask("GET", "/accounts")[1]),
        json.dumps(ask("GET", f"/accounts/{made['id']}")[1]),
    ]
    texts.append(json.dumps(ask("PATCH", f"/accounts/{made['id']}", {"email": "b@example.org"})[1]))
    assert all(secret not in text and "canary-9" not in text for text in texts)
    assert ask("GET", "/accounts", scope="read")[0] == 403
    assert ask("POST", "/accounts", body | {"provider": "nobody"})[0] == 422
    assert ask("PATCH", f"/accounts/{made['id']}", {"config_json": "{"})[0] == 422
    assert ask("POST", f"/accounts/{made['id']}/mark-available")[0] == 200
    assert ask("DELETE", f"/accounts/{made['id']}")[0] == 204


def test_one_agent_asks_another_and_reads_the_answer(ask: Ask) -> None:
    task = make_task(status="in_progress")
    asker, target = make_agent(make_task(task.phase, status="in_progress")), make_agent(task, status="running")
    body = {"from_agent": asker.name, "task_id": task.id, "question": "Where is the parser?"}
    status, made = ask("POST", "/conversations", body, scope="run")
    assert (status, made["to_agent_id"]) == (201, target.id)
    _, waiting = ask("GET", f"/conversations/{made['id']}?wait=0.1", scope="read")
    assert waiting["status"] == "pending"
    assert ask("POST", f"/conversations/{made['id']}/answer", {"answer": "In parser.py."}, scope="run")[0] == 200
    _, answered = ask("GET", f"/conversations/{made['id']}?wait=5", scope="read")
    assert (answered["status"], answered["answer"]) == ("answered", "In parser.py.")
    assert ask("POST", f"/conversations/{made['id']}/answer", {"answer": "No."}, scope="run")[0] == 409
    assert ask("POST", "/conversations", body | {"to_agent": target.id}, scope="run")[0] == 422
    assert ConversationRepository().find_pending_for_agent(target.id) == []


def test_a_reply_to_a_question_answers_the_agent(ask: Ask) -> None:
    agent = make_agent(
        make_task(status="in_progress"), status="waiting_for_input", pending_questions=json.dumps([QUESTION])
    )
    message = MessageRepository().create(
        sender_type="agent", sender_id=agent.id, recipient_type="user", type="question", content="Which?",
        requires_response=True,
    )  # fmt: skip
    _, page = ask("GET", "/messages?recipient=user&requires_response=true", scope="read")
    assert [item["id"] for item in page["items"]] == [message.id]
    status, made = ask("POST", f"/messages/{message.id}/reply", {"content": "blue"}, scope="run")
    assert (status, made["parent_message_id"]) == (201, message.id)
    session = AgentRepository().open_session(agent.id)
    assert session is not None
    assert "blue" in session.prompt
    assert ask("POST", f"/messages/{message.id}/reply", {"content": "red"}, scope="run")[0] == 409
