from typing import ClassVar

from django.db import models

from cw_site.foundation.constraints import one_of
from cw_site.foundation.models import Record
from initiatives.states import SyncState


class Project(Record):
    """A git repository agents may work on; its bare clone lies in the data folder under the id."""

    name = models.CharField(max_length=200, unique=True)
    url = models.CharField(max_length=1000, unique=True)
    default_branch = models.CharField(max_length=200, default="main")
    last_fetched_at = models.DateTimeField(null=True, blank=True)
    sync_state = models.CharField(
        max_length=20,
        choices=SyncState.choices,
        default=SyncState.NEVER,
        db_comment="written by sync_project",
    )
    sync_reason = models.TextField(blank=True, default="", db_comment="written by sync_project")
    sync_requested_at = models.DateTimeField(null=True, blank=True, db_comment="written by the sync action")

    class Meta:
        db_table = "projects"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            one_of("sync_state", SyncState, name="projects_sync_state")
        ]

    def __str__(self) -> str:
        return self.name
