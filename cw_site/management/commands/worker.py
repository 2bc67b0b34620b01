"""The worker: the supervisor of this host's agents and the engine, in one process. Agents outlive it."""

import os
import queue
import signal
import sys
import threading
import time
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand
from django.db import connections
from django_ox.models import OxTask
from django_ox.worker import Worker

from agents.repositories.agent import AgentRepository
from agents.runtime import supervisor
from agents.states import OPEN_SESSION
from cw_site.engine import EagerWorker
from cw_site.tasks import run_ticks

STOP_SECONDS = 0.8
"""An engine task that takes longer than this after SIGTERM is left where it is; every one may be repeated."""


class Command(BaseCommand):
    help = "Run engine tasks and watch over the agents of this host. SIGTERM ends the worker and leaves agents running."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--interval", type=float, default=0.25, help="Seconds between looks while busy.")
        parser.add_argument("--concurrency", type=int, default=4, help="Engine tasks at once.")
        parser.add_argument("--until-idle", action="store_true", help="Exit when nothing is left that moves by itself.")

    def handle(self, *args: Any, **options: Any) -> None:
        worker = EagerWorker(concurrency=options["concurrency"], poll_interval=options["interval"])
        stop = threading.Event()
        _stop_on_signals(worker, stop)
        watcher = supervisor.Supervisor(settings.CW_HOST_NAME)
        thread = threading.Thread(target=watcher.run, args=(stop,), name="supervisor", daemon=True)
        thread.start()
        if options["until_idle"]:
            threading.Thread(target=_stop_when_idle, args=(worker,), name="until-idle", daemon=True).start()
        self.stdout.write(f"Worker of {settings.CW_HOST_NAME} (process {os.getpid()}): ready.")
        self.stdout.flush()
        try:
            worker.run()
        finally:
            stop.set()
            supervisor.wake()
            thread.join(STOP_SECONDS)


def _stop_on_signals(worker: Worker, stop: threading.Event) -> None:
    """SIGTERM and SIGINT end the worker within a second, whatever it does; a second one at once."""
    asked: queue.SimpleQueue[int] = queue.SimpleQueue()

    def note(number: int, frame: FrameType | None) -> None:
        # nothing that takes a lock: the main thread may hold it right now
        if asked.qsize():
            os._exit(0)
        asked.put(number)

    def obey() -> None:
        asked.get()
        asked.put(0)
        worker.request_stop()
        stop.set()
        supervisor.wake()
        time.sleep(STOP_SECONDS)
        sys.stdout.flush()
        os._exit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, note)
    threading.Thread(target=obey, name="stop", daemon=True).start()


def _stop_when_idle(worker: Worker) -> None:
    """End the worker once no session is open, nothing is queued, and the ticks move nothing."""
    try:
        while True:
            time.sleep(0.2)
            busy = AgentRepository().list_sessions(OPEN_SESSION) or _is_queued() or run_ticks()
            if not busy:
                break
    finally:
        connections.close_all()
        worker.request_stop()


def _is_queued() -> bool:
    return OxTask.objects.filter(status__in=["READY", "RUNNING"]).exists()
