"""How requests to the JSON API are read: strict JSON, and no text that a database or a reader could not hold.

One place for all operations, so that none meets a NUL, half a surrogate pair, an infinite number or a body nested
deeper than any walk through it may go.
"""

import json
import math
from collections.abc import Iterator
from typing import Any, NoReturn

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja.errors import HttpError
from ninja.parser import Parser

from cw_site.foundation.errors import Invalid

DEEPEST = 200
"""Levels of a body; a Tiptap document needs four for a list within a list."""
MEDIA_TYPE = "application/json"


class StrictParser(Parser):
    """Reads bodies and query strings; what it refuses is told as any other error is."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """The body's JSON object. Raises HttpError 415 for another media type, 400 for what is no JSON; Invalid."""
        if request.content_type != MEDIA_TYPE:
            raise HttpError(415, f"Send JSON, with the header Content-Type: {MEDIA_TYPE}.")
        try:
            body = json.loads(request.body.decode("utf-8"), parse_constant=_refuse_constant)
        except UnicodeDecodeError:
            raise HttpError(400, "The body is not valid UTF-8.") from None
        except RecursionError:
            raise HttpError(400, "The body is nested too deeply.") from None
        except ValueError as error:
            raise HttpError(400, f"The body is not valid JSON: {error}") from None
        if not isinstance(body, dict):
            # ninja would read a list's or a number's attributes, and find nothing wrong where every field is optional
            raise Invalid("The body must be a JSON object.", {"body": ["The body must be a JSON object."]})
        _check(body)
        return body

    def parse_querydict(self, data: MultiValueDict[str, str], list_fields: list[str], request: HttpRequest) -> Any:
        """The query's values by name. Raises Invalid."""
        values = super().parse_querydict(data, list_fields, request)
        _check(values)
        return values


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number.")


def _check(body: Any) -> None:
    """Raise Invalid, with the field, for what cannot be stored."""
    for path, value in _walk(body):
        if isinstance(value, str):
            reason = _against_text(value)
        elif isinstance(value, float) and not math.isfinite(value):
            reason = "This number is too large."
        else:
            continue
        if reason:
            raise Invalid(reason, {_name(path): [reason]})


def _walk(body: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every key and leaf with the names above it; raises Invalid where it goes too deep."""
    waiting: list[tuple[tuple[str, ...], Any]] = [((), body)]
    while waiting:
        path, value = waiting.pop()
        if len(path) > DEEPEST:
            raise Invalid("This is nested too deeply.", {_name(path[:1]): ["This is nested too deeply."]})
        if isinstance(value, dict):
            yield from ((path, key) for key in value)
            waiting.extend(((*path, key), item) for key, item in value.items())
        elif isinstance(value, list):
            waiting.extend(((*path, str(number)), item) for number, item in enumerate(value))
        else:
            yield path, value


def _against_text(text: str) -> str:
    if "\0" in text:
        return "This text has a NUL character, which cannot be stored. Remove it."
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "This text has half of a surrogate pair, which is no character. Remove it."
    return ""


def _name(path: tuple[str, ...]) -> str:
    """A field's name for people: its first parts, and nothing that could not be shown itself."""
    return ".".join(part.encode("ascii", "backslashreplace").decode()[:40] for part in path[:4]) or "body"
