"""The tables for an administrator to look at and to mend words in.

Rows are added, deleted and moved on the product's own pages: the rules that keep rows, refs and clones together live in
the actions, which the admin does not know.
"""

from django.contrib import admin
from django.http import HttpRequest

from initiatives.models import Branch, Initiative, Page, Phase, Project, Task


class PlanAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Neither adds nor deletes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Project)
class ProjectAdmin(PlanAdmin):
    list_display = ("name", "url", "default_branch", "sync_state", "last_fetched_at")
    list_filter = ("sync_state",)
    search_fields = ("name", "url")
    readonly_fields = (
        "id", "url", "default_branch", "sync_state", "sync_reason", "sync_requested_at", "last_fetched_at",
        "created_at",
    )  # fmt: skip


@admin.register(Initiative)
class InitiativeAdmin(PlanAdmin):
    list_display = ("name", "status", "branch", "execution_mode", "created_at")
    list_filter = ("status", "execution_mode")
    search_fields = ("name", "branch")
    readonly_fields = (
        "id", "status", "status_reason", "status_since", "status_evidence", "branch", "finish_action", "finish_heads",
        "finish_by", "created_at",
    )  # fmt: skip


@admin.register(Phase)
class PhaseAdmin(PlanAdmin):
    list_display = ("name", "initiative", "status", "queued_at", "created_at")
    list_filter = ("status",)
    list_select_related = ("initiative",)
    search_fields = ("name",)
    readonly_fields = (
        "id", "initiative", "content", "status", "status_reason", "status_since", "status_evidence", "queued_at",
        "created_at",
    )  # fmt: skip


@admin.register(Task)
class TaskAdmin(PlanAdmin):
    list_display = ("name", "phase", "type", "category", "priority", "status", "open_dependencies")
    list_filter = ("status", "type", "category", "priority")
    list_select_related = ("phase",)
    search_fields = ("name",)
    readonly_fields = (
        "id", "phase", "initiative", "parent_task", "status", "status_reason", "status_since", "status_evidence",
        "open_dependencies", "retry_count", "created_at",
    )  # fmt: skip


@admin.register(Page)
class PageAdmin(PlanAdmin):
    list_display = ("title", "initiative", "parent_page", "sort_order")
    list_select_related = ("initiative", "parent_page")
    search_fields = ("title",)
    readonly_fields = ("id", "initiative", "parent_page", "content", "created_at")


@admin.register(Branch)
class BranchAdmin(PlanAdmin):
    list_display = ("name", "project", "owner_type", "base_sha", "merge_commit")
    list_filter = ("owner_type",)
    list_select_related = ("project",)
    search_fields = ("name",)
    readonly_fields = (
        "id", "owner_type", "owner_id", "project", "name", "base_sha", "head_sha", "merged_sha", "merge_commit",
    )  # fmt: skip
