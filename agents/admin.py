"""The tables for an administrator. Credentials go in and never come out; a status is shown, never typed."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from agents.actions.accounts import check_account, delete_account, mark_available
from agents.models import Account, Agent, AgentLogChunk, AgentSession, Conversation, Message
from agents.providers.registry import PROVIDERS
from cw_site.foundation.clock import now
from cw_site.foundation.errors import DomainError, Invalid

KEEP = "Leave it empty to keep what is stored. It is encrypted, and never shown again."


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]
    """Secrets are plain form fields without a value: what is stored is not even read for the page."""

    provider = forms.ChoiceField(choices=[(name, provider.label) for name, provider in PROVIDERS.items()])
    new_credentials = forms.CharField(
        required=False, help_text=KEEP, widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off"})
    )
    new_config_json = forms.CharField(
        required=False, help_text=KEEP, widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off"})
    )

    class Meta:
        model = Account
        fields: ClassVar[list[str]] = ["email", "provider", "sort_order"]

    def clean(self) -> dict[str, Any]:
        """The provider itself says whether it takes the account."""
        cleaned = super().clean() or {}
        credentials, config = cleaned.get("new_credentials", ""), cleaned.get("new_config_json", "")
        try:
            check_account(
                provider=cleaned.get("provider", ""),
                config_json=config or self.instance.config_json or "",
                credentials=credentials or self.instance.credentials or "",
            )
        except Invalid as error:
            for name, sentences in (error.fields or {"": [error.message]}).items():
                self.add_error(f"new_{name}" if f"new_{name}" in self.fields else None, sentences[0])
        except DomainError as error:
            self.add_error(None, error.message)
        return cleaned

    def save(self, commit: bool = True) -> Account:
        """Write only secrets that were typed; new ones mend an expired login."""
        for name in ("credentials", "config_json"):
            if value := self.cleaned_data.get(f"new_{name}"):
                setattr(self.instance, name, value)
                self.instance.login_expired_at = None
                self.instance.login_reason = ""
        account: Account = super().save(commit)
        return account


@admin.register(Account)
class AccountAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = AccountForm
    list_display = ("email", "provider", "state", "exhausted_until", "last_used_at", "sort_order")
    list_filter = ("provider", "is_exhausted")
    search_fields = ("email",)
    readonly_fields = ("id", "state", "exhausted_until", "login_expired_at", "login_reason", "last_used_at")
    fields = ("email", "provider", "new_credentials", "new_config_json", "sort_order", *readonly_fields)
    actions = ("make_available",)

    @admin.display(description="State")
    def state(self, account: Account) -> str:
        """In words."""
        if account.login_expired_at is not None:
            return "Its login has expired"
        if account.is_exhausted and (account.exhausted_until is None or account.exhausted_until > now()):
            return "Used up"
        return "Available"

    @admin.action(description="Mark available again")
    def make_available(self, request: HttpRequest, queryset: QuerySet[Account]) -> None:
        """A person says that they can be used."""
        for account in queryset:
            mark_available(account.id)

    def delete_model(self, request: HttpRequest, obj: Account) -> None:
        """With its folder."""
        delete_account(obj.id)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Account]) -> None:
        """Each with its folder."""
        for account in queryset:
            delete_account(account.id)


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows that only the product writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody."""
        return False


@admin.register(Agent)
class AgentAdmin(ReadOnlyAdmin):
    list_display = ("name", "status", "provider", "task", "cost_usd", "created_at")
    list_filter = ("status", "provider", "mode")
    list_select_related = ("task",)
    search_fields = ("name",)


@admin.register(AgentSession)
class AgentSessionAdmin(ReadOnlyAdmin):
    list_display = ("agent", "number", "purpose", "status", "end", "started_at", "ended_at")
    list_filter = ("status", "end", "purpose")
    list_select_related = ("agent",)


@admin.register(AgentLogChunk)
class AgentLogChunkAdmin(ReadOnlyAdmin):
    list_display = ("agent_name", "session_number", "sequence", "created_at")
    search_fields = ("agent_name",)


@admin.register(Conversation)
class ConversationAdmin(ReadOnlyAdmin):
    list_display = ("from_agent", "to_agent", "status", "created_at")
    list_filter = ("status",)
    list_select_related = ("from_agent", "to_agent")


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ("type", "sender_type", "recipient_type", "status", "created_at")
    list_filter = ("type", "status")
