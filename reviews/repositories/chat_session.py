from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from cw_site.foundation.clock import now
from cw_site.foundation.errors import NotAllowed
from cw_site.foundation.events import publish
from cw_site.foundation.repository import SteppedRepository
from reviews.models import ChatMessage, ChatSession
from reviews.states import CHAT_MACHINE, ChatRole, ChatStatus, ChatTarget


class ChatSessionRepository(SteppedRepository[ChatSession]):
    """The tables `chat_sessions` and `chat_messages`."""

    model = ChatSession
    noun = "chat session"
    machine = CHAT_MACHINE

    def topics(self, row: ChatSession) -> list[str]:
        return [f"chat:{row.pk}"]

    def find_by_id(self, row_id: str) -> ChatSession | None:
        """The chat with its agent and initiative, or None."""
        return self._rows().filter(pk=row_id).first()

    def create_session(
        self, *, target_type: ChatTarget | str, target_id: str, initiative_id: str, agent_id: str | None = None
    ) -> ChatSession:
        """Open a chat; raises NotAllowed where the target has an open one: the database allows one at a time."""
        try:
            return self.create(
                target_type=target_type, target_id=target_id, initiative_id=initiative_id, agent_id=agent_id
            )
        except IntegrityError as error:
            if self.find_active_session(target_type, target_id) is None:
                raise
            raise NotAllowed(f"There is an open chat about this {target_type} already. Go on there.") from error

    def find_active_session(self, target_type: ChatTarget | str, target_id: str) -> ChatSession | None:
        """The open chat about a phase or task."""
        return self._open().filter(target_type=target_type, target_id=target_id).first()

    def find_active_session_by_agent_id(self, agent_id: str) -> ChatSession | None:
        """The open chat that this agent answers in; the newest where there are several."""
        return self._open().filter(agent_id=agent_id).order_by("-created_at", "-id").first()

    def update_session(self, session_id: str, **fields: Any) -> ChatSession:
        """Write only the named columns; raises NotFound. It is closed with `close`."""
        return self.update(session_id, **fields)

    def lock(self, session_id: str) -> None:
        """Hold the chat until the present transaction ends; SQLite has one writer at a time as it is."""
        ChatSession.objects.select_for_update(no_key=True).filter(pk=session_id).values_list("pk").first()

    def take_answer(self, session_id: str, *, after: int, upto: int) -> bool:
        """Claim the sessions after one number up to another for a message; False where somebody else took them."""
        rows = ChatSession.objects.filter(pk=session_id, answered_session=after)
        return rows.update(answered_session=upto, updated_at=now()) == 1

    def list_active(self) -> list[ChatSession]:
        """All open chats, oldest first."""
        return list(self._open().order_by("created_at", "id"))

    def list_closed_with_agents(self) -> list[ChatSession]:
        """Closed chats whose agent nobody has dismissed yet."""
        rows = self._rows().filter(status=ChatStatus.CLOSED, agent__user_dismissed_at__isnull=True)
        return list(rows.exclude(agent=None).order_by("created_at", "id"))

    def list_page(
        self,
        *,
        limit: int,
        offset: int,
        target_type: ChatTarget | str | None = None,
        target_id: str | None = None,
    ) -> tuple[list[ChatSession], int]:
        """A page of chats, newest first, and how many there are."""
        rows = self._rows().order_by("-created_at", "-id")
        if target_type is not None:
            rows = rows.filter(target_type=target_type)
        if target_id is not None:
            rows = rows.filter(target_id=target_id)
        return list(rows[offset : offset + limit]), rows.count()

    def close(self, session_id: str) -> ChatSession:
        """End the chat; raises InvalidTransition where it is closed, NotFound."""
        return self.step(session_id, to=ChatStatus.CLOSED)

    def create_message(self, session_id: str, *, role: ChatRole | str, content: str, **fields: Any) -> ChatMessage:
        """Add a message to a chat; raises NotFound. `fields`: change_set_id, delivered_at."""
        with transaction.atomic():
            chat = self.get(session_id)
            message = ChatMessage.objects.create(chat_session=chat, role=role, content=content, **fields)
            publish(f"chat:{session_id}", "message", id=message.pk)
        return message

    def update_message(self, message_id: str, **fields: Any) -> int:
        """Write only the named columns of a message (delivered_at, change_set_id); returns how many were there."""
        return ChatMessage.objects.filter(pk=message_id).update(**fields)

    def find_messages_by_session_id(self, session_id: str) -> list[ChatMessage]:
        """A chat's messages with their change sets, oldest first."""
        rows = ChatMessage.objects.select_related("change_set").filter(chat_session_id=session_id)
        return list(rows.order_by("created_at", "id"))

    def _rows(self) -> QuerySet[ChatSession]:
        return ChatSession.objects.select_related("agent", "initiative")

    def _open(self) -> QuerySet[ChatSession]:
        return self._rows().filter(status=ChatStatus.ACTIVE)
