"""Asking the engine to start a session: the task is named by string, since tasks lie above everything else here."""

from datetime import datetime

from django.utils.module_loading import import_string

START_SESSION = "agents.tasks.start_session"


def enqueue_start(session_id: str, *, host: str, run_after: datetime | None = None) -> None:
    """Have the worker of that host start the session, not before `run_after`; part of the present transaction.

    A second request for the same session is harmless: one claim wins, and the session's lock admits one process.
    """
    import_string(START_SESSION).using(queue_name=f"host-{host}", run_after=run_after).enqueue(session_id)
