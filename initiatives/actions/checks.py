"""Checks of single values, shared by the actions: forms and the API say the same sentence about the same mistake."""

from collections.abc import Iterable

from django.conf import settings
from django.db.models import TextChoices
from django.utils.module_loading import import_string

from cw_site.foundation.errors import Invalid

NAME_LENGTH = 200
TEXT_LENGTH = 200_000
_LINE_BREAKS = {"\n", "\r", "\t"}


def invalid(field: str, sentence: str) -> Invalid:
    """The error for one field."""
    return Invalid(sentence, {field: [sentence]})


def checked_text(value: str | None, *, field: str, limit: int = TEXT_LENGTH) -> str:
    """Text of several lines that every database can store, line ends as newlines."""
    text = (value or "").replace("\r\n", "\n").strip()
    if any((ord(char) < 32 and char not in _LINE_BREAKS) or 0xD800 <= ord(char) < 0xE000 for char in text):
        raise invalid(field, "This text has characters that cannot be stored (control characters). Remove them.")
    if len(text) > limit:
        raise invalid(field, f"This text is too long: {len(text)} characters, at most {limit} are kept.")
    return text


def checked_name(value: str | None, *, field: str = "name", limit: int = NAME_LENGTH) -> str:
    """A name on one line, not empty."""
    name = " ".join(checked_text(value, field=field, limit=limit).split())
    if not name:
        raise invalid(field, "Give it a name." if field == "name" else "This must not be empty.")
    return name


def checked_word(value: str | None, *, field: str, limit: int = 100) -> str:
    """One word without spaces (a model's name), or ''."""
    word = checked_text(value, field=field, limit=limit)
    if len(word.split()) > 1 or word.startswith("-"):
        raise invalid(field, "This must be one word that does not start with a dash.")
    return word


def checked_choice[C: TextChoices](value: str, choices: type[C], *, field: str) -> C:
    """A member of the enumeration."""
    try:
        return choices(value)
    except ValueError:
        names = ", ".join(choices.values)
        raise invalid(field, f"“{value[:50]}” is none of: {names}.") from None


def checked_provider(value: str | None, *, field: str = "provider") -> str:
    """A provider's name, or '' for the default one."""
    name = (value or "").strip()
    if name and name not in provider_names():
        raise invalid(field, f"There is no provider “{name[:50]}”. There are: {', '.join(provider_names())}.")
    return name


def provider_names() -> list[str]:
    """The providers that can carry out tasks; the registry is named in settings so that nothing imports upwards."""
    registry: Iterable[str] = import_string(settings.CW_PROVIDER_REGISTRY)
    return list(registry)
