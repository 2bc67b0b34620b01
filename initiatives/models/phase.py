from typing import ClassVar

from django.db import models

from cw_site.foundation.constraints import one_of
from cw_site.foundation.models import Record, StatusRecord
from initiatives.states import PhaseStatus


class Phase(StatusRecord):
    """A reviewable slice of an initiative."""

    initiative = models.ForeignKey("initiatives.Initiative", on_delete=models.DB_CASCADE, related_name="phases")
    name = models.CharField(max_length=200)
    content = models.TextField(null=True, blank=True)
    status = models.CharField(max_length=20, choices=PhaseStatus.choices, default=PhaseStatus.PENDING, db_index=True)
    queued_at = models.DateTimeField(null=True, blank=True, db_comment="intent to start; written by queue actions")

    class Meta:
        db_table = "phases"
        constraints: ClassVar[list[models.BaseConstraint]] = [one_of("status", PhaseStatus, name="phases_status")]

    def __str__(self) -> str:
        return self.name


class PhaseDependency(Record):
    """The phase starts after the other is completed."""

    phase = models.ForeignKey(Phase, on_delete=models.DB_CASCADE, related_name="dependency_links")
    depends_on_phase = models.ForeignKey(Phase, on_delete=models.DB_CASCADE, related_name="dependent_links")

    class Meta:
        db_table = "phase_dependencies"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["phase", "depends_on_phase"], name="phase_dependencies_unique"),
            models.CheckConstraint(
                condition=~models.Q(phase=models.F("depends_on_phase")), name="phase_dependencies_not_self"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.phase_id} after {self.depends_on_phase_id}"
