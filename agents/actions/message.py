"""Messages to the person, and what a reply to one means."""

from agents.actions.agent import answer_questions, questions_of
from agents.models import Message
from agents.repositories.agent import AgentRepository
from agents.repositories.message import MessageRepository
from agents.states import MessageType, PartyType
from cw_site.foundation.errors import Invalid

LONGEST = 64 * 1024


def reply(message_id: str, content: str, *, by: str = "") -> Message:
    """Answer a message. A reply to an agent's open questions answers all of them with the same text and resumes it."""
    text = content.strip()
    if not text or len(text) > LONGEST:
        raise Invalid("Write a reply of at most 64 KiB.", {"content": ["Write a reply of at most 64 KiB."]})
    messages = MessageRepository()
    message = messages.get(message_id)
    asks = message.type == MessageType.QUESTION and message.sender_type == PartyType.AGENT
    agent = AgentRepository().find_by_id(message.sender_id) if asks and message.sender_id else None
    if agent is not None and agent.pending_questions and message.requires_response:
        answer_questions(agent.id, {question["id"]: text for question in questions_of(agent)}, by=by)
        replies = messages.find_replies(message_id)
        if replies:
            return replies[-1]
    return messages.respond(message_id, text)
