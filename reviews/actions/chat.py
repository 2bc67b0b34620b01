"""Chat about a phase or task: a message of the person is a session of the chat's agent, its end is an answer."""

import json

from django.db import transaction

from agents.actions.agent import dismiss_agent, resume_agent, start_talk
from agents.models import Agent, AgentSession
from agents.repositories import AgentRepository
from agents.states import AgentStatus, SessionState
from cw_site.foundation.clock import now
from cw_site.foundation.errors import DomainError, Invalid, NotAllowed
from cw_site.foundation.reconcile import request_reconcile
from initiatives.models import Phase, Task
from initiatives.repositories import PhaseRepository, TaskRepository
from reviews.models import ChatMessage, ChatSession
from reviews.policies import check_can_write
from reviews.repositories import ChatSessionRepository
from reviews.states import ChatRole, ChatTarget

LONGEST_MESSAGE = 64 * 1024
_ANSWERED = frozenset({"success", "question"})


def open_chat(*, target_type: str, target_id: str) -> ChatSession:
    """The open chat about a phase or task; a new one where there is none."""
    if target_type not in ChatTarget.values:
        raise Invalid("A chat is about a phase or a task.", {"target_type": ["One of phase, task."]})
    chats = ChatSessionRepository()
    target = find_target(target_type, target_id)
    if target.initiative_id is None:
        raise NotAllowed("This task belongs to no initiative, so there is nothing to chat about.")
    existing = chats.find_active_session(target_type, target_id)
    if existing is not None:
        return existing
    try:
        return chats.create_session(target_type=target_type, target_id=target_id, initiative_id=target.initiative_id)
    except NotAllowed:
        opened = chats.find_active_session(target_type, target_id)
        if opened is None:
            raise
        return opened


def find_target(target_type: str, target_id: str) -> Phase | Task:
    """What the chat is about; raises NotFound."""
    return PhaseRepository().get(target_id) if target_type == ChatTarget.PHASE else TaskRepository().get(target_id)


def send_message(chat_id: str, *, content: str) -> ChatMessage:
    """Say something. It reaches the agent at once, or, while the agent is at work, as its next turn."""
    chats = ChatSessionRepository()
    chat = chats.get(chat_id)
    check_can_write(chat)
    text = content.replace("\r\n", "\n").replace("\0", "␀").strip()
    if not text:
        raise Invalid("Write a message first.", {"content": ["Write something."]})
    if len(text) > LONGEST_MESSAGE:
        raise Invalid("This message is too long.", {"content": [f"At most {LONGEST_MESSAGE:,} characters."]})
    message = chats.create_message(chat_id, role=ChatRole.USER, content=text)
    deliver(chat_id)
    return message


def retry_last_message(chat_id: str) -> None:
    """Send the person's last message again, after a failure."""
    chats = ChatSessionRepository()
    check_can_write(chats.get(chat_id))
    said = [message for message in chats.find_messages_by_session_id(chat_id) if message.role == ChatRole.USER]
    if not said:
        raise NotAllowed("There is no message to send again.")
    with transaction.atomic():
        chats.update_message(said[-1].pk, delivered_at=None)
        deliver(chat_id)


def close_chat(chat_id: str) -> ChatSession:
    """End the chat; it stays readable. Its agent finishes what it is saying and is not asked again."""
    return ChatSessionRepository().close(chat_id)


def deliver(chat_id: str) -> bool:
    """Hand the messages that wait to the agent, as one turn; False where none waits or the agent is at work.

    The session and the marks on the messages are one transaction: a message is delivered once. A start that is not
    possible becomes a system message.
    """
    chats = ChatSessionRepository()
    try:
        with transaction.atomic():
            chats.lock(chat_id)  # two workers never deliver the same message
            chat = chats.get(chat_id)
            waiting = [
                message
                for message in chats.find_messages_by_session_id(chat_id)
                if message.role == ChatRole.USER and message.delivered_at is None
            ]
            agent = _agent_of(chat)
            if not waiting or (agent is not None and not _is_resting(agent)):
                return False
            prompt = "\n\n".join(message.content for message in waiting)
            if agent is None:
                _start(chat, prompt)
            else:
                resume_agent(agent.pk, prompt=prompt)
            for message in waiting:
                chats.update_message(message.pk, delivered_at=now())
            request_reconcile()
    except DomainError as error:
        _fail_waiting(chat_id, error.message)
        return False
    return True


def collect_answers(chat: ChatSession) -> bool:
    """Turn what the agent's ended sessions said into one message, exactly once, then hand over what waits."""
    agent = _agent_of(chat)
    if agent is None or not _is_resting(agent):
        return False
    sessions = [
        session
        for session in AgentRepository().find_sessions(agent.pk)
        if session.number > chat.answered_session and session.status == SessionState.SETTLED
    ]
    if not sessions:
        return deliver(chat.pk)
    chats = ChatSessionRepository()
    with transaction.atomic():
        if not chats.take_answer(chat.pk, after=chat.answered_session, upto=sessions[-1].number):
            return False
        role, content = _answer(agent, sessions)
        chats.create_message(chat.pk, role=role, content=content)
    deliver(chat.pk)
    return True


def let_agent_go(chat: ChatSession) -> bool:
    """Dismiss the agent of a closed chat once it rests, so that its worktrees are cleared away."""
    agent = _agent_of(chat)
    if agent is None or not _is_resting(agent):
        return False
    dismiss_agent(agent.pk)
    return True


def is_waiting(messages: list[ChatMessage]) -> bool:
    """Whether some message of the person is not delivered yet."""
    return any(message.role == ChatRole.USER and message.delivered_at is None for message in messages)


def _agent_of(chat: ChatSession) -> Agent | None:
    """The chat's agent; one that can work no more is replaced at the next message."""
    agent = AgentRepository().find_by_id(chat.agent_id) if chat.agent_id else None
    if agent is None or agent.user_dismissed_at is not None or agent.worktree_released_at is not None:
        return None
    return agent


def _is_resting(agent: Agent) -> bool:
    return agent.status != AgentStatus.RUNNING and AgentRepository().open_session(agent.pk) is None


def _start(chat: ChatSession, prompt: str) -> None:
    target = find_target(chat.target_type, chat.target_id)
    task = target if isinstance(target, Task) else None
    earlier = ChatSessionRepository().find_messages_by_session_id(chat.pk)
    agent = start_talk(
        initiative_id=chat.initiative_id,
        phase_id=task.phase_id if task else target.pk,
        task_id=task.pk if task else None,
        provider=task.provider if task else "",
        prompt=_with_history(earlier, prompt),
    )
    ChatSessionRepository().update_session(chat.pk, agent_id=agent.pk, answered_session=0)


def _with_history(messages: list[ChatMessage], prompt: str) -> str:
    """A new agent in an old chat reads what was said before."""
    said = [message for message in messages if message.delivered_at is not None or message.role == ChatRole.ASSISTANT]
    if not said:
        return prompt
    history = "\n\n".join(f"{message.get_role_display()}: {message.content}" for message in said[-30:])
    return f"What was said so far, with another agent:\n\n{history}\n\nThe new message:\n\n{prompt}"


def _answer(agent: Agent, sessions: list[AgentSession]) -> tuple[ChatRole, str]:
    """What the sessions came to: the agent's words, or why there are none."""
    last = sessions[-1]
    texts = [session.final_text.strip() for session in sessions if session.final_text.strip()]
    questions = _questions(agent) if agent.status == AgentStatus.WAITING_FOR_INPUT else ""
    if last.end in _ANSWERED and (texts or questions):
        unique = list(dict.fromkeys([*texts, questions]))
        return ChatRole.ASSISTANT, "\n\n".join(text for text in unique if text)
    why = last.end_reason or agent.status_reason or "It ended without an answer."
    said = f"\n\nIts last words were:\n\n{texts[-1]}" if texts else ""
    return ChatRole.SYSTEM, f"{agent.name} could not answer. {why}{said}"


def _questions(agent: Agent) -> str:
    try:
        questions = json.loads(agent.pending_questions or "[]")
    except ValueError:
        return ""
    texts = [str(item.get("question", "")) for item in questions if isinstance(item, dict)]
    return "\n".join(f"- {text}" for text in texts if text)


def _fail_waiting(chat_id: str, why: str) -> None:
    """Say why nothing was delivered. The messages count as delivered, so that this is said once; retry sends again."""
    chats = ChatSessionRepository()
    with transaction.atomic():
        chats.lock(chat_id)
        for message in chats.find_messages_by_session_id(chat_id):
            if message.role == ChatRole.USER and message.delivered_at is None:
                chats.update_message(message.pk, delivered_at=now())
        chats.create_message(chat_id, role=ChatRole.SYSTEM, content=f"The agent could not be started. {why}")
