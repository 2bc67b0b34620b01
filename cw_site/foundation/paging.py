"""The one shape of a list in the JSON API."""

from collections.abc import Sequence
from typing import Any

MAX_LIMIT = 500
DEFAULT_LIMIT = 50


def page_of(items: Sequence[Any], count: int) -> dict[str, Any]:
    """`items` of a page and how many there are in all."""
    return {"items": list(items), "count": count}
