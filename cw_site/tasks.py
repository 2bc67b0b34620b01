"""The engine's tasks that belong to no app: reconcile runs the ticks, prune keeps the tables small."""

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

from django.conf import settings
from django.core.management import call_command
from django.db import close_old_connections
from django.tasks import task
from django.utils.module_loading import import_string

from cw_site.foundation.events import prune_events

logger = logging.getLogger(__name__)
KEEP_FINISHED_TASKS = timedelta(hours=1)


class Rounds:
    """Runs a step for everybody who asks, one at a time: those who ask during a run share the next one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_running = False
        self._asked_meanwhile = False

    def run(self, step: Callable[[], int]) -> int:
        """What the runs of this caller came to; 0 where another thread makes the run that this one asks for."""
        with self._lock:
            if self._is_running:
                self._asked_meanwhile = True
                return 0
            self._is_running = True
        total = 0
        try:
            while True:
                total += step()
                with self._lock:
                    if not self._asked_meanwhile:
                        self._is_running = False
                        return total
                    self._asked_meanwhile = False
        except BaseException:
            with self._lock:
                self._is_running = self._asked_meanwhile = False
            raise


_rounds = Rounds()


@task
def reconcile() -> int:
    """Run every tick once, in order; returns how many rows moved. A tick that fails is logged and the rest go on.

    Guarantee: level-triggered. Nothing depends on this having been asked for: it also runs every few seconds,
    and every tick reads rows afresh, so a lost call costs time and never work. In one process the ticks run once at
    a time; whoever asks meanwhile is served by one more run after that.
    """
    return _rounds.run(run_ticks)


@task
def prune() -> None:
    """Delete what nothing reads any more: old live events and finished engine tasks."""
    prune_events()
    kept = f"{int(KEEP_FINISHED_TASKS.total_seconds())}s"
    call_command("ox_prune", older_than=kept, verbosity=0, stdout=StringIO())


def run_ticks() -> int:
    """The ticks of settings.CW_TICKS, once each."""
    moved = 0
    for name in settings.CW_TICKS:
        try:
            moved += import_string(name)()
        except Exception:
            logger.exception("tick %s failed; the others go on", name)
            close_old_connections()
    return moved
