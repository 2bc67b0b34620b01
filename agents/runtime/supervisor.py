"""One supervisor per host, a thread in the worker: it adopts the sessions that run here, takes in what they print, sees
their ends and stops what must stop.

It remembers nothing that matters: rows and session folders say everything, so it may be killed at any moment, and two
of them on one host disturb nothing (each write is a compare-and-set).
"""

import logging
import threading
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import close_old_connections

from agents.models import AgentSession
from agents.providers.events import Ended
from agents.providers.registry import PROVIDERS
from agents.repositories.agent import AgentRepository
from agents.runtime import ingest, log_file, process
from agents.runtime.engine import enqueue_start
from agents.runtime.locks import try_lock
from agents.runtime.paths import session_folder
from agents.runtime.process import Probe
from agents.runtime.records import record_end, record_live
from agents.states import SessionState
from cw_site.foundation.clock import now

logger = logging.getLogger(__name__)

BUSY_SECONDS = 0.1
IDLE_SECONDS = 1.0
START_PATIENCE_SECONDS = 5.0
"""How long a session may be `starting` without a process before somebody is asked to start it again."""
SIGNALLED_GRACE_SECONDS = 30.0
"""A CLI that said its last word and signalled may hang; it is ended after this."""
SILENT_GRACE_SECONDS = 600.0
"""The same without a signal: it may wait for work of its own in the background."""
PREPARE_LOCK = "prepare.lock"
CAPPED, SETTLED = "capped", "settled"
"""Files in a session's folder that say why we ended it."""

_woken = threading.Event()


def wake() -> None:
    """Let the supervisor of this process look at once."""
    _woken.set()


class Supervisor:
    """Looks after every session of one host, in rounds."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.agents = AgentRepository()
        self._stops: dict[str, threading.Thread] = {}
        self._seen_starting: dict[str, float] = {}
        self._said_last: dict[str, float] = {}

    def run(self, stop: threading.Event) -> None:
        """Rounds until `stop` is set. A round that fails is logged and repeated."""
        while not stop.is_set():
            try:
                busy = self.round()
            except Exception:
                logger.exception("the supervisor could not finish a round; it goes on")
                close_old_connections()
                busy = 0
            if busy >= 0:
                _woken.wait(BUSY_SECONDS if busy else IDLE_SECONDS)
                _woken.clear()

    def round(self) -> int:
        """One look at every session; returns how many there are, or -1 when there is more to read at once."""
        sessions = self.agents.list_sessions([SessionState.STARTING, SessionState.LIVE], host=self.host)
        self._forget({session.id for session in sessions})
        if not sessions:
            return 0
        looked = [self._look_safely(session) for session in sessions]
        new = [intake for intake in looked if intake is not None and intake.block.data]
        ingest.store_all(new)
        return -1 if any(len(intake.block.data) >= log_file.BLOCK // 2 for intake in new) else len(sessions)

    def _look_safely(self, session: AgentSession) -> ingest.Intake | None:
        """Look at one session. What goes wrong with its files, which its agent can reach, is its own trouble."""
        folder = session_folder(session.agent_id, session.number)
        try:
            # before the output is read: what a process that is over printed is then all there
            probe = process.probe(folder)
            if session.status != SessionState.STARTING:
                return self._look_at(session, folder, probe)
            self._look_at_start(session, folder, probe)
        except OSError as error:
            logger.exception("session %s cannot be looked at; the others go on", session.id)
            said = error.strerror or type(error).__name__
            self.agents.explain_session(session.id, f"Its files in {folder} cannot be read: {said}.")
        return None

    def _look_at_start(self, session: AgentSession, folder: Path, probe: Probe) -> None:
        """A session that somebody claimed: alive by now, being prepared, or forgotten by a worker that died."""
        if session.stop_requested_at is not None:
            process.request_stop(folder)
        if probe.state != "absent":
            record_live(session, probe)
            return
        since = self._seen_starting.setdefault(session.id, time.monotonic())
        if time.monotonic() - since < START_PATIENCE_SECONDS:
            return
        with try_lock(folder / PREPARE_LOCK) as free:
            pass
        if free:
            self._seen_starting[session.id] = time.monotonic()
            enqueue_start(session.id, host=self.host)

    def _look_at(self, session: AgentSession, folder: Path, probe: Probe) -> ingest.Intake:
        """A live session: stop it where that is due, read on, and note its end once all is read."""
        over = probe.state != "running"
        if not over:
            self._stop_where_due(session, folder)
        elif probe.state == "lost":
            process.sweep(session.id)
        intake = ingest.read_output(session, final=over)
        if intake.block.data:
            self._note_last_word(session, intake.block.data)
        elif over:
            record_end(session, evidence=_evidence(session, folder, probe), reason="Its process is over.")
        return intake

    def _note_last_word(self, session: AgentSession, data: bytes) -> None:
        """Remember since when the newest line is a terminal event."""
        lines = log_file.split_lines(data)
        provider = PROVIDERS.get(session.agent.provider)
        events = provider.read_line(lines[-1]) if provider is not None and lines else []
        if any(isinstance(event, Ended) for event in events):
            self._said_last[session.id] = time.monotonic()
        else:
            self._said_last.pop(session.id, None)

    def _stop_where_due(self, session: AgentSession, folder: Path) -> None:
        """A person wishes it, its time is over, or it has said its last word and will not go."""
        if session.stop_requested_at is not None:
            self._stop(session, folder)
        elif session.started_at and (now() - session.started_at).total_seconds() > settings.CW_SESSION_MAX_SECONDS:
            (folder / CAPPED).touch(mode=0o600)
            self._stop(session, folder)
        elif session.id in self._said_last:
            signalled = (Path(session.agent.worktree_id) / ".cw" / "output" / "signal.json").exists()
            grace = SIGNALLED_GRACE_SECONDS if signalled else SILENT_GRACE_SECONDS
            if time.monotonic() - self._said_last[session.id] > grace:
                (folder / SETTLED).touch(mode=0o600)
                self._stop(session, folder)

    def _stop(self, session: AgentSession, folder: Path) -> None:
        """End the session's processes in a thread of its own: that may take as long as the agent's own stop."""
        running = self._stops.get(session.id)
        if running is not None and running.is_alive():
            return
        thread = threading.Thread(
            target=process.stop, args=(folder,), kwargs={"marker": session.id}, daemon=True, name="stop-session"
        )
        self._stops[session.id] = thread
        thread.start()

    def _forget(self, present: set[str]) -> None:
        for memory in (self._stops, self._seen_starting, self._said_last):
            for session_id in memory.keys() - present:
                del memory[session_id]


def _evidence(session: AgentSession, folder: Path, probe: Probe) -> dict[str, Any]:
    """What is known of an end."""
    evidence: dict[str, Any] = {"exit_code": probe.exit_code, "signal": probe.signal}
    facts = {
        "stopped": session.stop_requested_at is not None,
        "lost": probe.state in {"lost", "absent"},
        CAPPED: (folder / CAPPED).exists(),
        SETTLED: (folder / SETTLED).exists(),
        "error": probe.error,
    }
    return evidence | {name: value for name, value in facts.items() if value}
