from typing import ClassVar

from django.db import models

from cw_site.foundation.constraints import one_of
from cw_site.foundation.models import Record
from reviews.states import ChangeAction, ChangeSetStatus, ProposalStatus, ProposalTarget


class Proposal(Record):
    """A change to the plan that an agent suggests and a person accepts or dismisses."""

    agent = models.ForeignKey("agents.Agent", on_delete=models.DB_CASCADE, related_name="proposals")
    initiative = models.ForeignKey("initiatives.Initiative", on_delete=models.DB_CASCADE, related_name="proposals")
    target_type = models.CharField(max_length=10, choices=ProposalTarget.choices)
    target_id = models.CharField(max_length=32, null=True, blank=True)
    title = models.TextField()
    summary = models.TextField(null=True, blank=True)
    content = models.TextField(null=True, blank=True)
    metadata = models.TextField(null=True, blank=True)
    status = models.CharField(max_length=10, choices=ProposalStatus.choices, default=ProposalStatus.PENDING)
    sort_order = models.IntegerField(default=0)

    class Meta:
        db_table = "proposals"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            one_of("target_type", ProposalTarget, name="proposals_target_type"),
            one_of("status", ProposalStatus, name="proposals_status"),
        ]

    def __str__(self) -> str:
        return self.title


class ChangeSet(Record):
    """The recorded, revertable effect of accepted proposals or of one chat turn."""

    initiative = models.ForeignKey("initiatives.Initiative", on_delete=models.DB_CASCADE, related_name="change_sets")
    agent = models.ForeignKey(
        "agents.Agent", null=True, blank=True, on_delete=models.DB_SET_NULL, related_name="change_sets"
    )
    source = models.CharField(max_length=40)
    summary = models.TextField(blank=True, default="")
    status = models.CharField(max_length=10, choices=ChangeSetStatus.choices, default=ChangeSetStatus.APPLIED)

    class Meta:
        db_table = "change_sets"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            one_of("status", ChangeSetStatus, name="change_sets_status")
        ]

    def __str__(self) -> str:
        return self.summary or self.source


class ChangeSetEntry(Record):
    """One entity before and after a change set."""

    change_set = models.ForeignKey(ChangeSet, on_delete=models.DB_CASCADE, related_name="entries")
    entity_type = models.CharField(max_length=20)
    entity_id = models.CharField(max_length=32)
    action = models.CharField(max_length=10, choices=ChangeAction.choices)
    previous_state = models.JSONField(null=True, blank=True)
    new_state = models.JSONField(null=True, blank=True)
    sort_order = models.IntegerField(default=0)

    class Meta:
        db_table = "change_set_entries"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            one_of("action", ChangeAction, name="change_set_entries_action")
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.entity_type} {self.entity_id}"
