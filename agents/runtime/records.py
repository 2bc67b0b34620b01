"""What happened to a process, written down: the moves of a session that follow the world, not a wish."""

from typing import Any

from django.db import transaction

from agents.models import AgentSession
from agents.repositories.agent import AgentRepository
from agents.runtime.process import Probe
from agents.states import AgentStatus, SessionState
from cw_site.foundation.clock import now
from cw_site.foundation.errors import LostRace, NotAllowed
from cw_site.foundation.reconcile import request_reconcile


def record_live(session: AgentSession, probe: Probe) -> bool:
    """The process runs (or ran): session and agent say so. False where somebody else wrote it first."""
    agents = AgentRepository()
    try:
        with transaction.atomic():
            agents.move_session(
                session.id, to=SessionState.LIVE, source=SessionState.STARTING, pid=probe.pid, started_at=now()
            )
            agents.move(
                session.agent_id,
                to=AgentStatus.RUNNING,
                reason=f"Session {session.number} runs.",
                evidence={"pid": probe.pid, "session": session.number},
                pid=probe.pid,
                exit_code=None,
            )
    except LostRace:
        return False
    return True


def record_end(session: AgentSession, *, evidence: dict[str, Any], reason: str) -> bool:
    """The session is over and its output stored; what that means is concluded later. False where it was written."""
    try:
        with transaction.atomic():
            AgentRepository().move_session(
                session.id,
                to=SessionState.ENDED,
                reason=reason,
                evidence=evidence,
                exit_code=evidence.get("exit_code"),
                ended_at=now(),
            )
            request_reconcile()
    except NotAllowed:
        return False
    return True
