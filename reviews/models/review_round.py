from typing import ClassVar

from django.conf import settings
from django.db import models

from cw_site.foundation.constraints import one_of
from cw_site.foundation.models import Record
from reviews.states import Decision, ReviewOwner


class ReviewRound(Record):
    """One entry of a phase or initiative into pending_review, with what was to be seen in each project.

    `heads` maps a project's id to {"base", "head", "diff"}: two commits and the hash of the diff between them.
    """

    owner_type = models.CharField(max_length=20, choices=ReviewOwner.choices)
    owner_id = models.CharField(max_length=32)
    number = models.IntegerField()
    heads = models.JSONField(default=dict)

    class Meta:
        db_table = "review_rounds"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            one_of("owner_type", ReviewOwner, name="review_rounds_owner_type"),
            models.UniqueConstraint(fields=["owner_type", "owner_id", "number"], name="review_rounds_number"),
        ]

    def __str__(self) -> str:
        return f"{self.owner_type} {self.owner_id} round {self.number}"


class ReviewDecision(Record):
    """What a person decided on a round, bound to the exact commits. Append-only: no code changes a row."""

    round = models.ForeignKey(ReviewRound, on_delete=models.DB_CASCADE, related_name="decisions")
    decision = models.CharField(max_length=20, choices=Decision.choices)
    heads = models.JSONField(default=dict)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.DB_SET_NULL,
        related_name="decisions",
    )
    person_name = models.CharField(max_length=150)
    note = models.TextField(blank=True, default="")

    class Meta:
        db_table = "review_decisions"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            one_of("decision", Decision, name="review_decisions_decision")
        ]

    def __str__(self) -> str:
        return f"{self.person_name} {self.decision}"
