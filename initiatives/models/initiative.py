from typing import ClassVar

from django.db import models

from cw_site.foundation.constraints import one_of
from cw_site.foundation.models import Record, StatusRecord
from initiatives.states import ExecutionMode, FinishAction, InitiativeStatus


class Initiative(StatusRecord):
    """A body of work over one or more projects, with its own branch."""

    name = models.CharField(max_length=200)
    status = models.CharField(
        max_length=20, choices=InitiativeStatus.choices, default=InitiativeStatus.ACTIVE, db_index=True
    )
    branch = models.CharField(max_length=200, null=True, blank=True)
    execution_mode = models.CharField(
        max_length=20, choices=ExecutionMode.choices, default=ExecutionMode.REVIEW_PER_PHASE
    )
    provider = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_comment="who works; empty: the setting; written by the person",
    )
    model = models.CharField(max_length=100, blank=True, default="", db_comment="written by the person")
    finish_action = models.CharField(
        max_length=20,
        choices=FinishAction.choices,
        null=True,
        blank=True,
        db_comment="intent; by the finish action",
    )
    finish_heads = models.JSONField(default=dict, blank=True, db_comment="commits seen; by the finish action")
    finish_by = models.CharField(max_length=150, blank=True, default="", db_comment="who; by the finish action")

    class Meta:
        db_table = "initiatives"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            one_of("status", InitiativeStatus, name="initiatives_status"),
            one_of("execution_mode", ExecutionMode, name="initiatives_execution_mode"),
            one_of("finish_action", FinishAction, name="initiatives_finish_action", null=True),
            models.UniqueConstraint(fields=["branch"], name="initiatives_branch_unique"),
        ]

    def __str__(self) -> str:
        return self.name


class InitiativeProject(Record):
    """That an initiative works in a project."""

    initiative = models.ForeignKey(Initiative, on_delete=models.DB_CASCADE, related_name="project_links")
    project = models.ForeignKey("initiatives.Project", on_delete=models.DB_CASCADE, related_name="initiative_links")

    class Meta:
        db_table = "initiative_projects"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["initiative", "project"], name="initiative_projects_unique")
        ]

    def __str__(self) -> str:
        return f"{self.initiative_id} in {self.project_id}"
