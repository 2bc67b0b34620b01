"""Reading hostile lines: nothing an agent prints may raise, and nothing that comes out may break a database."""

import json
import math
from datetime import UTC, datetime

DEEPEST = 64
LONGEST_UNREAD = 10_000
LARGEST_COUNT = 2**53
LONGEST_KEY = 10_000


class Unreadable(ValueError):
    """The line is not a JSON object that we are willing to carry."""


def clean_text(text: str) -> str:
    """Make text storable in every database: NUL becomes U+2400, a lone surrogate U+FFFD."""
    if "\0" in text:
        text = text.replace("\0", "\u2400")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        # A pair that was escaped half by half is one character; what is still alone is not one.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def clean_value(value: object, depth: int = 0) -> object:
    """Make a parsed JSON value storable: clean texts, finite floats, 64-bit integers. Raises Unreadable if too deep."""
    if depth > DEEPEST:
        raise Unreadable("nested too deep")
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**63 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, list):
        return [clean_value(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {clean_text(str(key))[:LONGEST_KEY]: clean_value(item, depth + 1) for key, item in value.items()}
    return clean_text(str(value))


def _refuse_constant(name: str) -> object:
    raise Unreadable(f"{name} is not JSON")


def parse_object(line: bytes) -> dict[str, object]:
    """One JSON object, cleaned. Raises Unreadable for anything else, whatever is wrong with it."""
    try:
        parsed = json.loads(line.decode("utf-8", "replace"), parse_constant=_refuse_constant)
        cleaned = clean_value(parsed)
    except Unreadable:
        raise
    except (ValueError, RecursionError, MemoryError) as error:
        raise Unreadable(str(error)) from error
    if not isinstance(cleaned, dict):
        raise Unreadable("not an object")
    return cleaned


def unread_text(line: bytes) -> str:
    """The line for a person, shortened."""
    text = clean_text(line[: LONGEST_UNREAD * 4].decode("utf-8", "replace").rstrip("\r\n"))
    return text if len(text) <= LONGEST_UNREAD else text[:LONGEST_UNREAD] + "…"


def as_text(value: object) -> str:
    """The value if it is text, else nothing."""
    return value if isinstance(value, str) else ""


def as_dict(value: object) -> dict[str, object]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def as_count(value: object) -> int | None:
    """A number of things (0 to 2**53), else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value <= LARGEST_COUNT else None


def as_amount(value: object) -> float | None:
    """A non-negative, finite amount of money, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= LARGEST_COUNT else None


def as_time(value: object) -> datetime | None:
    """Epoch seconds as an aware time in UTC, else None."""
    seconds = as_amount(value)
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
