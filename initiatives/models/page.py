from typing import ClassVar

from django.db import models
from django.db.models import Q

from cw_site.foundation.models import Record


class Page(Record):
    """A rich-text document of an initiative (Tiptap JSON), in a tree under one root page."""

    initiative = models.ForeignKey("initiatives.Initiative", on_delete=models.DB_CASCADE, related_name="pages")
    parent_page = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.DB_CASCADE, related_name="child_pages"
    )
    title = models.CharField(max_length=300)
    content = models.TextField(null=True, blank=True)
    sort_order = models.IntegerField(default=0)

    class Meta:
        db_table = "pages"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["initiative"], condition=Q(parent_page__isnull=True), name="pages_one_root")
        ]

    def __str__(self) -> str:
        return self.title
