"""The engine's tasks that belong to no app: reconcile runs the ticks, prune keeps the tables small."""

import logging
from datetime import timedelta

from django.conf import settings
from django.core.management import call_command
from django.db import close_old_connections
from django.tasks import task
from django.utils.module_loading import import_string

from cw_site.foundation.events import prune_events

logger = logging.getLogger(__name__)
KEEP_FINISHED_TASKS = timedelta(hours=1)


@task
def reconcile() -> int:
    """Run every tick once, in order; returns how many rows moved. A tick that fails is logged and the rest go on.

    Guarantee: level-triggered. Nothing depends on this having been asked for: it also runs every few seconds,
    and every tick reads rows afresh, so a lost call costs time and never work.
    """
    return run_ticks()


@task
def prune() -> None:
    """Delete what nothing reads any more: old live events and finished engine tasks."""
    prune_events()
    call_command("ox_prune", older_than=f"{int(KEEP_FINISHED_TASKS.total_seconds())}s", verbosity=0)


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
