"""Requests run on threads that are kept, each on its own."""

import asyncio
import threading
from collections.abc import Mapping
from typing import Any

from asgiref.sync import sync_to_async

from cw_site.asgi import KEPT, Application, Receive, Send


class Recording(Application):
    """An application that notes the thread of each request instead of answering it."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: list[int] = []
        self.together: threading.Barrier | None = None

    async def handle(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        if scope.get("leaves"):
            await receive()
        self.threads.append(await sync_to_async(self._note)())

    def _note(self) -> int:
        if self.together is not None:
            self.together.wait(10)
        return threading.get_ident()


async def receive() -> Mapping[str, Any]:
    return {"type": "http.disconnect"}


async def send(message: Mapping[str, Any]) -> None:
    """Nobody is there."""


def scope(path: str = "/", **more: Any) -> dict[str, Any]:
    return {"type": "http", "path": path, **more}


def test_one_request_after_the_other_runs_on_one_thread() -> None:
    application = Recording()

    async def ask() -> None:
        for _ in range(5):
            await application(scope(), receive, send)

    asyncio.run(ask())
    assert len(set(application.threads)) == 1


def test_requests_at_once_run_on_threads_of_their_own_and_a_few_are_kept() -> None:
    application = Recording()
    application.together = threading.Barrier(KEPT + 4)

    async def ask() -> None:
        await asyncio.gather(*[application(scope(), receive, send) for _ in range(KEPT + 4)])

    asyncio.run(ask())
    assert len(set(application.threads)) == KEPT + 4
    assert len(application._idle) == KEPT


def test_the_thread_of_a_request_that_was_given_up_is_not_used_again() -> None:
    application = Recording()

    async def ask() -> None:
        await application(scope(leaves=True), receive, send)

    asyncio.run(ask())
    assert application._idle == []


def test_a_stream_takes_no_kept_thread() -> None:
    application = Recording()

    async def ask() -> None:
        await application(scope(), receive, send)
        await application(scope("/events"), receive, send)

    asyncio.run(ask())
    assert len(application._idle) == 1
    assert len(set(application.threads)) == 2
