from typing import ClassVar

from django.db import models

from cw_site.foundation.clock import now
from cw_site.foundation.ids import new_id


class AgentLogChunk(models.Model):
    """Lines that an agent printed, in order. No foreign key: the log outlives its agent."""

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    agent_id = models.CharField(max_length=32)
    agent_name = models.CharField(max_length=80)
    session_number = models.IntegerField()
    content = models.TextField()
    created_at = models.DateTimeField(default=now, editable=False)
    sequence = models.BigIntegerField(db_comment="1, 2, 3, … for the agent; written by the ingest")
    offset = models.BigIntegerField(db_comment="first byte's place in the session's output; written by the ingest")

    class Meta:
        db_table = "agent_log_chunks"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["agent_id", "sequence"], name="agent_log_chunks_sequence"),
            models.UniqueConstraint(fields=["agent_id", "session_number", "offset"], name="agent_log_chunks_offset"),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["agent_id"], name="agent_log_chunks_agent_id")]

    def __str__(self) -> str:
        return f"{self.agent_name} {self.session_number}/{self.sequence}"
