"""The tables for an administrator. Decisions and rounds are history: they can be read and not changed."""

from typing import ClassVar

from django.contrib import admin
from django.http import HttpRequest

from reviews.models import (
    ChangeSet,
    ChangeSetEntry,
    ChatMessage,
    ChatSession,
    Proposal,
    ReviewComment,
    ReviewDecision,
    ReviewRound,
)


class ReadOnly:
    """Nothing is added, changed or deleted here."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class DecisionInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = ReviewDecision
    fields = ("decision", "person_name", "note", "heads", "created_at")
    readonly_fields = fields
    extra = 0


@admin.register(ReviewRound)
class ReviewRoundAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("owner_type", "owner_id", "number", "created_at")
    list_filter = ("owner_type",)
    search_fields = ("owner_id",)
    inlines: ClassVar = [DecisionInline]


@admin.register(ReviewComment)
class ReviewCommentAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("file_path", "line_number", "line_type", "author", "resolved", "round_number", "created_at")
    list_filter = ("resolved", "line_type")
    search_fields = ("file_path", "body", "author")
    readonly_fields = (
        "id", "phase", "project", "parent_comment", "author", "author_agent", "file_path", "line_number", "line_type",
        "line_text", "round_number", "head_sha", "fixed_in", "created_at",
    )  # fmt: skip


class ChatMessageInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = ChatMessage
    fields = ("role", "content", "delivered_at", "created_at")
    readonly_fields = fields
    extra = 0


@admin.register(ChatSession)
class ChatSessionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("target_type", "target_id", "initiative", "agent", "status", "created_at")
    list_filter = ("status", "target_type")
    list_select_related = ("initiative", "agent")
    readonly_fields = (
        "id", "target_type", "target_id", "initiative", "agent", "status", "answered_session", "created_at",
    )  # fmt: skip
    inlines: ClassVar = [ChatMessageInline]


@admin.register(Proposal)
class ProposalAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("title", "target_type", "status", "agent", "initiative", "created_at")
    list_filter = ("status", "target_type")
    list_select_related = ("agent", "initiative")
    readonly_fields = ("id", "agent", "initiative", "target_type", "target_id", "status", "created_at")


class ChangeSetEntryInline(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = ChangeSetEntry
    fields = ("entity_type", "entity_id", "action", "previous_state", "new_state")
    readonly_fields = fields
    extra = 0


@admin.register(ChangeSet)
class ChangeSetAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("source", "summary", "status", "initiative", "agent", "created_at")
    list_filter = ("status", "source")
    list_select_related = ("initiative", "agent")
    inlines: ClassVar = [ChangeSetEntryInline]
