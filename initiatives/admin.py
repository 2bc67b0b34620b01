"""The tables for an administrator. A status is shown, never typed: it moves through the repositories only."""

from typing import ClassVar

from django.contrib import admin

from initiatives.models import Branch, Initiative, Page, Phase, Project, Task


@admin.register(Project)
class ProjectAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "url", "default_branch", "sync_state", "last_fetched_at")
    list_filter = ("sync_state",)
    search_fields = ("name", "url")
    readonly_fields = ("id", "sync_state", "sync_reason", "sync_requested_at", "last_fetched_at", "created_at")


@admin.register(Initiative)
class InitiativeAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "status", "branch", "execution_mode", "created_at")
    list_filter = ("status", "execution_mode")
    search_fields = ("name", "branch")
    readonly_fields = (
        "id", "status", "status_reason", "status_since", "status_evidence", "branch", "finish_action", "finish_heads",
        "finish_by", "created_at",
    )  # fmt: skip


@admin.register(Phase)
class PhaseAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "initiative", "status", "queued_at", "created_at")
    list_filter = ("status",)
    list_select_related = ("initiative",)
    search_fields = ("name",)
    readonly_fields = (
        "id", "initiative", "status", "status_reason", "status_since", "status_evidence", "queued_at", "created_at",
    )  # fmt: skip


@admin.register(Task)
class TaskAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "phase", "type", "category", "priority", "status", "open_dependencies")
    list_filter = ("status", "type", "category", "priority")
    list_select_related = ("phase",)
    search_fields = ("name",)
    readonly_fields = (
        "id", "phase", "initiative", "parent_task", "status", "status_reason", "status_since", "status_evidence",
        "open_dependencies", "retry_count", "created_at",
    )  # fmt: skip


@admin.register(Page)
class PageAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("title", "initiative", "parent_page", "sort_order")
    list_select_related = ("initiative", "parent_page")
    search_fields = ("title",)
    readonly_fields = ("id", "initiative", "parent_page", "created_at")


@admin.register(Branch)
class BranchAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "project", "owner_type", "base_sha", "merge_commit")
    list_filter = ("owner_type",)
    list_select_related = ("project",)
    search_fields = ("name",)
    readonly_fields: ClassVar[tuple[str, ...]] = (
        "id", "owner_type", "owner_id", "project", "name", "base_sha", "head_sha", "merged_sha", "merge_commit",
    )  # fmt: skip

    def has_add_permission(self, request: object) -> bool:
        """Branches are made with their refs, never by hand."""
        return False

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        """They tell the history of commits that stay."""
        return False
