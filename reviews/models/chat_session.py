from typing import ClassVar

from django.db import models
from django.db.models import Q

from cw_site.foundation.constraints import one_of
from cw_site.foundation.models import Record
from reviews.states import ChatRole, ChatStatus, ChatTarget


class ChatSession(Record):
    """A lasting conversation with an agent about one phase or task; one is active for a target at a time."""

    target_type = models.CharField(max_length=10, choices=ChatTarget.choices)
    target_id = models.CharField(max_length=32)
    initiative = models.ForeignKey("initiatives.Initiative", on_delete=models.DB_CASCADE, related_name="chat_sessions")
    agent = models.ForeignKey(
        "agents.Agent", null=True, blank=True, on_delete=models.DB_SET_NULL, related_name="chat_sessions"
    )
    status = models.CharField(max_length=10, choices=ChatStatus.choices, default=ChatStatus.ACTIVE)
    answered_session = models.IntegerField(
        default=0,
        db_comment="number of the agent's last session that was turned into a message; by the chat tick",
    )

    class Meta:
        db_table = "chat_sessions"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            one_of("target_type", ChatTarget, name="chat_sessions_target_type"),
            one_of("status", ChatStatus, name="chat_sessions_status"),
            models.UniqueConstraint(
                fields=["target_type", "target_id"],
                condition=Q(status="active"),
                name="chat_sessions_one_active",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["target_type", "target_id"], name="chat_sessions_target"),
            models.Index(fields=["initiative"], name="chat_sessions_initiative"),
        ]

    def __str__(self) -> str:
        return f"chat on {self.target_type} {self.target_id}"


class ChatMessage(Record):
    """A message within a chat session."""

    chat_session = models.ForeignKey(ChatSession, on_delete=models.DB_CASCADE, related_name="messages")
    role = models.CharField(max_length=10, choices=ChatRole.choices)
    content = models.TextField()
    change_set = models.ForeignKey(
        "reviews.ChangeSet", null=True, blank=True, on_delete=models.DB_SET_NULL, related_name="chat_messages"
    )
    delivered_at = models.DateTimeField(
        null=True, blank=True, db_comment="when a user's message reached the agent; by the chat tick"
    )

    class Meta:
        db_table = "chat_messages"
        constraints: ClassVar[list[models.BaseConstraint]] = [one_of("role", ChatRole, name="chat_messages_role")]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["chat_session"], name="chat_messages_session"),
        ]

    def __str__(self) -> str:
        return f"{self.role}: {self.content[:40]}"
