"""What an agent printed, in one vocabulary for all providers.

Text in events is already safe to store: no NUL, no lone surrogates, no number a database would refuse.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

End = Literal[
    "success",
    "question",
    "limit",
    "auth",
    "overload",
    "context",
    "refused",
    "cap",
    "stopped",
    "crashed",
    "unfinished",
    "error",
]

SESSION_MISSING = "session_missing"
"""`Ended.reason` when the CLI no longer has the session that was to be resumed."""


@dataclass(frozen=True, slots=True)
class SessionStarted:
    """The CLI named its session; compare it with the one that was asked for."""

    session_id: str
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """Something the agent said to its reader."""

    text: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """Reasoning that the CLI shows apart from the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The agent used a tool; its result carries the same `call_id`."""

    call_id: str
    name: str
    input: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool gave back."""

    call_id: str
    output: str
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """Money and tokens. `cumulative`: totals of the CLI's whole session, its earlier runs included."""

    cost_usd: float | None
    input_tokens: int | None
    output_tokens: int | None
    cumulative: bool


@dataclass(frozen=True, slots=True)
class Limit:
    """A reading of the account's gauge; only `status` "rejected" means that the account is used up."""

    status: str
    resets_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """The CLI asks the model again by itself. `status` is the HTTP status, if there was an answer."""

    attempt: int
    reason: str
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A request to the model failed for good; `end` says of which kind it was."""

    end: End
    text: str
    resets_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """A terminal event. There may be several in one run: the process exit closes a run, not this.

    Cost and tokens are those of this turn alone; totals come as `Usage` with `cumulative`.
    """

    ok: bool
    text: str
    end: End
    reason: str = ""
    resets_at: datetime | None = None
    cost_usd: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    turns: int | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """A line that could not be understood, shortened; the raw bytes stay in the log."""

    text: str


OutputEvent = (
    SessionStarted | Text | Thinking | ToolCall | ToolResult | Usage | Limit | Retry | Failure | Ended | Unread
)
