"""Chat: each message of the person is one turn of the agent, each turn one answer."""

from typing import Any

import pytest

from agents.models import AgentSession
from agents.repositories import AgentRepository
from cw_site.foundation.errors import Invalid, NotAllowed, NotFound
from cw_site.foundation.events import last_event_id
from initiatives.models import Phase
from reviews import ticks
from reviews.actions import chat as chats
from reviews.models import ChatSession
from reviews.repositories import ChatSessionRepository
from tests.factories import make_initiative, make_phase, make_task

pytestmark = pytest.mark.django_db


@pytest.fixture
def phase() -> Phase:
    """A phase of an initiative that scripted agents work for."""
    return make_phase(make_initiative(provider="scripted"), status="in_progress")


@pytest.fixture
def chat(phase: Phase) -> ChatSession:
    """An open chat about the phase."""
    return chats.open_chat(target_type="phase", target_id=phase.pk)


def messages(chat: ChatSession) -> list[tuple[str, str, bool]]:
    rows = ChatSessionRepository().find_messages_by_session_id(chat.pk)
    return [(row.role, row.content, row.delivered_at is not None) for row in rows]


def open_session(chat: ChatSession) -> AgentSession:
    agent_id = ChatSessionRepository().get(chat.pk).agent_id
    assert agent_id is not None
    session = AgentRepository().open_session(agent_id)
    assert session is not None
    return session


def start(chat: ChatSession) -> AgentSession:
    """The worker takes the session up."""
    agents, session = AgentRepository(), open_session(chat)
    agents.move_session(session.pk, to="starting")
    agents.move(session.agent_id, to="running", session_id="s1")
    return agents.move_session(session.pk, to="live")


def end(session: AgentSession, text: str = "", *, end: str = "success", status: str = "idle", **fields: Any) -> None:
    """The session is over and concluded."""
    agents = AgentRepository()
    agents.move_session(session.pk, to="ended")
    agents.move_session(session.pk, to="settled", end=end, final_text=text, end_reason="It broke.")
    agents.move(session.agent_id, to=status, **fields)


def test_a_chat_is_opened_once_for_a_target(phase: Phase, chat: ChatSession) -> None:
    assert chats.open_chat(target_type="phase", target_id=phase.pk) == chat
    task = make_task(phase)
    other = chats.open_chat(target_type="task", target_id=task.pk)
    assert (other.target_id, other.initiative_id) == (task.pk, phase.initiative_id)
    with pytest.raises(Invalid):
        chats.open_chat(target_type="page", target_id=phase.pk)
    with pytest.raises(NotFound):
        chats.open_chat(target_type="phase", target_id="none")


def test_a_message_starts_the_agent_and_comes_back_as_one_answer(chat: ChatSession) -> None:
    chats.send_message(chat.pk, content="What is this?")
    assert messages(chat) == [("user", "What is this?", True)]
    session = start(chat)
    assert "What is this?" in session.prompt
    assert ticks.collect_chat_answers() == 0
    end(session, "A phase.")
    assert ticks.collect_chat_answers() == 1
    assert ticks.collect_chat_answers() == 0
    assert messages(chat)[1:] == [("assistant", "A phase.", False)]


def test_a_chat_in_which_nothing_happens_tells_nothing(chat: ChatSession) -> None:
    chats.send_message(chat.pk, content="What is this?")
    end(start(chat), "A phase.")
    ticks.collect_chat_answers()
    before = last_event_id()
    ticks.collect_chat_answers()
    assert last_event_id() == before


def test_what_is_said_meanwhile_waits_and_is_the_next_turn(chat: ChatSession) -> None:
    chats.send_message(chat.pk, content="One")
    session = start(chat)
    chats.send_message(chat.pk, content="Two")
    chats.send_message(chat.pk, content="Three")
    assert [delivered for _, _, delivered in messages(chat)] == [True, False, False]
    end(session, "First.")
    assert ticks.collect_chat_answers() == 1
    assert [text for _, text, _ in messages(chat)] == ["One", "Two", "Three", "First."]
    again = open_session(chat)
    assert again.number == 2
    assert "Two\n\nThree" in again.prompt
    assert chats.is_waiting(ChatSessionRepository().find_messages_by_session_id(chat.pk)) is False
    end(start(chat), "Second.")
    assert ticks.collect_chat_answers() == 1
    assert messages(chat)[-1] == ("assistant", "Second.", False)


def test_a_failure_is_said_and_can_be_tried_again(chat: ChatSession) -> None:
    chats.send_message(chat.pk, content="One")
    end(start(chat), end="crashed", status="crashed")
    assert ticks.collect_chat_answers() == 1
    role, text, _ = messages(chat)[-1]
    assert role == "system"
    assert "It broke." in text
    assert ticks.collect_chat_answers() == 0
    chats.retry_last_message(chat.pk)
    session = open_session(chat)
    assert session.number == 2
    assert "One" in session.prompt


def test_questions_of_the_agent_are_part_of_its_answer(chat: ChatSession) -> None:
    chats.send_message(chat.pk, content="One")
    questions = '[{"id": "a", "question": "Which colour?"}]'
    end(start(chat), "I need to know:", end="question", status="waiting_for_input", pending_questions=questions)
    ticks.collect_chat_answers()
    assert messages(chat)[-1][:2] == ("assistant", "I need to know:\n\n- Which colour?")
    chats.send_message(chat.pk, content="Red")
    assert "Red" in open_session(chat).prompt


def test_a_start_that_is_not_possible_is_said(chat: ChatSession, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**fields: object) -> None:
        raise NotAllowed("Claude Code is not installed.")

    with monkeypatch.context() as patch:
        patch.setattr(chats, "start_talk", refuse)
        chats.send_message(chat.pk, content="One")
    assert messages(chat)[-1][0] == "system"
    assert "Claude Code is not installed." in messages(chat)[-1][1]
    chats.retry_last_message(chat.pk)
    assert "One" in open_session(chat).prompt


def test_a_new_agent_is_told_what_was_said(chat: ChatSession) -> None:
    chats.send_message(chat.pk, content="One")
    session = start(chat)
    end(session, "First.")
    ticks.collect_chat_answers()
    AgentRepository().delete(session.agent_id)
    chats.send_message(chat.pk, content="Two")
    prompt = open_session(chat).prompt
    assert "First." in prompt
    assert "Two" in prompt


def test_the_agent_of_a_closed_chat_is_let_go_once_it_rests(chat: ChatSession) -> None:
    """Else its worktrees, one for each project, would stay for ever."""
    chats.send_message(chat.pk, content="Why?")
    session = start(chat)
    chats.close_chat(chat.pk)
    ticks.collect_chat_answers()
    assert AgentRepository().get(session.agent_id).user_dismissed_at is None
    end(session, "Because.")
    ticks.collect_chat_answers()
    assert AgentRepository().get(session.agent_id).user_dismissed_at is not None
    assert ticks.collect_chat_answers() == 0


def test_a_closed_chat_takes_no_message(chat: ChatSession) -> None:
    chats.close_chat(chat.pk)
    with pytest.raises(NotAllowed, match="closed"):
        chats.send_message(chat.pk, content="One")
    with pytest.raises(NotAllowed, match="closed"):
        chats.retry_last_message(chat.pk)


@pytest.mark.parametrize("text", ["", "  \n", "x" * (chats.LONGEST_MESSAGE + 1)])
def test_a_message_has_a_length(chat: ChatSession, text: str) -> None:
    with pytest.raises(Invalid):
        chats.send_message(chat.pk, content=text)
