"""Shapes that every app's part of the JSON API shares."""

from typing import Annotated, Any

from ninja import Field, Path, Query, Schema
from pydantic import StringConstraints

from cw_site.foundation.paging import MAX_LIMIT

ID_PATTERN = r"^[0-9A-Za-z_-]{1,32}$"
Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
Ids = Annotated[list[Id], Field(max_length=500)]
IdPath = Annotated[str, Path(pattern=ID_PATTERN)]
IdQuery = Annotated[str, Query(pattern=ID_PATTERN)]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
Offset = Annotated[int, Query(ge=0, le=1_000_000_000)]


class ErrorOut(Schema):
    """Why not: a sentence for a person, a word for a program, and which fields where several were sent."""

    detail: str
    code: str
    fields: dict[str, list[str]] | None = None


ERRORS: dict[int, type[Schema]] = dict.fromkeys((400, 401, 403, 404, 409, 422), ErrorOut)


def event_stream() -> dict[str, Any]:
    """What OpenAPI shall say of an operation that answers server-sent events."""
    return {"responses": {200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}}}
