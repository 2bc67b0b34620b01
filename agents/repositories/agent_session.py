"""The session part of AgentRepository: `agent_sessions` and the log are one aggregate with the agent."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import IntegrityError
from django.db.models import Count, Q, QuerySet, TextChoices

from agents.models import AgentSession
from agents.states import OPEN_SESSION, SESSION_MACHINE, SessionKind, SessionPurpose, SessionState
from cw_site.foundation.clock import now
from cw_site.foundation.errors import NotAllowed
from cw_site.foundation.repository import StatusRepository
from initiatives.states import InitiativeStatus


class _Sessions(StatusRepository[AgentSession]):
    model = AgentSession
    noun = "session"
    machine = SESSION_MACHINE
    default_order = ("number",)

    def topics(self, row: AgentSession) -> list[str]:
        return [f"agent:{row.agent_id}"]

    def find_by_id(self, row_id: str) -> AgentSession | None:
        return _rows().filter(pk=row_id).first()


class AgentSessionPart:
    """What AgentRepository says about sessions."""

    def create_session(
        self,
        agent_id: str,
        *,
        kind: SessionKind | str,
        prompt: str,
        purpose: SessionPurpose | str = SessionPurpose.WORK,
        account_id: str | None = None,
        cli_session_id: str = "",
        not_before: datetime | None = None,
    ) -> AgentSession:
        """Queue the agent's next session (number last + 1).

        Raises NotAllowed where one is open: the database allows one at a time.
        """
        latest = self.latest_session(agent_id)
        try:
            return _Sessions().create(
                agent_id=agent_id,
                number=latest.number + 1 if latest else 1,
                kind=kind,
                prompt=prompt,
                purpose=purpose,
                account_id=account_id,
                cli_session_id=cli_session_id,
                not_before=not_before,
            )
        except IntegrityError as error:
            if self.open_session(agent_id) is None:
                raise
            raise NotAllowed("This agent has a session at work already. Wait for its end, or stop it.") from error

    def latest_session(self, agent_id: str) -> AgentSession | None:
        """The agent's newest session."""
        return _rows().filter(agent_id=agent_id).order_by("-number").first()

    def find_sessions(self, agent_id: str) -> list[AgentSession]:
        """All sessions of an agent: 1, 2, 3, …"""
        return list(_rows().filter(agent_id=agent_id).order_by("number"))

    def find_session(self, session_id: str) -> AgentSession | None:
        """A session with its agent and account, or None."""
        return _Sessions().find_by_id(session_id)

    def get_session(self, session_id: str) -> AgentSession:
        """A session with its agent and account; raises NotFound."""
        return _Sessions().get(session_id)

    def open_session(self, agent_id: str) -> AgentSession | None:
        """The session that is not settled yet; there is one at most."""
        return _rows().filter(agent_id=agent_id, status__in=OPEN_SESSION).first()

    def list_sessions(
        self, status: SessionState | str | Iterable[SessionState | str], host: str | None = None
    ) -> list[AgentSession]:
        """Sessions in this status (or any of these), of one host where it is named, oldest first."""
        wanted = [status] if isinstance(status, str) else list(status)
        rows = _rows().filter(status__in=wanted)
        if host is not None:
            rows = rows.filter(host=host)
        return list(rows.order_by("created_at", "id"))

    def move_session(
        self,
        session_id: str,
        *,
        to: TextChoices | str,
        source: TextChoices | str | Iterable[TextChoices | str] | None = None,
        since: datetime | None = None,
        reason: str = "",
        evidence: dict[str, Any] | None = None,
        **fields: Any,
    ) -> AgentSession:
        """As StatusRepository.move, for a session."""
        return _Sessions().move(
            session_id, to=to, source=source, since=since, reason=reason, evidence=evidence, **fields
        )

    def update_session(self, session_id: str, **fields: Any) -> AgentSession:
        """Write only the named columns of a session; raises NotFound."""
        return _Sessions().update(session_id, **fields)

    def explain_session(self, session_id: str, reason: str) -> None:
        """Write why the session waits; silent where the sentence is the same."""
        _Sessions().explain(session_id, reason)

    def count_open_sessions(self, host: str) -> int:
        """How many places of the host are taken: sessions starting or running there, and those due to start."""
        return _taking_place(host).count()

    def count_running_by_provider(self, host: str, *, parked: Iterable[str] = ()) -> dict[str, int]:
        """The same count by the agent's provider; providers without one are absent. What is queued for a `parked`
        provider (it has no account that can be used) takes no place."""
        places = _taking_place(host).exclude(status=SessionState.QUEUED, agent__provider__in=list(parked))
        rows = places.values_list("agent__provider").annotate(count=Count("id")).order_by()
        return {str(provider): int(count) for provider, count in rows}


def _rows() -> QuerySet[AgentSession]:
    return AgentSession.objects.select_related("agent", "account")


def _taking_place(host: str) -> QuerySet[AgentSession]:
    # a queued session has no host yet; one that waits for a clock takes no place
    due = Q(not_before__isnull=True) | Q(not_before__lte=now())
    here = Q(host=host, status__in=[SessionState.STARTING, SessionState.LIVE])
    rows = AgentSession.objects.filter(here | (due & Q(host__in=["", host], status=SessionState.QUEUED)))
    return rows.exclude(status=SessionState.QUEUED, agent__initiative__status=InitiativeStatus.ARCHIVED)
