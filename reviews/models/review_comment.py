from typing import ClassVar

from django.db import models

from cw_site.foundation.constraints import one_of
from cw_site.foundation.models import Record
from reviews.states import LineType


class ReviewComment(Record):
    """A comment on a line of a phase's diff; a reply names its parent and repeats the place."""

    phase = models.ForeignKey("initiatives.Phase", on_delete=models.DB_CASCADE, related_name="review_comments")
    file_path = models.TextField()
    line_number = models.IntegerField()
    line_type = models.CharField(max_length=10, choices=LineType.choices)
    body = models.TextField()
    author = models.CharField(max_length=150, default="you")
    resolved = models.BooleanField(default=False)
    project = models.ForeignKey(
        "initiatives.Project",
        null=True,
        blank=True,
        on_delete=models.DB_CASCADE,
        related_name="review_comments",
        db_comment="whose file; written with the comment",
    )
    parent_comment = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.DB_CASCADE,
        related_name="replies",
        db_comment="the thread's first comment; written with a reply",
    )
    author_agent = models.ForeignKey(
        "agents.Agent",
        null=True,
        blank=True,
        on_delete=models.DB_SET_NULL,
        related_name="review_comments",
        db_comment="the agent that answers; written by merge_tasks",
    )
    round_number = models.IntegerField(default=1, db_comment="the round it was made in; written with the comment")
    head_sha = models.CharField(max_length=64, blank=True, default="", db_comment="the commit it was made on")
    line_text = models.TextField(blank=True, default="", db_comment="the line as it was; written with the comment")
    fixed_in = models.CharField(max_length=64, blank=True, default="", db_comment="commit an agent names; merge_tasks")

    class Meta:
        db_table = "review_comments"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            one_of("line_type", LineType, name="review_comments_line_type")
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["phase"], name="review_comments_phase")]

    def __str__(self) -> str:
        return f"{self.file_path}:{self.line_number}"
