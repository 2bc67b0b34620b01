from typing import ClassVar

from django.db import models

from agents.states import ConversationStatus
from cw_site.foundation.constraints import one_of
from cw_site.foundation.models import Record


class Conversation(Record):
    """One question from one agent to another, and its answer."""

    from_agent = models.ForeignKey("agents.Agent", on_delete=models.DB_CASCADE, related_name="asked")
    to_agent = models.ForeignKey("agents.Agent", on_delete=models.DB_CASCADE, related_name="was_asked")
    initiative = models.ForeignKey(
        "initiatives.Initiative",
        null=True,
        blank=True,
        on_delete=models.DB_SET_NULL,
        related_name="conversations",
    )
    phase = models.ForeignKey(
        "initiatives.Phase", null=True, blank=True, on_delete=models.DB_SET_NULL, related_name="conversations"
    )
    task = models.ForeignKey(
        "initiatives.Task", null=True, blank=True, on_delete=models.DB_SET_NULL, related_name="conversations"
    )
    question = models.TextField()
    answer = models.TextField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=ConversationStatus.choices, default=ConversationStatus.PENDING)

    class Meta:
        db_table = "conversations"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            one_of("status", ConversationStatus, name="conversations_status")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["to_agent", "status"], name="conversations_to_status"),
            models.Index(fields=["from_agent"], name="conversations_from"),
        ]

    def __str__(self) -> str:
        return f"{self.from_agent_id} asks {self.to_agent_id}"
