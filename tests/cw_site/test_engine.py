"""The worker's engine is woken by work, not by the clock."""

import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import connection, connections
from django_ox.models import OxTask

from cw_site.engine import EagerWorker
from cw_site.foundation.reconcile import request_reconcile
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's workers poll")


def run(worker: EagerWorker) -> threading.Thread:
    def work() -> None:
        try:
            worker.run()
        finally:
            connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


@pytest.fixture
def worker(live_db: None) -> Iterator[EagerWorker]:
    """One that by itself would look every five minutes."""
    eager = EagerWorker(poll_interval=300)
    thread = run(eager)
    yield eager
    eager.request_stop()
    thread.join(20)


def done(count: int) -> Callable[[], bool]:
    return lambda: OxTask.objects.filter(status="SUCCESSFUL").count() >= count


def test_a_task_is_carried_out_as_soon_as_it_is_committed(worker: EagerWorker) -> None:
    for number in (1, 2, 3):
        request_reconcile()
        wait_until(done(number), timeout=10, message=f"task {number} is done long before the next look")


def test_it_stops_at_once_though_it_sleeps_long(live_db: None) -> None:
    worker = EagerWorker(poll_interval=300)
    thread = run(worker)
    worker.request_stop()
    thread.join(10)
    assert not thread.is_alive()
