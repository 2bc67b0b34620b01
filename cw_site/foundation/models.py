"""What every table of ours stands on, and the table of live events."""

from typing import ClassVar

from django.db import models

from cw_site.foundation.clock import now
from cw_site.foundation.ids import new_id


class Record(models.Model):
    """A row with a random text id that keeps its own times."""

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class StatusRecord(Record):
    """A row with a status; its reason, time and evidence are written by whoever moves or explains the status."""

    status_reason = models.TextField(blank=True, default="", db_comment="why it is so; written with each move")
    status_since = models.DateTimeField(default=now, db_comment="when the status last moved; written with each move")
    status_evidence = models.JSONField(default=dict, blank=True, db_comment="exit code, commit, error; with each move")

    class Meta:
        abstract = True


class Event(models.Model):
    """That something changed, for live pages. Append-only; its id is the stream's Last-Event-ID."""

    id = models.BigAutoField(primary_key=True)
    topic = models.CharField(max_length=80)
    kind = models.CharField(max_length=40)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "events"
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["created_at"], name="events_created_at")]

    def __str__(self) -> str:
        return f"{self.id} {self.topic} {self.kind}"
