from typing import ClassVar

from django.db import models
from encrypted_fields.fields import EncryptedTextField

from cw_site.foundation.models import Record


class Account(Record):
    """One login or key for a provider; accounts of a provider form a pool."""

    email = models.CharField(max_length=200)
    provider = models.CharField(max_length=40, default="claude")
    config_json = EncryptedTextField(null=True, blank=True)
    credentials = EncryptedTextField(null=True, blank=True)
    is_exhausted = models.BooleanField(default=False)
    exhausted_until = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    sort_order = models.IntegerField(default=0)
    login_expired_at = models.DateTimeField(
        null=True, blank=True, db_comment="parked until its login is mended; by settle_sessions and the admin"
    )
    login_reason = models.TextField(blank=True, default="", db_comment="what the provider said; by settle_sessions")

    class Meta:
        db_table = "accounts"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["provider", "is_exhausted", "last_used_at"], name="accounts_next"),
        ]

    def __str__(self) -> str:
        return f"{self.email} ({self.provider})"
