"""Tokens for the JSON API: shown once, kept as a hash, with scopes and an end."""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth.models import User

from cw_site.foundation.access import Scope
from cw_site.foundation.clock import now
from cw_site.foundation.errors import Invalid
from cw_site.models import ApiToken

PREFIX = "cw_"
LIFETIME = timedelta(days=90)
NOTE_USE_EVERY = timedelta(minutes=5)


def create_token(user: User, *, scopes: list[str], name: str = "", days: int | None = None) -> str:
    """A new token's text, which is nowhere stored. Raises Invalid for a scope that is not known."""
    unknown = [scope for scope in scopes if scope not in set(Scope)]
    if unknown or not scopes:
        known = ", ".join(Scope)
        raise Invalid(f"A token needs scopes out of: {known}.", {"scope": [f"not known: {', '.join(unknown)}"]})
    secret = PREFIX + secrets.token_urlsafe(32)
    lifetime = timedelta(days=days) if days else LIFETIME
    ApiToken.objects.create(
        user=user,
        name=name,
        prefix=secret[:10],
        digest=_digest(secret),
        scopes=sorted(set(scopes)),
        expires_at=now() + lifetime,
    )
    return secret


def find_token(secret: str) -> ApiToken | None:
    """The valid token of this text, with its user; its last use is noted every few minutes."""
    if not secret.startswith(PREFIX):
        return None
    moment = now()
    token = ApiToken.objects.select_related("user").filter(digest=_digest(secret), revoked_at__isnull=True).first()
    if token is None or not token.user.is_active or (token.expires_at and token.expires_at < moment):
        return None
    if token.last_used_at is None or moment - token.last_used_at > NOTE_USE_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=moment)
    return token


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
