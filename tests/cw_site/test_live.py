import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from typing import cast

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import AsyncClient

from cw_site.foundation.events import last_event_id, publish

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.anyio]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def _frames(response: HttpResponseBase) -> AsyncGenerator[dict[str, str]]:
    assert isinstance(response, StreamingHttpResponse)
    buffer = b""
    async for part in cast(AsyncIterator[bytes], response.streaming_content):
        buffer += part
        while b"\n\n" in buffer:
            frame, _, buffer = buffer.partition(b"\n\n")
            fields = dict(line.split(": ", 1) for line in frame.decode().split("\n") if not line.startswith(":"))
            if "id" in fields:
                yield fields


async def _signed_in() -> AsyncClient:
    client = AsyncClient()
    await client.aforce_login(await sync_to_async(User.objects.create_user)("ada"))
    return client


async def _take(response: HttpResponseBase, count: int) -> list[dict[str, str]]:
    taken: list[dict[str, str]] = []
    async with asyncio.timeout(10):
        stream = _frames(response)
        async for frame in stream:
            taken.append(frame)
            if len(taken) == count:
                break
        await stream.aclose()
    return taken


async def test_strangers_get_no_stream() -> None:
    assert (await AsyncClient().get("/events")).status_code == 401


async def test_history_and_live_are_one_stream_without_gap_or_double() -> None:
    client = await _signed_in()
    # pruning leaves the newest event, so a real table is never empty and its newest id is always known
    await sync_to_async(publish)("hq", "before")
    before = await sync_to_async(last_event_id)()
    for number in range(3):
        await sync_to_async(publish)("phase:a", "old", number=number)
    response = await client.get("/events", {"topics": "phase:a", "after": str(before)})
    reading = asyncio.create_task(_take(response, 6))
    for number in range(3, 6):
        await asyncio.sleep(0)
        await sync_to_async(publish)("phase:b", "unwanted")
        await sync_to_async(publish)("phase:a", "new", number=number)
    frames = await reading
    assert [json.loads(frame["data"])["number"] for frame in frames] == [0, 1, 2, 3, 4, 5]
    assert {frame["event"] for frame in frames} == {"phase-a"}


async def test_last_event_id_goes_on_where_it_broke() -> None:
    client = await _signed_in()
    await sync_to_async(publish)("hq", "first")
    seen = await sync_to_async(last_event_id)()
    await sync_to_async(publish)("hq", "second")
    response = await client.get("/events", headers={"Last-Event-ID": str(seen)})
    frames = await _take(response, 1)
    assert json.loads(frames[0]["data"])["kind"] == "second"


async def test_a_cursor_that_is_too_old_is_told_to_look_again() -> None:
    client = await _signed_in()
    for _ in range(3):
        await sync_to_async(publish)("hq", "event")
    from cw_site.foundation.models import Event

    newest = await sync_to_async(last_event_id)()
    await sync_to_async(Event.objects.filter(id__lt=newest).delete)()
    response = await client.get("/events", {"after": 0})
    frames = await _take(response, 1)
    assert frames[0]["event"] == "resync"
    assert frames[0]["id"] == str(newest)
