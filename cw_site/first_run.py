"""The first administrator: whoever holds the link that the server printed into its own terminal."""

import secrets

from django.conf import settings
from django.contrib.auth.models import User

from cw_site import env
from cw_site.foundation.errors import NotFound

NAME = "first_run_token"


def is_open() -> bool:
    """Whether there is still no administrator."""
    return not User.objects.filter(is_superuser=True).exists()


def link(base_url: str) -> str:
    """The one-time link, the same until it is used."""
    return f"{base_url}/first-run/{env.stored_key(settings.CW_DATA_DIR / 'keys', NAME)}/"


def check(token: str) -> None:
    """Raise NotFound unless the link is the printed one and nobody used it."""
    path = settings.CW_DATA_DIR / "keys" / NAME
    expected = path.read_text(encoding="ascii").strip() if path.exists() else ""
    if not expected or not secrets.compare_digest(token.encode(), expected.encode()) or not is_open():
        raise NotFound("This link was used already, or is not the one that the server printed. Sign in instead.")


def create_administrator(token: str, *, username: str, password: str) -> User:
    """Make the administrator and spend the link; of two that come at once, one gets NotFound."""
    check(token)
    path = settings.CW_DATA_DIR / "keys" / NAME
    spent = path.with_suffix(".spent")
    try:
        path.rename(spent)
    except FileNotFoundError:
        raise NotFound("This link was used just now. Sign in instead.") from None
    try:
        user: User = User.objects.create_superuser(username=username, password=password)
    except Exception:
        spent.rename(path)
        raise
    spent.unlink()
    return user
