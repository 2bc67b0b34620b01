import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import IntegrityError
from django.db.models import Case, Q, QuerySet, TextChoices, When

from agents.models import Agent
from agents.repositories.agent_output import AgentOutputPart
from agents.repositories.agent_session import AgentSessionPart
from agents.states import ACTIVE_AGENT, AGENT_MACHINE, OPEN_SESSION, AgentMode, AgentStatus
from cw_site.foundation.errors import NotAllowed
from cw_site.foundation.repository import StatusRepository
from initiatives.states import TaskStatus

_AT_WORK_FIRST = Case(
    When(status=AgentStatus.WAITING_FOR_INPUT, then=0), When(status=AgentStatus.RUNNING, then=1), default=2
)


class AgentRepository(AgentSessionPart, AgentOutputPart, StatusRepository[Agent]):
    """The tables `agents` and `agent_sessions`, and the storing of what agents print."""

    model = Agent
    noun = "agent"
    machine = AGENT_MACHINE

    def topics(self, row: Agent) -> list[str]:
        topics = [f"agent:{row.pk}"]
        owners = (("task", row.task_id), ("phase", row.phase_id), ("initiative", row.initiative_id))
        topics += [f"{kind}:{owner_id}" for kind, owner_id in owners if owner_id]
        return [*topics, "hq"]

    def create(self, **fields: Any) -> Agent:
        """Insert an agent; raises NotAllowed where the name is taken or the task has an active agent."""
        try:
            return super().create(**fields)
        except IntegrityError as error:
            name = fields.get("name", "")
            if self.find_by_name(name):
                raise NotAllowed(f"There is an agent named {name} already.") from error
            task_id = fields.get("task_id") or getattr(fields.get("task"), "pk", None)
            raise self._task_taken(task_id, error) from error

    def move(
        self,
        row_id: str,
        *,
        to: TextChoices | str,
        source: TextChoices | str | Iterable[TextChoices | str] | None = None,
        since: datetime | None = None,
        reason: str = "",
        evidence: dict[str, Any] | None = None,
        **fields: Any,
    ) -> Agent:
        """As StatusRepository.move; raises NotAllowed where another agent is active for the task by now."""
        try:
            return super().move(row_id, to=to, source=source, since=since, reason=reason, evidence=evidence, **fields)
        except IntegrityError as error:
            raise self._task_taken(self.get(row_id).task_id, error) from error

    def find_by_id(self, row_id: str) -> Agent | None:
        """The agent with its task, phase, initiative and account, or None."""
        return self._rows().filter(pk=row_id).first()

    def find_by_name(self, name: str) -> Agent | None:
        """The agent of this name."""
        return self._rows().filter(name=name).first()

    def find_by_name_or_id(self, name_or_id: str) -> Agent | None:
        """The agent of this name or id; a name wins."""
        return self.find_by_name(name_or_id) or self.find_by_id(name_or_id)

    def find_by_task_id(self, task_id: str) -> list[Agent]:
        """All agents that worked on a task, newest first."""
        return list(self._rows().filter(task_id=task_id).order_by("-created_at", "-id"))

    def find_active_by_task_id(self, task_id: str) -> Agent | None:
        """The agent that works on the task; there is one at most."""
        return self._rows().filter(task_id=task_id, status__in=ACTIVE_AGENT, user_dismissed_at__isnull=True).first()

    def find_by_session_id(self, session_id: str) -> Agent | None:
        """The agent whose CLI calls its session this."""
        return self._rows().filter(session_id=session_id).first()

    def find_by_status(self, status: AgentStatus | str) -> list[Agent]:
        """Agents in this status, longest in it first."""
        return list(self._rows().filter(status=status).order_by("status_since", "id"))

    def list_names_of_tasks(self, initiative_id: str) -> list[Agent]:
        """The agents of an initiative's tasks that nobody has dismissed, newest first: name, status and task alone."""
        rows = Agent.objects.filter(initiative_id=initiative_id, task__isnull=False, user_dismissed_at__isnull=True)
        return list(rows.only("id", "name", "status", "task_id").order_by("-created_at", "-id"))

    def find_by_initiative_id(self, initiative_id: str) -> list[Agent]:
        """All agents of an initiative, newest first."""
        return list(self._rows().filter(initiative_id=initiative_id).order_by("-created_at", "-id"))

    def list_page(
        self,
        *,
        limit: int,
        offset: int,
        status: AgentStatus | str | None = None,
        dismissed: bool | None = False,
    ) -> tuple[list[Agent], int]:
        """A page of agents, those at work first, then newest first, and how many there are. `dismissed` None: all."""
        rows = self._rows().order_by(_AT_WORK_FIRST, "-created_at", "-id")
        if status is not None:
            rows = rows.filter(status=status)
        if dismissed is not None:
            rows = rows.filter(user_dismissed_at__isnull=not dismissed)
        return list(rows[offset : offset + limit]), rows.count()

    def list_done_for_tasks(self) -> list[Agent]:
        """Idle agents that say they are done with a task which is in progress, longest first."""
        rows = self._rows().filter(
            ~Q(result=None), status=AgentStatus.IDLE, user_dismissed_at=None, task__status=TaskStatus.IN_PROGRESS
        )
        return [agent for agent in rows.order_by("status_since", "id") if _says_done(agent)]

    def _task_taken(self, task_id: str | None, error: IntegrityError) -> Exception:
        active = self.find_active_by_task_id(task_id) if task_id else None
        return NotAllowed(f"The agent {active.name} works on this task already.") if active else error

    def list_releasable(self, host: str) -> list[Agent]:
        """Resting agents of the host whose worktree nobody needs: dismissed, or their task is completed."""
        finished = Q(user_dismissed_at__isnull=False) | Q(task__status=TaskStatus.COMPLETED)
        rows = self._rows().filter(finished, host=host, worktree_released_at__isnull=True).exclude(worktree_id="")
        resting = rows.exclude(sessions__status__in=OPEN_SESSION)
        return list(resting.order_by("status_since", "id"))

    def list_orphans(self, host: str) -> list[Agent]:
        """Agents of the host that nobody has dismissed and whose task or initiative was deleted."""
        lost = Q(initiative__isnull=True) | Q(task__isnull=True, mode=AgentMode.EXECUTE)
        rows = self._rows().filter(lost, host=host, user_dismissed_at__isnull=True)
        return list(rows.order_by("status_since", "id"))

    def _rows(self) -> QuerySet[Agent]:
        return Agent.objects.select_related("task", "phase", "initiative", "account")


def _says_done(agent: Agent) -> bool:
    try:
        result = json.loads(agent.result or "null")
    except ValueError:
        return False
    return isinstance(result, dict) and result.get("status") == "done"
