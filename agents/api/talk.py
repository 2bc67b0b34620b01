import time
from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from agents.actions import conversation as conversations
from agents.actions.message import reply
from agents.api.schemas import (
    AnswerIn,
    ConversationIn,
    ConversationList,
    ConversationOut,
    MessageList,
    MessageOut,
    ReplyIn,
    Wait,
)
from agents.repositories.conversation import ConversationRepository
from agents.repositories.message import MessageRepository
from agents.states import ConversationStatus, PartyType
from cw_site.foundation.access import name_of, require_scope
from cw_site.foundation.paging import DEFAULT_LIMIT, page_of
from cw_site.foundation.schemas import ERRORS, IdPath, IdQuery, Limit, Offset
from initiatives.api.output import columns_of

router = Router(tags=["talk"])
LOOK_EVERY_SECONDS = 0.2


@router.get("/conversations", response={200: ConversationList, **ERRORS}, summary="Questions between agents")
def list_conversations(
    request: HttpRequest,
    agent_id: IdQuery | None = None,
    status: ConversationStatus | None = None,
    limit: Limit = DEFAULT_LIMIT,
    offset: Offset = 0,
) -> dict[str, Any]:
    require_scope(request, "read")
    rows, count = ConversationRepository().list_page(limit=limit, offset=offset, agent_id=agent_id, status=status)
    return page_of([columns_of(row) for row in rows], count)


@router.post("/conversations", response={201: ConversationOut, **ERRORS}, summary="Ask another agent")
def post_conversation(request: HttpRequest, body: ConversationIn) -> Status[dict[str, Any]]:
    require_scope(request, "run")
    return Status(201, columns_of(conversations.ask(**body.dict())))


@router.get("/conversations/{conversation_id}", response={200: ConversationOut, **ERRORS}, summary="With its answer")
def get_conversation(request: HttpRequest, conversation_id: IdPath, wait: Wait = 0) -> dict[str, Any]:
    """Answers at once when there is an answer, else after `wait` seconds at the latest."""
    require_scope(request, "read")
    deadline = time.monotonic() + wait
    while True:
        row = ConversationRepository().get(conversation_id)
        if row.status != ConversationStatus.PENDING or time.monotonic() >= deadline:
            return columns_of(row)
        time.sleep(LOOK_EVERY_SECONDS)


@router.post("/conversations/{conversation_id}/answer", response={200: ConversationOut, **ERRORS}, summary="Answer")
def post_conversation_answer(request: HttpRequest, conversation_id: IdPath, body: AnswerIn) -> dict[str, Any]:
    require_scope(request, "run")
    return columns_of(conversations.answer(conversation_id, body.answer))


@router.get("/messages", response={200: MessageList, **ERRORS}, summary="Messages to the person, newest first")
def list_messages(
    request: HttpRequest,
    recipient: PartyType = PartyType.USER,
    requires_response: bool | None = None,
    limit: Limit = DEFAULT_LIMIT,
    offset: Offset = 0,
) -> dict[str, Any]:
    require_scope(request, "read")
    if recipient != PartyType.USER:
        rows = MessageRepository().find_requiring_response(recipient)
        return page_of([columns_of(row) for row in rows[offset : offset + limit]], len(rows))
    rows, count = MessageRepository().list_for_user(limit=limit, offset=offset, requires_response=requires_response)
    return page_of([columns_of(row) for row in rows], count)


@router.post("/messages/{message_id}/reply", response={201: MessageOut, **ERRORS}, summary="Answer a message")
def post_reply(request: HttpRequest, message_id: IdPath, body: ReplyIn) -> Status[dict[str, Any]]:
    """A reply to an agent's questions answers all of them, and the agent goes on."""
    require_scope(request, "run")
    return Status(201, columns_of(reply(message_id, body.content, by=name_of(request))))
