"""The engine's worker, which looks as soon as there is something to do.

django-ox looks for tasks at an interval. Between two looks this one watches the database for commits, and goes on at
once when a task is ready: a person who clicks waits for 20 ms and not for a quarter of a second, and an idle worker has
no reason to look often.
"""

import threading
import time
from typing import Any

from django_ox.models import OxTask
from django_ox.worker import Worker

from cw_site.foundation.commits import CommitWatch

LOOK_SECONDS = 0.02
IDLE_SECONDS = 1.0
"""Between two looks of an idle worker that sees commits; delayed tasks and schedules wait for them."""
_READY = f"SELECT 1 FROM {OxTask._meta.db_table} WHERE status = 'READY' AND run_after IS NULL LIMIT 1"  # noqa: S608


class EagerWorker(Worker):
    """A Worker that is woken by commits, where the database is SQLite; elsewhere it polls."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        if CommitWatch.is_possible():
            # The event that the loop sleeps on. A test holds that this works: if it does not, it only polls.
            self._stop = _StopOrWork()


class _StopOrWork(threading.Event):
    """Set when the worker is to stop; waiting for it ends early when a task has become ready."""

    def __init__(self) -> None:
        super().__init__()
        self._watch: CommitWatch | None = None

    def wait(self, timeout: float | None = None) -> bool:
        if timeout is None:
            return super().wait()
        # made here: in the thread that uses it, and after any fork
        watch = self._watch = self._watch or CommitWatch()
        deadline = time.monotonic() + max(timeout, IDLE_SECONDS)
        while time.monotonic() < deadline:
            if super().wait(LOOK_SECONDS):
                return True
            if watch.sees_commit() and watch.select(_READY):
                return False
        return self.is_set()
