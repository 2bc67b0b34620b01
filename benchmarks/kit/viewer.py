"""Somebody who watches an agent's page: an event stream, and the new entries fetched as static/js/live-log.js does."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from agents.models import AgentSession
from benchmarks.kit.printing import read_stamps
from benchmarks.kit.web import Web, cookie
from tests.waiting import wait_until

FETCH_PAUSE = 0.2
"""As FETCH_PAUSE_MS of the script: a page asks at most so often."""


@dataclass
class Viewer:
    """What came, and when: `told` holds (chunk number, time) of events, `shown` the age in seconds of each line."""

    session: AgentSession
    web: Web
    headers: dict[str, str]
    told: list[tuple[int, float]] = field(default_factory=list)
    shown: list[float] = field(default_factory=list)
    listening: bool = False
    _news: threading.Event = field(default_factory=threading.Event)
    _stop: threading.Event = field(default_factory=threading.Event)
    _stream: http.client.HTTPConnection | None = None

    def listen(self) -> None:
        """Read the event stream until it is closed."""
        self._stream = http.client.HTTPConnection("127.0.0.1", self.web.port, timeout=60)
        self._stream.request("GET", f"/events?topics=agent-log:{self.session.agent_id}", headers=self.headers)
        response = self._stream.getresponse()
        assert response.status == 200, response.status
        self.listening = True
        try:
            while line := response.readline():
                if line.startswith(b"data: ") and (data := json.loads(line[6:])).get("kind") == "log":
                    self.told.append((data["sequence"], time.time()))
                    self._news.set()
        except (OSError, ValueError, http.client.HTTPException):
            if not self._stop.is_set():
                raise

    def fetch(self) -> None:
        """Ask for the new entries when there are any, one request at a time."""
        connection = http.client.HTTPConnection("127.0.0.1", self.web.port, timeout=60)
        after = "0"
        while not self._stop.is_set():
            if not self._news.wait(0.1):
                continue
            self._news.clear()
            connection.request("GET", f"/agents/{self.session.agent.name}/log/?after={after}", headers=self.headers)
            response = connection.getresponse()
            body = response.read()
            moment = time.time()
            assert response.status == 200, (response.status, body[:300])
            after = response.headers["X-Next"]
            self.shown += [moment - printed for _, printed in read_stamps(body)]
            self._stop.wait(FETCH_PAUSE)
        connection.close()

    def end(self) -> None:
        """Close the page."""
        self._stop.set()
        if self._stream is not None and self._stream.sock is not None:
            self._stream.sock.shutdown(socket.SHUT_RDWR)


@contextmanager
def watching(web: Web, sessions: list[AgentSession], session_key: str) -> Iterator[list[Viewer]]:
    """One viewer for each agent, all of them listening."""
    viewers = [Viewer(session, web, dict(cookie(web, session_key))) for session in sessions]
    threads = [
        threading.Thread(target=work, daemon=True) for viewer in viewers for work in (viewer.listen, viewer.fetch)
    ]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: all(viewer.listening for viewer in viewers), timeout=30, message="every viewer listens")
        yield viewers
    finally:
        for viewer in viewers:
            viewer.end()
        for thread in threads:
            thread.join(10)
