from typing import ClassVar

from django.db import models
from django.db.models import Q

from agents.states import (
    ACTIVE_AGENT,
    OPEN_SESSION,
    AgentMode,
    AgentStatus,
    SessionKind,
    SessionPurpose,
    SessionState,
)
from cw_site.foundation.constraints import one_of
from cw_site.foundation.models import StatusRecord


class Agent(StatusRecord):
    """A named worker: a coding CLI in its own worktree, for one task or one conversation. It may be resumed."""

    name = models.CharField(max_length=80, unique=True)
    task = models.ForeignKey(
        "initiatives.Task", null=True, blank=True, on_delete=models.DB_SET_NULL, related_name="agents"
    )
    initiative = models.ForeignKey(
        "initiatives.Initiative", null=True, blank=True, on_delete=models.DB_SET_NULL, related_name="agents"
    )
    session_id = models.CharField(max_length=200, null=True, blank=True)
    worktree_id = models.TextField()
    provider = models.CharField(max_length=40, default="claude")
    account = models.ForeignKey(
        "agents.Account", null=True, blank=True, on_delete=models.DB_SET_NULL, related_name="agents"
    )
    status = models.CharField(max_length=20, choices=AgentStatus.choices, default=AgentStatus.IDLE, db_index=True)
    mode = models.CharField(max_length=20, choices=AgentMode.choices, default=AgentMode.EXECUTE)
    pid = models.IntegerField(null=True, blank=True)
    exit_code = models.IntegerField(null=True, blank=True)
    output_file_path = models.TextField(null=True, blank=True)
    result = models.TextField(null=True, blank=True)
    pending_questions = models.TextField(null=True, blank=True)
    user_dismissed_at = models.DateTimeField(null=True, blank=True)
    phase = models.ForeignKey(
        "initiatives.Phase",
        null=True,
        blank=True,
        on_delete=models.DB_SET_NULL,
        related_name="agents",
        db_comment="the phase it talks about or works for; written when it is made",
    )
    model = models.CharField(max_length=100, blank=True, default="", db_comment="written when it is made")
    host = models.CharField(
        max_length=200, blank=True, default="", db_comment="where its worktree lies; at first start"
    )
    log_sequence = models.BigIntegerField(default=0, db_comment="chunks stored so far; written by the ingest")
    cost_usd = models.FloatField(default=0, db_comment="sum over its sessions; written by settle_sessions")
    input_tokens = models.BigIntegerField(default=0, db_comment="sum over its sessions; written by settle_sessions")
    output_tokens = models.BigIntegerField(default=0, db_comment="sum over its sessions; written by settle_sessions")
    worktree_released_at = models.DateTimeField(
        null=True,
        blank=True,
        db_comment="its worktree was removed, all work kept on refs; by release_worktrees",
    )

    class Meta:
        db_table = "agents"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            one_of("status", AgentStatus, name="agents_status"),
            one_of("mode", AgentMode, name="agents_mode"),
            models.UniqueConstraint(
                fields=["task"],
                condition=Q(status__in=[str(state) for state in ACTIVE_AGENT], user_dismissed_at__isnull=True),
                name="agents_one_active_per_task",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AgentSession(StatusRecord):
    """One spawn or resume of an agent's process (number 1, 2, 3, …): what was asked, how it ran, how it ended."""

    agent = models.ForeignKey(Agent, on_delete=models.DB_CASCADE, related_name="sessions")
    number = models.IntegerField()
    kind = models.CharField(max_length=10, choices=SessionKind.choices, default=SessionKind.SPAWN)
    purpose = models.CharField(
        max_length=10,
        choices=SessionPurpose.choices,
        default=SessionPurpose.WORK,
        db_comment="what it was queued for; written when it is queued",
    )
    status = models.CharField(max_length=20, choices=SessionState.choices, default=SessionState.QUEUED)
    prompt = models.TextField(db_comment="what the agent is told; written when it is queued")
    host = models.CharField(max_length=200, blank=True, default="", db_comment="who runs it; written at the claim")
    account = models.ForeignKey(
        "agents.Account", null=True, blank=True, on_delete=models.DB_SET_NULL, related_name="sessions"
    )
    cli_session_id = models.CharField(max_length=200, blank=True, default="", db_comment="chosen before the start")
    not_before = models.DateTimeField(null=True, blank=True, db_comment="backoff or limit; written when queued")
    stop_requested_at = models.DateTimeField(null=True, blank=True, db_comment="intent; written by the stop action")
    pid = models.IntegerField(null=True, blank=True)
    exit_code = models.IntegerField(null=True, blank=True)
    output_offset = models.BigIntegerField(default=0, db_comment="bytes of output stored; written by the ingest")
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end = models.CharField(max_length=20, blank=True, default="", db_comment="how it ended; by settle_sessions")
    end_reason = models.TextField(blank=True, default="", db_comment="in a sentence; by settle_sessions")
    resets_at = models.DateTimeField(null=True, blank=True, db_comment="of a usage limit; by settle_sessions")
    final_text = models.TextField(blank=True, default="", db_comment="the last answer; by settle_sessions")
    cost_usd = models.FloatField(default=0, db_comment="of this session alone; by settle_sessions")
    input_tokens = models.BigIntegerField(default=0, db_comment="of this session alone; by settle_sessions")
    output_tokens = models.BigIntegerField(default=0, db_comment="of this session alone; by settle_sessions")
    tool_calls = models.IntegerField(default=0, db_comment="by settle_sessions")

    class Meta:
        db_table = "agent_sessions"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            one_of("status", SessionState, name="agent_sessions_status"),
            one_of("kind", SessionKind, name="agent_sessions_kind"),
            one_of("purpose", SessionPurpose, name="agent_sessions_purpose"),
            models.UniqueConstraint(fields=["agent", "number"], name="agent_sessions_number"),
            models.UniqueConstraint(
                fields=["agent"],
                condition=Q(status__in=[str(state) for state in OPEN_SESSION]),
                name="agent_sessions_one_open",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["status", "host"], name="agent_sessions_status_host"),
        ]

    def __str__(self) -> str:
        return f"{self.agent_id} session {self.number}"
