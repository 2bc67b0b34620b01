"""Live events: published in the same transaction as the change they tell of, so that none is lost or false."""

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Max, Q

from cw_site.foundation.clock import now
from cw_site.foundation.models import Event

CHANNEL = "cw_events"
"""The PostgreSQL channel that wakes the watchers."""
LONGEST_ID = 18
"""Digits of an event's id; what is longer was never given out, and no database could look for it."""
KEEP = timedelta(hours=6)
"""How long an event can be resumed from; an older Last-Event-ID gets a "resync" instead."""


def publish(topic: str, kind: str, **data: Any) -> None:
    """Tell live pages that `topic` (as "phase:ID") changed."""
    publish_all([(topic, kind, data)])


def publish_all(changes: Iterable[tuple[str, str, dict[str, Any]]]) -> None:
    """Tell of many changes, (topic, kind, data) each, by one statement."""
    Event.objects.bulk_create(Event(topic=topic, kind=kind, data=data) for topic, kind, data in changes)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # delivered at commit, once per transaction however often it is said
            cursor.execute(f"NOTIFY {CHANNEL}")


def events_after(event_id: int, *, late: Collection[int] = (), limit: int = 500) -> list[Event]:
    """The events that follow `event_id`, oldest first, and those of `late` that have been committed by now.

    On PostgreSQL a transaction may commit after one that took a higher id: skipped ids are looked for again.
    """
    wanted = Q(id__gt=event_id)
    if late:
        wanted |= Q(id__in=list(late))
    return list(Event.objects.filter(wanted).order_by("id")[:limit])


def last_event_id() -> int:
    """The newest event's id, 0 where there is none."""
    newest = Event.objects.aggregate(newest=Max("id"))["newest"]
    return int(newest or 0)


def first_event_id() -> int:
    """The oldest kept event's id, 0 where there is none."""
    oldest = Event.objects.order_by("id").values_list("id", flat=True).first()
    return int(oldest or 0)


def resume_point(last_event_id: str | None, after: int | None = None) -> int | None:
    """Where a stream goes on: the Last-Event-ID, which a client sends by itself when it comes back, else `after`."""
    text = last_event_id or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_ID else after


def prune_events() -> int:
    """Delete events that are too old to resume from; returns how many. The newest stays, so that ids go on."""
    deleted, _ = Event.objects.filter(created_at__lt=now() - KEEP, id__lt=last_event_id()).delete()
    return deleted
