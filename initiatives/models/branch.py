from typing import ClassVar

from django.db import models

from cw_site.foundation.constraints import one_of
from cw_site.foundation.models import Record
from initiatives.states import BranchOwner


class Branch(Record):
    """The git branch of an initiative, phase or task in one project, with the commits that its history is read from.

    `owner_id` is no foreign key: the record outlives its owner, as the commits do.
    """

    owner_type = models.CharField(max_length=20, choices=BranchOwner.choices)
    owner_id = models.CharField(max_length=32)
    project = models.ForeignKey("initiatives.Project", on_delete=models.DB_CASCADE, related_name="branches")
    name = models.CharField(max_length=250)
    base_sha = models.CharField(max_length=64, db_comment="where it forked; written once, when it is made")
    head_sha = models.CharField(max_length=64, blank=True, default="", db_comment="tip last seen; by the ticks")
    merged_sha = models.CharField(max_length=64, blank=True, default="", db_comment="tip merged; by the merge ticks")
    merge_commit = models.CharField(max_length=64, blank=True, default="", db_comment="by the merge ticks")

    class Meta:
        db_table = "branches"
        verbose_name_plural = "branches"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            one_of("owner_type", BranchOwner, name="branches_owner_type"),
            models.UniqueConstraint(fields=["owner_type", "owner_id", "project"], name="branches_owner_unique"),
            models.UniqueConstraint(fields=["project", "name"], name="branches_name_unique"),
        ]

    def __str__(self) -> str:
        return self.name
