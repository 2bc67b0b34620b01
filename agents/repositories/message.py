from django.db import transaction
from django.db.models import QuerySet

from agents.models import Message
from agents.states import MessageStatus, MessageType, PartyType
from cw_site.foundation.clock import now
from cw_site.foundation.errors import NotAllowed
from cw_site.foundation.repository import Repository


class MessageRepository(Repository[Message]):
    """The table `messages`."""

    model = Message
    noun = "message"

    def topics(self, row: Message) -> list[str]:
        return ["hq"]

    def find_pending_for_user(self) -> list[Message]:
        """What the person has not read, oldest first."""
        return list(self._for_user().filter(status=MessageStatus.PENDING).order_by("created_at", "id"))

    def find_requiring_response(
        self, recipient_type: PartyType | str = PartyType.USER, recipient_id: str | None = None
    ) -> list[Message]:
        """What waits for an answer by the recipient, oldest first."""
        rows = Message.objects.filter(recipient_type=recipient_type, requires_response=True)
        if recipient_id is not None:
            rows = rows.filter(recipient_id=recipient_id)
        return list(rows.exclude(status=MessageStatus.RESPONDED).order_by("created_at", "id"))

    def find_replies(self, message_id: str) -> list[Message]:
        """The direct replies to a message, oldest first."""
        return list(Message.objects.filter(parent_message_id=message_id).order_by("created_at", "id"))

    def list_for_user(
        self, *, limit: int, offset: int, requires_response: bool | None = None
    ) -> tuple[list[Message], int]:
        """A page of what was sent to the person, newest first, and how many there are."""
        rows = self._for_user().order_by("-created_at", "-id")
        if requires_response is not None:
            rows = rows.filter(requires_response=requires_response)
        return list(rows[offset : offset + limit]), rows.count()

    def mark_read(self, message_id: str) -> Message:
        """Note that it was read; one that is read or answered stays as it is. Raises NotFound."""
        message = self.get(message_id)
        with transaction.atomic():
            unread = Message.objects.filter(pk=message_id, status=MessageStatus.PENDING)
            if unread.update(status=MessageStatus.READ, updated_at=now()):
                message = self.get(message_id)
                self._tell(message, MessageStatus.READ)
        return message

    def respond(self, message_id: str, content: str) -> Message:
        """Answer a message in its recipient's name; returns the reply. Raises NotAllowed where it is answered."""
        message = self.get(message_id)
        with transaction.atomic():
            unanswered = Message.objects.filter(pk=message_id).exclude(status=MessageStatus.RESPONDED)
            if not unanswered.update(status=MessageStatus.RESPONDED, updated_at=now()):
                raise NotAllowed("This message is answered already.")
            return self.create(
                sender_type=message.recipient_type,
                sender_id=message.recipient_id,
                recipient_type=message.sender_type,
                recipient_id=message.sender_id,
                type=MessageType.RESPONSE,
                content=content,
                parent_message=message,
            )

    def _for_user(self) -> QuerySet[Message]:
        return Message.objects.filter(recipient_type=PartyType.USER)
