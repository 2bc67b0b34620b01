"""What waits for a person, oldest first, each with the button that answers it. A constant number of queries."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from agents.actions.agent import provider_for, questions_of
from agents.models import Agent
from agents.repositories import AccountRepository, AgentRepository, MessageRepository
from agents.runtime.programs import executable_of
from agents.states import AgentStatus, PartyType
from cw_site.foundation.errors import DomainError, NotFound
from cw_site.foundation.events import last_event_id
from initiatives.actions.phase import approve_phase, queue_phase
from initiatives.actions.project import request_sync
from initiatives.actions.task import retry_task
from initiatives.models import Initiative, Phase, Project, Task
from initiatives.repositories import InitiativeRepository, PhaseRepository, ProjectRepository, TaskRepository
from initiatives.states import InitiativeStatus, PhaseStatus, SyncState, TaskStatus


@dataclass(frozen=True)
class Item:
    """One thing that waits. `url` is where it is looked at; with `post` HQ's button is the answer (see `act_on`).

    `kind`: question, review, finish, checkpoint, blocked, blocked_phase, no_project, provider, sync, login, approve,
    queue, message.
    """

    kind: str
    id: str
    title: str
    since: datetime
    url: str
    label: str
    reason: str = ""
    where: str = ""
    post: bool = False
    tone: str = "amber"


READY_TASKS = 200
"""So many ready tasks are looked at for providers that cannot run."""
COUNT_SECONDS = 5.0
"""How long a count holds without an event: what is changed in Django's admin publishes none."""

type Source = Callable[[], Iterable[Item]]


def list_attention() -> list[Item]:
    """Everything that waits for the person, longest first."""
    items = [item for source in _SOURCES for item in source()]
    return sorted(items, key=lambda item: (item.since, item.id))


def count_waiting() -> int:
    """How many there are; on every page, beside HQ. Counted again when an event has told of a change, and at times."""
    newest, moment = last_event_id(), time.monotonic()
    counted = _counted.get("count")
    if counted is None or counted.event_id != newest or moment - counted.moment > COUNT_SECONDS:
        counted = _counted["count"] = _Counted(newest, moment, len(list_attention()))
    return counted.count


def forget_count() -> None:
    """Count anew at the next question."""
    _counted.clear()


@dataclass(frozen=True)
class _Counted:
    """The count as of an event: each change of a row that may wait publishes one."""

    event_id: int
    moment: float
    count: int


_counted: dict[str, _Counted] = {}


def as_json(item: Item) -> dict[str, Any]:
    """The item as the API answers it."""
    return {
        "kind": item.kind,
        "id": item.id,
        "title": item.title,
        "reason": item.reason,
        "where": item.where,
        "since": item.since,
        "url": item.url,
        "action": item.label,
    }


def _questions() -> Iterable[Item]:
    for agent in AgentRepository().find_by_status(AgentStatus.WAITING_FOR_INPUT):
        if agent.user_dismissed_at is not None:
            continue
        asked = [str(item.get("question", "")) for item in questions_of(agent)]
        title = asked[0] if asked else f"{agent.name} waits for an answer"
        more = f" and {len(asked) - 1} more" if len(asked) > 1 else ""
        yield Item(
            kind="question",
            id=agent.pk,
            title=_cut(title),
            reason=f"{agent.name} asks{more}.",
            where=_where(agent.initiative, agent.phase, agent.task),
            since=agent.status_since,
            url=f"/agents/{agent.name}/",
            label="Answer",
        )


def _phases() -> Iterable[Item]:
    phases = PhaseRepository()
    for phase in _live(phases.find_by_status(PhaseStatus.PENDING_REVIEW)):
        yield _phase_item(phase, "review", f"Review “{phase.name}”", f"/phases/{phase.pk}/review/", "Review")
    for phase in _live(phases.find_by_status(PhaseStatus.BLOCKED)):
        url = f"/initiatives/{phase.initiative_id}/#phase-{phase.pk}"
        yield _phase_item(phase, "blocked_phase", f"“{phase.name}” is blocked", url, "Look", tone="red")
    for phase in _live(phases.find_by_status(PhaseStatus.PENDING)):
        url = f"/initiatives/{phase.initiative_id}/#phase-{phase.pk}"
        yield _phase_item(phase, "approve", f"Approve “{phase.name}”", url, "Approve", post=True)
    approved = _live(phases.find_by_status(PhaseStatus.APPROVED))
    for phase in approved:
        if phase.queued_at is None:
            url = f"/initiatives/{phase.initiative_id}/#phase-{phase.pk}"
            yield _phase_item(phase, "queue", f"Queue “{phase.name}”", url, "Queue", post=True)
    yield from _without_project([phase for phase in approved if phase.queued_at is not None])


def _without_project(queued: list[Phase]) -> Iterable[Item]:
    """Initiatives that cannot begin, because there is no repository to work on."""
    first = {phase.initiative_id: phase for phase in reversed(queued)}
    known = ProjectRepository().find_projects_by_initiative_ids(list(first)) if first else {}
    for initiative_id, phase in first.items():
        if not known.get(initiative_id):
            title = f"“{phase.initiative.name}” has no project"
            yield _phase_item(phase, "no_project", title, f"/initiatives/{initiative_id}/", "Add one", tone="red")


def _providers() -> Iterable[Item]:
    """Providers that ready tasks wait for and that cannot run here: nobody but a person installs a program."""
    waiting: dict[str, Task] = {}
    for task in TaskRepository().list_ready(READY_TASKS):
        waiting.setdefault(provider_for(task), task)
    for name, task in waiting.items():
        try:
            executable_of(name)
        except DomainError as error:
            title = f"No agent of “{name}” can start"
            yield replace(
                _task_item(task, "provider", title, f"/tasks/{task.pk}/", "Look", tone="red"), reason=error.message
            )


def _phase_item(phase: Phase, kind: str, title: str, url: str, label: str, **fields: Any) -> Item:
    return Item(
        kind=kind,
        id=phase.pk,
        title=title,
        reason=phase.status_reason,
        where=phase.initiative.name,
        since=phase.status_since,
        url=url,
        label=label,
        **fields,
    )


def _initiatives() -> Iterable[Item]:
    for initiative in InitiativeRepository().find_by_status(InitiativeStatus.PENDING_REVIEW):
        if initiative.finish_action:
            continue
        yield Item(
            kind="finish",
            id=initiative.pk,
            title=f"Finish “{initiative.name}”",
            reason=initiative.status_reason,
            since=initiative.status_since,
            url=f"/initiatives/{initiative.pk}/finish/",
            label="Look and finish",
        )


def _tasks() -> Iterable[Item]:
    tasks = TaskRepository()
    for task in tasks.list_ready_checkpoints():
        title = f"{task.get_type_display()}: {task.name}"
        yield _task_item(task, "checkpoint", title, f"/tasks/{task.pk}/", "Complete")
    for task in tasks.find_by_status(TaskStatus.BLOCKED):
        if task.initiative is not None and task.initiative.status == InitiativeStatus.ARCHIVED:
            continue
        title = f"“{task.name}” is blocked"
        yield _task_item(task, "blocked", title, f"/tasks/{task.pk}/", "Retry", post=True, tone="red")


def _task_item(task: Task, kind: str, title: str, url: str, label: str, **fields: Any) -> Item:
    return Item(
        kind=kind,
        id=task.pk,
        title=title,
        reason=task.status_reason,
        where=_where(task.initiative, task.phase, None),
        since=task.status_since,
        url=url,
        label=label,
        **fields,
    )


def _projects() -> Iterable[Item]:
    for project in ProjectRepository().find_all():
        if project.sync_state == SyncState.FAILED:
            yield Item(
                kind="sync",
                id=project.pk,
                title=f"{project.name} cannot be synced",
                reason=project.sync_reason,
                since=_since_sync(project),
                url=f"/projects/{project.pk}/",
                label="Sync again",
                post=True,
                tone="red",
            )


def _accounts() -> Iterable[Item]:
    for account in AccountRepository().find_all():
        if account.login_expired_at is not None:
            yield Item(
                kind="login",
                id=account.pk,
                title=f"The login of {account.email} ({account.provider}) has expired",
                reason=account.login_reason,
                since=account.login_expired_at,
                url=f"/admin/agents/account/{account.pk}/change/",
                label="Mend the login",
                tone="red",
            )


def _messages() -> Iterable[Item]:
    asking = {
        agent.pk for agent in AgentRepository().find_by_status(AgentStatus.WAITING_FOR_INPUT)
    }  # their questions are listed by themselves
    for message in MessageRepository().find_requiring_response(PartyType.USER):
        if message.sender_type == PartyType.AGENT and message.sender_id in asking:
            continue
        yield Item(
            kind="message",
            id=message.pk,
            title=_cut(message.content),
            reason="An agent waits for your answer.",
            since=message.created_at,
            url=f"/#message-{message.pk}",
            label="Reply",
        )


_SOURCES: tuple[Source, ...] = (
    _questions,
    _phases,
    _initiatives,
    _tasks,
    _providers,
    _projects,
    _accounts,
    _messages,
)


def act_on(kind: str, row_id: str) -> str:
    """Do what an item's own button says; returns what was done. Raises NotFound for a kind without such a button."""
    if kind == "approve":
        return f"“{approve_phase(row_id).name}” is approved."
    if kind == "queue":
        return f"“{queue_phase(row_id).name}” is queued."
    if kind == "blocked":
        return f"“{retry_task(row_id).name}” is tried again."
    if kind == "sync":
        return f"{request_sync(row_id).name} is being synced."
    raise NotFound("There is no such button.")


def list_running() -> list[Agent]:
    """The agents that are at work now."""
    return [row for row in AgentRepository().find_by_status(AgentStatus.RUNNING) if row.user_dismissed_at is None]


def _live(phases: list[Phase]) -> list[Phase]:
    return [phase for phase in phases if phase.initiative.status != InitiativeStatus.ARCHIVED]


def _where(initiative: Initiative | None, phase: Phase | None, task: Task | None) -> str:
    return " › ".join(row.name for row in (initiative, phase, task) if row is not None)


def _since_sync(project: Project) -> datetime:
    return project.updated_at


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 140 else f"{line[:139]}…"
