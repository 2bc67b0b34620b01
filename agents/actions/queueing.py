"""Queueing an agent's next session: the row that says what is wanted, and the request to start it."""

from datetime import datetime, timedelta

from django.conf import settings

from agents.models import Agent, AgentSession
from agents.providers.base import new_session_id
from agents.repositories.agent import AgentRepository
from agents.runtime.engine import enqueue_start
from agents.states import SessionKind, SessionPurpose
from cw_site.foundation.clock import now

SOON = timedelta(minutes=10)
"""A start that is due later than this is asked for by resume_waiting, not kept in the engine's queue."""


def queue_session(
    agent: Agent,
    *,
    prompt: str,
    purpose: SessionPurpose,
    afresh: bool = False,
    not_before: datetime | None = None,
    reason: str = "",
) -> AgentSession:
    """Queue a session in the present transaction. `afresh`: a new conversation of the CLI; else the last one goes on.

    Raises NotAllowed where the agent has an open session.
    """
    agents = AgentRepository()
    cli_session_id = "" if afresh else agent.session_id or ""
    resumed = bool(cli_session_id)
    session = agents.create_session(
        agent.id,
        kind=SessionKind.RESUME if resumed else SessionKind.SPAWN,
        purpose=purpose,
        prompt=prompt,
        account_id=agent.account_id,
        cli_session_id=cli_session_id or new_session_id(),
        not_before=not_before,
    )
    agents.update(agent.id, session_id=session.cli_session_id)
    if reason:
        agents.explain_session(session.id, reason)
    if not_before is None or not_before - now() < SOON:
        enqueue_start(session.id, host=agent.host or settings.CW_HOST_NAME, run_after=not_before)
    return session
