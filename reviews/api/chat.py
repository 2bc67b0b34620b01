from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from cw_site.foundation.access import require_scope
from cw_site.foundation.paging import DEFAULT_LIMIT, page_of
from cw_site.foundation.schemas import ERRORS, Id, Limit, Offset
from initiatives.api.output import columns_of
from reviews.actions.chat import close_chat, open_chat, send_message
from reviews.api.schemas import ChatIn, ChatList, ChatMessageIn, ChatMessageList, ChatMessageOut, ChatOut, IdPath
from reviews.repositories import ChatSessionRepository
from reviews.states import ChatTarget

router = Router(tags=["chat"])


@router.get("/chat-sessions", response={200: ChatList, **ERRORS}, summary="Chats, newest first")
def list_chats(
    request: HttpRequest,
    target_type: ChatTarget | None = None,
    target_id: Id | None = None,
    limit: Limit = DEFAULT_LIMIT,
    offset: Offset = 0,
) -> dict[str, Any]:
    require_scope(request, "read")
    rows, count = ChatSessionRepository().list_page(
        limit=limit, offset=offset, target_type=target_type, target_id=target_id
    )
    return page_of([columns_of(row) for row in rows], count)


@router.post(
    "/chat-sessions", response={201: ChatOut, **ERRORS}, summary="The open chat of a phase or task, or a new one"
)
def post_chat(request: HttpRequest, body: ChatIn) -> Status[dict[str, Any]]:
    require_scope(request, "run")
    return Status(201, columns_of(open_chat(target_type=body.target_type, target_id=body.target_id)))


@router.get(
    "/chat-sessions/{chat_id}/messages", response={200: ChatMessageList, **ERRORS}, summary="Messages, oldest first"
)
def list_messages(
    request: HttpRequest, chat_id: IdPath, limit: Limit = DEFAULT_LIMIT, offset: Offset = 0
) -> dict[str, Any]:
    require_scope(request, "read")
    ChatSessionRepository().get(chat_id)
    rows = ChatSessionRepository().find_messages_by_session_id(chat_id)
    return page_of([columns_of(row) for row in rows[offset : offset + limit]], len(rows))


@router.post("/chat-sessions/{chat_id}/messages", response={201: ChatMessageOut, **ERRORS}, summary="Say something")
def post_message(request: HttpRequest, chat_id: IdPath, body: ChatMessageIn) -> Status[dict[str, Any]]:
    require_scope(request, "run")
    message = send_message(chat_id, content=body.content)
    rows = ChatSessionRepository().find_messages_by_session_id(chat_id)
    return Status(201, columns_of(next((row for row in rows if row.pk == message.pk), message)))


@router.post("/chat-sessions/{chat_id}/close", response={200: ChatOut, **ERRORS}, summary="Close a chat")
def close(request: HttpRequest, chat_id: IdPath) -> dict[str, Any]:
    require_scope(request, "run")
    return columns_of(close_chat(chat_id))
