"""The admin's own words, and the tokens of the JSON API: seen and revoked here, made by `manage.py create_token`."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.http import HttpRequest

from cw_site.models import ApiToken

admin.site.site_header = admin.site.site_title = "Codewalkers"
admin.site.index_title = "Administration"

if TYPE_CHECKING:
    TokenAdminBase = admin.ModelAdmin[ApiToken]
else:
    TokenAdminBase = admin.ModelAdmin


@admin.register(ApiToken)
class ApiTokenAdmin(TokenAdminBase):
    """Only the end of a token can be written: `revoked_at`."""

    list_display = ("prefix", "user", "name", "scopes", "expires_at", "last_used_at", "revoked_at")
    fields = ("prefix", "user", "name", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")
    readonly_fields = ("prefix", "user", "name", "scopes", "created_at", "expires_at", "last_used_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
