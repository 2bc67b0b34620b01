"""What the JSON API takes and answers for projects, initiatives, phases, tasks and pages. Names are the columns'."""

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Field, Query, Schema
from pydantic import StringConstraints

from cw_site.foundation.schemas import Id, Ids
from initiatives.states import (
    ExecutionMode,
    InitiativeStatus,
    PhaseStatus,
    SyncState,
    TaskCategory,
    TaskPriority,
    TaskStatus,
    TaskType,
)

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Text = Annotated[str, StringConstraints(max_length=200_000)]
Order = Annotated[int, Field(strict=True, ge=-1_000_000, le=1_000_000)]
Format = Annotated[Literal["json", "markdown"], Query(description="How rich text is read and written")]
RichText = dict[str, Any] | str
"""A Tiptap document, or Markdown."""


class ProjectIn(Schema):
    name: Name
    url: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    default_branch: Annotated[str, StringConstraints(max_length=200)] | None = None


class ProjectPatch(Schema):
    name: Name | None = None
    url: Annotated[str, StringConstraints(min_length=1, max_length=1000)] | None = None
    default_branch: Annotated[str, StringConstraints(max_length=200)] | None = None


class ProjectOut(Schema):
    id: str
    name: str
    url: str
    default_branch: str
    last_fetched_at: datetime | None
    sync_state: SyncState
    sync_reason: str
    sync_requested_at: datetime | None
    created_at: datetime
    updated_at: datetime


class ProjectList(Schema):
    items: list[ProjectOut]
    count: int


class InitiativeIn(Schema):
    name: Name
    project_ids: Ids = Field([])
    execution_mode: ExecutionMode = ExecutionMode.REVIEW_PER_PHASE
    branch: Annotated[str, StringConstraints(max_length=200)] | None = None
    provider: Annotated[str, StringConstraints(max_length=40)] = ""
    model: Annotated[str, StringConstraints(max_length=100)] = ""


class InitiativePatch(Schema):
    """Only what is given changes. `status` takes `archived`, or `active` to restore an archived initiative."""

    name: Name | None = None
    project_ids: Ids | None = None
    execution_mode: ExecutionMode | None = None
    provider: Annotated[str, StringConstraints(max_length=40)] | None = None
    model: Annotated[str, StringConstraints(max_length=100)] | None = None
    status: Literal["active", "archived"] | None = None


class InitiativeOut(Schema):
    id: str
    name: str
    status: InitiativeStatus
    status_reason: str
    status_since: datetime
    status_evidence: dict[str, Any]
    branch: str | None
    execution_mode: ExecutionMode
    provider: str
    model: str
    finish_action: str | None
    project_ids: list[str]
    progress: dict[str, int] = Field(description="How many tasks are in each status")
    created_at: datetime
    updated_at: datetime


class InitiativeList(Schema):
    items: list[InitiativeOut]
    count: int


class PhaseIn(Schema):
    name: Name
    content: RichText | None = Field(None, description="Markdown, or a Tiptap document")
    depends_on: Ids = Field([])


class PhasePatch(Schema):
    name: Name | None = None
    content: RichText | None = Field(None, description="Markdown, or a Tiptap document")
    depends_on: Ids | None = Field(None, description="Replaces all dependencies")


class PhaseOut(Schema):
    id: str
    initiative_id: str
    name: str
    content: RichText
    status: PhaseStatus
    status_reason: str
    status_since: datetime
    status_evidence: dict[str, Any]
    queued_at: datetime | None
    depends_on: list[str]
    waits: str = Field(description="Why it waits and what happens next, in a sentence; empty when completed")
    created_at: datetime
    updated_at: datetime


class PhaseList(Schema):
    items: list[PhaseOut]
    count: int


class DependencyIn(Schema):
    depends_on_phase_id: Id


class TaskIn(Schema):
    name: Name
    description: Text = ""
    type: TaskType = TaskType.AUTO
    category: TaskCategory = TaskCategory.EXECUTE
    priority: TaskPriority = TaskPriority.MEDIUM
    depends_on: Ids = Field([])
    parent_task_id: Id | None = None
    provider: Annotated[str, StringConstraints(max_length=40)] = ""
    model: Annotated[str, StringConstraints(max_length=100)] = ""
    order: Order | None = None


class TaskPatch(Schema):
    name: Name | None = None
    description: Text | None = None
    type: TaskType | None = None
    category: TaskCategory | None = None
    priority: TaskPriority | None = None
    depends_on: Ids | None = Field(None, description="Replaces all dependencies")
    provider: Annotated[str, StringConstraints(max_length=40)] | None = None
    model: Annotated[str, StringConstraints(max_length=100)] | None = None
    order: Order | None = None


class TaskOut(Schema):
    id: str
    phase_id: str | None
    initiative_id: str | None
    parent_task_id: str | None
    name: str
    description: str | None
    type: TaskType
    category: TaskCategory
    priority: TaskPriority
    status: TaskStatus
    status_reason: str
    status_since: datetime
    status_evidence: dict[str, Any]
    order: int
    summary: str | None
    provider: str
    model: str
    open_dependencies: int
    retry_count: int
    depends_on: list[str]
    waits: str = Field(description="Why it waits and what happens next, in a sentence; empty when completed")
    created_at: datetime
    updated_at: datetime


class TaskList(Schema):
    items: list[TaskOut]
    count: int


class CompleteIn(Schema):
    summary: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]


class PageIn(Schema):
    title: Title
    content: RichText | None = Field(None, description="A Tiptap document, or Markdown")
    parent_page_id: Id | None = None


class PagePatch(Schema):
    title: Title | None = None
    content: RichText | None = Field(None, description="A Tiptap document, or Markdown")
    parent_page_id: Id | None = None


class PageOut(Schema):
    id: str
    initiative_id: str
    parent_page_id: str | None
    title: str
    content: RichText
    sort_order: int
    created_at: datetime
    updated_at: datetime


class PageList(Schema):
    items: list[PageOut]
    count: int
