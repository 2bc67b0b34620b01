from typing import ClassVar

from django.db import models

from cw_site.foundation.constraints import one_of
from cw_site.foundation.models import Record, StatusRecord
from initiatives.states import TaskCategory, TaskPriority, TaskStatus, TaskType


class Task(StatusRecord):
    """One unit that one agent carries out, or that waits for a person (a checkpoint)."""

    phase = models.ForeignKey(
        "initiatives.Phase", null=True, blank=True, on_delete=models.DB_CASCADE, related_name="tasks"
    )
    initiative = models.ForeignKey(
        "initiatives.Initiative", null=True, blank=True, on_delete=models.DB_CASCADE, related_name="tasks"
    )
    parent_task = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.DB_CASCADE, related_name="child_tasks"
    )
    name = models.CharField(max_length=200)
    description = models.TextField(null=True, blank=True)
    type = models.CharField(max_length=30, choices=TaskType.choices, default=TaskType.AUTO)
    category = models.CharField(max_length=20, choices=TaskCategory.choices, default=TaskCategory.EXECUTE)
    priority = models.CharField(max_length=10, choices=TaskPriority.choices, default=TaskPriority.MEDIUM)
    status = models.CharField(max_length=20, choices=TaskStatus.choices, default=TaskStatus.PENDING)
    order = models.IntegerField(default=0)
    summary = models.TextField(null=True, blank=True)
    provider = models.CharField(
        max_length=40, blank=True, default="", db_comment="empty: the initiative's; written by the person"
    )
    model = models.CharField(max_length=100, blank=True, default="", db_comment="written by the person")
    open_dependencies = models.IntegerField(
        default=0, db_comment="how many dependencies are not completed; kept by TaskRepository"
    )
    retry_count = models.IntegerField(default=0, db_comment="automatic retries so far; written by settle_sessions")

    class Meta:
        db_table = "tasks"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            one_of("type", TaskType, name="tasks_type"),
            one_of("category", TaskCategory, name="tasks_category"),
            one_of("priority", TaskPriority, name="tasks_priority"),
            one_of("status", TaskStatus, name="tasks_status"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["status", "open_dependencies"], name="tasks_ready"),
        ]

    def __str__(self) -> str:
        return self.name


class TaskDependency(Record):
    """The task starts after the other is completed."""

    task = models.ForeignKey(Task, on_delete=models.DB_CASCADE, related_name="dependency_links")
    depends_on_task = models.ForeignKey(Task, on_delete=models.DB_CASCADE, related_name="dependent_links")

    class Meta:
        db_table = "task_dependencies"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["task", "depends_on_task"], name="task_dependencies_unique"),
            models.CheckConstraint(
                condition=~models.Q(task=models.F("depends_on_task")), name="task_dependencies_not_self"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task_id} after {self.depends_on_task_id}"
