from typing import ClassVar

from django.db import models

from agents.states import MessageStatus, MessageType, PartyType
from cw_site.foundation.constraints import one_of
from cw_site.foundation.models import Record


class Message(Record):
    """A threaded message between agents and the person."""

    sender_type = models.CharField(max_length=10, choices=PartyType.choices)
    sender_id = models.CharField(max_length=32, null=True, blank=True)
    recipient_type = models.CharField(max_length=10, choices=PartyType.choices)
    recipient_id = models.CharField(max_length=32, null=True, blank=True)
    type = models.CharField(max_length=10, choices=MessageType.choices, default=MessageType.INFO)
    content = models.TextField()
    requires_response = models.BooleanField(default=False)
    status = models.CharField(max_length=10, choices=MessageStatus.choices, default=MessageStatus.PENDING)
    parent_message = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.DB_SET_NULL, related_name="replies"
    )

    class Meta:
        db_table = "messages"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            one_of("sender_type", PartyType, name="messages_sender_type"),
            one_of("recipient_type", PartyType, name="messages_recipient_type"),
            one_of("type", MessageType, name="messages_type"),
            one_of("status", MessageStatus, name="messages_status"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["recipient_type", "status"], name="messages_recipient"),
        ]

    def __str__(self) -> str:
        return f"{self.type} from {self.sender_type}"
