"""The ASGI application: Django's handler on threads that are kept from one request to the next (docs/adr/0006)."""

import os
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django
from asgiref.sync import ThreadSensitiveContext
from django.core.handlers.asgi import ASGIHandler

from cw_site.process import ENDS_WITH_PARENT, end_with_parent

type Message = Mapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]

KEPT = 32
"""So many idle threads wait for requests; where more run at once, the others end after theirs."""
STREAMS = frozenset({"/events", "/api/events"})
"""They stay open for hours and would hold a thread that they do not use."""


class Application(ASGIHandler):
    """Django gives each request a new thread, in which the database is opened anew and its schema read again: half of
    what a small answer costs. Here a request gets an idle thread with its open connection."""

    def __init__(self) -> None:
        super().__init__()
        self._idle: list[ThreadPoolExecutor] = []

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] in STREAMS:
            await super().__call__(scope, receive, send)
            return
        left_early = False

        async def listen() -> Message:
            nonlocal left_early
            message = await receive()
            left_early = left_early or message["type"] == "http.disconnect"
            return message

        # one event loop: nobody comes between the look and the pop
        thread = self._idle.pop() if self._idle else ThreadPoolExecutor(max_workers=1, thread_name_prefix="request")
        try:
            async with ThreadSensitiveContext(executor=thread):
                await self.handle(scope, listen, send)
        finally:
            # where the person did not wait, the view may still be running in it
            if left_early or len(self._idle) >= KEPT:
                thread.shutdown(wait=False)
            else:
                self._idle.append(thread)


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cw_site.settings")
if ENDS_WITH_PARENT in os.environ:
    # this is the web server's own child, which would outlive a kill -9 of it and keep port and data folder
    end_with_parent()
django.setup(set_prefix=False)
application = Application()
