"""Live pages: one watcher for each web process looks at the event table and fans out to every open stream.

History and live are one query (`id > cursor`), so nothing falls between the two. A client that is too slow is cut off
and comes back with its Last-Event-ID.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from weakref import WeakKeyDictionary

import orjson
from asgiref.sync import sync_to_async
from django.db import close_old_connections, connection
from django.http import StreamingHttpResponse

from cw_site.foundation.commits import CommitWatch
from cw_site.foundation.events import CHANNEL, events_after, first_event_id, last_event_id
from cw_site.foundation.models import Event

POLL_SECONDS = 0.05
HEARTBEAT_SECONDS = 15.0
QUEUE_LENGTH = 200
LATE_SECONDS = 20.0
MAX_LATE = 500

type Batch = list[Event] | None


class Hub:
    """Fans new events out to subscribers; it watches only while somebody listens."""

    def __init__(self) -> None:
        self.subscribers: set[asyncio.Queue[Batch]] = set()
        self.watcher: asyncio.Task[None] | None = None
        self.cursor = 0
        self.late: dict[int, float] = {}

    async def subscribe(self) -> asyncio.Queue[Batch]:
        """A queue that receives every batch from now on; None in it means: cut off, come back."""
        queue: asyncio.Queue[Batch] = asyncio.Queue(QUEUE_LENGTH)
        if self.watcher is None or self.watcher.done():
            self.cursor = await _in_thread(last_event_id)
            self.watcher = asyncio.create_task(self._watch())
        self.subscribers.add(queue)
        return queue

    def unsubscribe(self, queue: asyncio.Queue[Batch]) -> None:
        """Forget the queue; the watcher ends with the last one."""
        self.subscribers.discard(queue)
        if not self.subscribers and self.watcher is not None:
            self.watcher.cancel()
            self.watcher = None

    async def _watch(self) -> None:
        try:
            if connection.vendor == "postgresql":
                await self._watch_postgresql()
            else:
                await self._watch_sqlite()
        finally:
            for queue in self.subscribers:
                _cut_off(queue)

    async def _watch_sqlite(self) -> None:
        watch = CommitWatch()
        try:
            while True:
                if watch.sees_commit():
                    await self._pump()
                await asyncio.sleep(POLL_SECONDS)
        finally:
            watch.close()

    async def _watch_postgresql(self) -> None:
        import psycopg

        options = connection.get_connection_params()
        options = {key: options[key] for key in ("dbname", "user", "password", "host", "port") if options.get(key)}
        listener = await psycopg.AsyncConnection.connect(**options, autocommit=True)
        async with listener:
            await listener.execute(f"LISTEN {CHANNEL}")
            while True:
                await self._pump()
                async for _ in listener.notifies(timeout=HEARTBEAT_SECONDS, stop_after=1):
                    pass

    async def _pump(self) -> None:
        while True:
            events = await _in_thread(lambda: events_after(self.cursor, late=list(self.late)))
            if not events:
                return
            self._remember_gaps(events)
            for queue in list(self.subscribers):
                if queue.full():
                    self.subscribers.discard(queue)
                    _cut_off(queue)
                else:
                    queue.put_nowait(events)

    def _remember_gaps(self, events: list[Event]) -> None:
        moment = time.monotonic()
        for event in events:
            self.late.pop(event.id, None)
            if event.id > self.cursor:
                for missing in range(max(self.cursor + 1, event.id - MAX_LATE), event.id):
                    self.late[missing] = moment
                self.cursor = event.id
        self.late = {key: since for key, since in self.late.items() if moment - since < LATE_SECONDS}
        while len(self.late) > MAX_LATE:
            self.late.pop(next(iter(self.late)))


# By the loop itself: another loop may get the id of one that is gone, and would inherit a watcher that never runs.
_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """The hub of the running event loop: one for each web process."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())


def stream_response(*, topics: frozenset[str], after: int | None) -> StreamingHttpResponse:
    """A text/event-stream of the events of `topics` (empty: all), from `after` on, or from now on."""
    response = StreamingHttpResponse(_frames(topics, after), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def _frames(topics: frozenset[str], after: int | None) -> AsyncIterator[bytes]:
    queue = await hub().subscribe()
    oldest_live = hub().cursor - MAX_LATE
    try:
        yield b"retry: 2000\n\n"
        cursor = await _in_thread(last_event_id) if after is None else after
        if after is not None and await _in_thread(first_event_id) > after + 1:
            cursor = await _in_thread(last_event_id)
            yield b"id: %d\nevent: resync\ndata: {}\n\n" % cursor
        sent: set[int] = set()
        while batch := await _in_thread(partial(events_after, cursor)):
            cursor = batch[-1].id
            sent.update(event.id for event in batch if event.id > oldest_live)
            yield b"".join(_frame(event) for event in batch if _wanted(event, topics))
        async for frames in _live(queue, topics, sent):
            yield frames
    finally:
        hub().unsubscribe(queue)


async def _live(queue: asyncio.Queue[Batch], topics: frozenset[str], sent: set[int]) -> AsyncIterator[bytes]:
    while True:
        try:
            batch = await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)
        except TimeoutError:
            yield b": still here\n\n"
            continue
        if batch is None:
            return
        # what came in while the history was read has been sent with it
        frames = b"".join(_frame(event) for event in batch if event.id not in sent and _wanted(event, topics))
        if frames:
            yield frames


def _wanted(event: Event, topics: frozenset[str]) -> bool:
    return not topics or event.topic in topics


def _frame(event: Event) -> bytes:
    data = orjson.dumps({"topic": event.topic, "kind": event.kind, **event.data})
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.id, event.topic.replace(":", "-").encode(), data)


def _cut_off(queue: asyncio.Queue[Batch]) -> None:
    with suppress(asyncio.QueueEmpty):
        queue.get_nowait()
    with suppress(asyncio.QueueFull):
        queue.put_nowait(None)


async def _in_thread[T](query: Callable[[], T]) -> T:
    def run() -> T:
        close_old_connections()
        return query()

    return await sync_to_async(run, thread_sensitive=False)()
