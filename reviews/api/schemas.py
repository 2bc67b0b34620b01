"""What the JSON API takes and answers for reviews, comments, chat, proposals and what waits. Names are the columns'."""

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Field, Path, Query, Schema
from pydantic import StringConstraints

from cw_site.foundation.schemas import Id
from initiatives.states import FinishAction
from reviews.actions.chat import LONGEST_MESSAGE
from reviews.actions.comment import LONGEST_BODY
from reviews.states import (
    ChangeSetStatus,
    ChatRole,
    ChatStatus,
    ChatTarget,
    Decision,
    LineType,
    ProposalStatus,
    ProposalTarget,
    ReviewOwner,
)

_NO_CONTROL = r"^[^\x00]*$"
Sha = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}(?:[0-9a-f]{24})?$")]
HeadsIn = Annotated[dict[Id, Sha], Field(max_length=200)]
Body = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_BODY, pattern=_NO_CONTROL)]
Note = Annotated[str, StringConstraints(max_length=LONGEST_BODY, pattern=_NO_CONTROL)]
FilePath = Annotated[str, StringConstraints(min_length=1, max_length=4096, pattern=_NO_CONTROL)]
Line = Annotated[int, Field(strict=True, ge=1, le=999_999_999)]
ProjectQuery = Annotated[str, Query(pattern=r"^[0-9A-Za-z_-]{1,32}$")]
PathQuery = Annotated[str, Query(min_length=1, max_length=4096)]
RoundFrom = Annotated[int, Query(alias="from", ge=1, le=1_000_000)]
RoundTo = Annotated[int, Query(alias="to", ge=1, le=1_000_000)]
IdPath = Annotated[str, Path(pattern=r"^[0-9A-Za-z_-]{1,32}$")]


class FileOut(Schema):
    """A changed file. `additions` and `deletions` count lines; both are 0 for a binary file."""

    path: str
    old_path: str | None
    status: Literal["A", "M", "D", "R", "C", "T"]
    additions: int
    deletions: int
    binary: bool


class ProjectDiff(Schema):
    project_id: str
    project: str
    branch: str
    base: str
    head: str
    files: list[FileOut]


class DiffOut(Schema):
    projects: list[ProjectDiff]


class LineOut(Schema):
    type: LineType
    old_number: int | None
    new_number: int | None
    text: str


class HunkOut(Schema):
    old_start: int
    old_count: int
    new_start: int
    new_count: int
    heading: str
    lines: list[LineOut]


class FileDiffOut(Schema):
    """The lines of one file. `truncated`: there are more rows than are given."""

    project_id: str
    path: str
    old_path: str | None
    status: str
    binary: bool
    truncated: bool
    hunks: list[HunkOut]


class DecisionOut(Schema):
    id: str
    decision: Decision
    heads: dict[str, Any]
    person_name: str
    note: str
    created_at: datetime


class RoundOut(Schema):
    id: str
    owner_type: ReviewOwner
    owner_id: str
    number: int
    heads: dict[str, Any]
    created_at: datetime
    decisions: list[DecisionOut]


class RoundList(Schema):
    items: list[RoundOut]
    count: int


class ApproveIn(Schema):
    """The commits that were seen, by project; each must be the branch's head."""

    head: HeadsIn
    note: Note = ""


class NoteIn(Schema):
    note: Note = ""


class NoteNeeded(Schema):
    note: Body


class FinishIn(Schema):
    action: FinishAction
    head: HeadsIn


class MergeabilityOut(Schema):
    project_id: str
    head: str
    target: str
    mergeable: bool
    conflicts: list[str]
    problem: str


class MergeabilityList(Schema):
    mergeable: bool
    projects: list[MergeabilityOut]


class CommentIn(Schema):
    """A comment on a line. For a reply name `parent_comment_id`: it joins the thread, wherever that is."""

    file_path: FilePath | None = None
    line_number: Line | None = None
    line_type: LineType | None = None
    body: Body
    parent_comment_id: Id | None = None
    project_id: Id | None = None


class CommentPatch(Schema):
    body: Body


class CommentOut(Schema):
    id: str
    phase_id: str
    project_id: str | None
    file_path: str
    line_number: int
    line_type: LineType
    line_text: str
    body: str
    author: str
    author_agent_id: str | None
    resolved: bool
    parent_comment_id: str | None
    round_number: int
    head_sha: str
    fixed_in: str
    created_at: datetime
    updated_at: datetime


class CommentList(Schema):
    items: list[CommentOut]
    count: int


class ChatIn(Schema):
    target_type: ChatTarget
    target_id: Id


class ChatOut(Schema):
    id: str
    target_type: ChatTarget
    target_id: str
    initiative_id: str
    agent_id: str | None
    status: ChatStatus
    created_at: datetime
    updated_at: datetime


class ChatList(Schema):
    items: list[ChatOut]
    count: int


class ChatMessageIn(Schema):
    content: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_MESSAGE, pattern=_NO_CONTROL)]


class ChatMessageOut(Schema):
    id: str
    chat_session_id: str
    role: ChatRole
    content: str
    change_set_id: str | None
    delivered_at: datetime | None
    created_at: datetime


class ChatMessageList(Schema):
    items: list[ChatMessageOut]
    count: int


class ProposalOut(Schema):
    id: str
    agent_id: str
    initiative_id: str
    target_type: ProposalTarget
    target_id: str | None
    title: str
    summary: str | None
    content: str | None
    metadata: str | None
    status: ProposalStatus
    sort_order: int
    created_at: datetime


class ProposalList(Schema):
    items: list[ProposalOut]
    count: int


class DismissedOut(Schema):
    dismissed: int


class EntryOut(Schema):
    entity_type: str
    entity_id: str
    action: str
    previous_state: Any
    new_state: Any
    sort_order: int


class ChangeSetOut(Schema):
    id: str
    initiative_id: str
    agent_id: str | None
    source: str
    summary: str
    status: ChangeSetStatus
    created_at: datetime
    entries: list[EntryOut]


class ChangeSetList(Schema):
    items: list[ChangeSetOut]
    count: int


class AttentionOut(Schema):
    """Something that waits for a person; `url` is the page where it is answered, `action` its button's words."""

    kind: str
    id: str
    title: str
    reason: str
    where: str
    since: datetime
    url: str
    action: str


class AttentionList(Schema):
    items: list[AttentionOut]
    count: int
