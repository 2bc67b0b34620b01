"""What the JSON API takes and answers for agents, accounts, conversations and messages. Names are the columns'."""

from datetime import datetime
from typing import Annotated, Any

from ninja import Field, Path, Query, Schema
from pydantic import StringConstraints

from agents.states import (
    AgentMode,
    AgentStatus,
    ConversationStatus,
    MessageStatus,
    MessageType,
    PartyType,
    SessionKind,
    SessionPurpose,
    SessionState,
)

Text = Annotated[str, StringConstraints(min_length=1, max_length=64_000)]
Prompt = Annotated[str, StringConstraints(min_length=1, max_length=200_000)]
NamePath = Annotated[str, Path(pattern=r"^[0-9A-Za-z_-]{1,80}$", description="Name or id")]
After = Annotated[int, Query(ge=0, le=2**53, description="The last chunk that is known")]
Wait = Annotated[float, Query(ge=0, le=20, description="Seconds to wait for the answer")]
Provider = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Secret = Annotated[str, StringConstraints(max_length=200_000)]
SortOrder = Annotated[int, Field(strict=True, ge=-1_000_000, le=1_000_000)]


class SessionOut(Schema):
    """One spawn or resume of an agent."""

    id: str
    number: int
    kind: SessionKind
    purpose: SessionPurpose
    status: SessionState
    status_reason: str
    account_id: str | None
    not_before: datetime | None
    exit_code: int | None
    started_at: datetime | None
    ended_at: datetime | None
    end: str
    end_reason: str
    resets_at: datetime | None
    final_text: str
    cost_usd: float
    input_tokens: int
    output_tokens: int
    tool_calls: int


class AgentOut(Schema):
    id: str
    name: str
    task_id: str | None
    phase_id: str | None
    initiative_id: str | None
    provider: str
    model: str
    account_id: str | None
    mode: AgentMode
    status: AgentStatus
    status_reason: str
    status_since: datetime
    status_evidence: dict[str, Any]
    session_id: str | None
    worktree_id: str
    pid: int | None
    exit_code: int | None
    result: Any = Field(None, description='{"status": "done", "summary": …} or {"status": "error", "error": …}')
    cost_usd: float
    input_tokens: int
    output_tokens: int
    log_sequence: int
    user_dismissed_at: datetime | None
    created_at: datetime
    updated_at: datetime


class AgentDetail(AgentOut):
    sessions: list[SessionOut]


class AgentList(Schema):
    items: list[AgentOut]
    count: int


class ChunkOut(Schema):
    """Lines that the agent printed; `offset` is the first byte's place in the session's output."""

    sequence: int
    session_number: int
    offset: int
    content: str
    created_at: datetime


class LogOut(Schema):
    items: list[ChunkOut]
    count: int
    next: int = Field(description="Pass it as `after` to read on")


class QuestionOption(Schema):
    label: str
    description: str = ""


class QuestionOut(Schema):
    id: str
    question: str
    options: list[QuestionOption]
    multiSelect: bool


class QuestionList(Schema):
    items: list[QuestionOut]
    count: int


class AnswersIn(Schema):
    answers: dict[str, Text] = Field(max_length=100, description="By question id")


class ResumeIn(Schema):
    prompt: Prompt


class AccountIn(Schema):
    email: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    provider: Provider = "claude"
    credentials: Secret = Field("", description="Write-only")
    config_json: Secret = Field("", description='Write-only; an "env" object becomes the CLI\'s environment')
    sort_order: SortOrder = 0


class AccountPatch(Schema):
    """Only what is given changes; empty credentials keep those that are there."""

    email: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    credentials: Secret | None = None
    config_json: Secret | None = None
    sort_order: SortOrder | None = None


class AccountOut(Schema):
    id: str
    email: str
    provider: str
    has_credentials: bool
    has_config: bool
    is_exhausted: bool
    exhausted_until: datetime | None
    login_expired_at: datetime | None
    login_reason: str
    last_used_at: datetime | None
    sort_order: int
    created_at: datetime
    updated_at: datetime


class AccountList(Schema):
    items: list[AccountOut]
    count: int


class ConversationIn(Schema):
    """`from_agent` asks; exactly one of `to_agent`, `task_id` and `phase_id` says whom."""

    from_agent: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    to_agent: Annotated[str, StringConstraints(min_length=1, max_length=80)] | None = None
    task_id: Annotated[str, StringConstraints(min_length=1, max_length=32)] | None = None
    phase_id: Annotated[str, StringConstraints(min_length=1, max_length=32)] | None = None
    question: Text


class AnswerIn(Schema):
    answer: Text


class ConversationOut(Schema):
    id: str
    from_agent_id: str
    to_agent_id: str
    initiative_id: str | None
    phase_id: str | None
    task_id: str | None
    question: str
    answer: str | None
    status: ConversationStatus
    created_at: datetime
    updated_at: datetime


class ConversationList(Schema):
    items: list[ConversationOut]
    count: int


class ReplyIn(Schema):
    content: Text


class MessageOut(Schema):
    id: str
    sender_type: PartyType
    sender_id: str | None
    recipient_type: PartyType
    recipient_id: str | None
    type: MessageType
    content: str
    requires_response: bool
    status: MessageStatus
    parent_message_id: str | None
    created_at: datetime
    updated_at: datetime


class MessageList(Schema):
    items: list[MessageOut]
    count: int
