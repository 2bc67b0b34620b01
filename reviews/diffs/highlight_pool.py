"""Highlighting in processes that can be killed: hostile text can make a lexer's expressions run for ever, and Python's
regular expressions hold the interpreter lock meanwhile, so neither a thread nor an alarm in a thread would help.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from reviews.diffs.highlight import is_plain
from reviews.diffs.highlight_worker import ANSWER, REQUEST, receive

_ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from reviews.diffs.highlight_worker import main; main()"
WALL_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Highlighted:
    """`lines` None: show the file plain. `final` False: the machine was too busy; another try may do better."""

    lines: list[str] | None
    final: bool = True


class _Worker:
    def __init__(self) -> None:
        self.owner = os.getpid()
        self.connection, theirs = socket.socketpair()
        with theirs:
            self.process: subprocess.Popen[bytes] = subprocess.Popen(
                [sys.executable, "-I", "-c", _PROGRAM, str(_ROOT)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={"LC_ALL": "C.UTF-8"},
                cwd="/",
                start_new_session=True,
            )

    def ask(self, path: bytes, data: bytes, deadline: float) -> list[str] | None:
        """Raises OSError (TimeoutError is one) or EOFError; the worker is then good for nothing."""
        self._wait_until(deadline)
        self.connection.sendall(REQUEST.pack(len(path), len(data)) + path + data)
        self._wait_until(deadline)
        has_lines, size = ANSWER.unpack(receive(self.connection, ANSWER.size))
        self._wait_until(deadline)
        body = receive(self.connection, size).decode()
        return body.split("\n") if has_lines else None

    def _wait_until(self, deadline: float) -> None:
        self.connection.settimeout(max(deadline - time.monotonic(), 0.001))

    def close(self) -> int:
        """End the process; its return code. -SIGPROF: it had used up its CPU time."""
        self.connection.close()
        try:
            return self.process.wait(0.2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


class HighlightPool:
    """At most `size` worker processes, started when first needed; they end when this process does. Thread-safe."""

    def __init__(self, *, size: int = 2, wall_seconds: float = WALL_SECONDS) -> None:
        self._slots = threading.BoundedSemaphore(size)
        self._wall_seconds = wall_seconds
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []

    def highlight(self, data: bytes, *, path: str) -> Highlighted:
        """What `highlight_blob` gives, within the time limits. Never raises for what the data is."""
        if is_plain(data):
            return Highlighted(None)
        deadline = time.monotonic() + self._wall_seconds
        if not self._slots.acquire(timeout=self._wall_seconds):
            return Highlighted(None, final=False)
        try:
            return self._ask(path.encode(errors="replace"), data, deadline)
        finally:
            self._slots.release()

    def close(self) -> None:
        """End the idle workers. The pool stays usable."""
        with self._lock:
            workers, self._idle = self._idle, []
        for worker in workers:
            worker.close()

    def _ask(self, path: bytes, data: bytes, deadline: float) -> Highlighted:
        try:
            worker = self._take()
        except OSError:  # no process to be had
            return Highlighted(None, final=False)
        try:
            lines = worker.ask(path, data, deadline)
        except (OSError, EOFError):
            return Highlighted(None, final=worker.close() == -signal.SIGPROF)
        with self._lock:
            self._idle.append(worker)
        return Highlighted(lines)

    def _take(self) -> _Worker:
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.owner != os.getpid():  # we are a fork: the worker is our parent's
                    continue
                if worker.process.poll() is None:
                    return worker
                worker.close()
        return _Worker()
