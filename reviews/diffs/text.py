"""Text from a repository made safe to look at: escaped, and with nothing in it that the eye cannot see.

A character that reorders or hides text (bidi controls, zero-width and control characters, tag characters) is shown
as a box with its name, so that what a reviewer reads is what a compiler reads (CVE-2021-42574).
"""

import re
import unicodedata
from functools import lru_cache

_CONTROL_NAMES = {
    0x00: "NULL", 0x07: "BELL", 0x08: "BACKSPACE", 0x09: "TAB", 0x0A: "LINE FEED", 0x0B: "VERTICAL TAB",
    0x0C: "FORM FEED", 0x0D: "CARRIAGE RETURN", 0x1B: "ESCAPE", 0x7F: "DELETE", 0x85: "NEXT LINE",
}  # fmt: skip

# Sets of characters that show nothing, or change how their neighbours show. Tab and line feed are not among them.
_CONTROLS = "\x00-\x08\x0b-\x1f\x7f-\x9f"
_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_ZERO_WIDTH = "\u00ad\u034f\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffb"
_BLANK = "\u115f\u1160\u17b4\u17b5\u2028\u2029\u2800\u3000\u3164\uffa0"
_SELECTORS = "\ufe00-\ufe0d\U000e0000-\U000e0fff"
_SURROGATES = "\ud800-\udfff"
# Emoji are often followed by U+FE0E or U+FE0F, which is harmless there; anywhere else they can carry hidden data.
_STRAY_EMOJI_SELECTOR = "(?<![#*0-9\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff])[\ufe0e\ufe0f]"
HIDDEN = re.compile(f"[{_CONTROLS}{_BIDI}{_ZERO_WIDTH}{_BLANK}{_SELECTORS}{_SURROGATES}]|{_STRAY_EMOJI_SELECTOR}")

_NOT_ON_A_LINE = re.compile(f"{HIDDEN.pattern}|[\t\n]")
_SMUGGLED_BYTE = re.compile("[\udc80-\udcff]")


def decode(data: bytes) -> tuple[str, bool]:
    """Text of `data`, and whether it was valid UTF-8. Other bytes become `\\xNN`, so two that differ look different."""
    try:
        return data.decode(), True
    except UnicodeDecodeError:
        return data.decode(errors="backslashreplace"), False


def has_hidden(text: str) -> bool:
    """Whether the text has a character that a reader could not see. The carriage returns of CRLF do not count."""
    text = text.replace("\r\n", "\n").removesuffix("\r")
    return not _all_printable(text) and HIDDEN.search(text) is not None


def _all_printable(text: str) -> bool:
    """A quick yes for almost all code: seven times faster than the search."""
    return text.isascii() and text.replace("\n", "").replace("\t", "").isprintable()


def character_name(character: str) -> str:
    """`U+202E RIGHT-TO-LEFT OVERRIDE`."""
    code = ord(character)
    fallback = "LONE SURROGATE" if 0xD800 <= code <= 0xDFFF else "CONTROL"
    return f"U+{code:04X} {unicodedata.name(character, _CONTROL_NAMES.get(code, fallback))}"


@lru_cache(maxsize=512)
def _box(character: str) -> str:
    return f'<span class="invisible" title="{character_name(character)}">U+{ord(character):04X}</span>'


def _box_match(match: re.Match[str]) -> str:
    return _box(match[0])


def escape(text: str) -> str:
    """Text as HTML for an element or a double-quoted attribute."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;").replace("'", "&#39;")


def to_html(text: str) -> str:
    """Text as HTML for the inside of an element (never an attribute), hidden characters as boxes.

    It may hold many lines: one call for a whole file costs a tenth of one call for each line.
    """
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text if _all_printable(text) else HIDDEN.sub(_box_match, text)


def visible(name: str | bytes) -> str:
    """A file or branch name as plain text on one line, hidden characters as `<U+202E>`. A template escapes it.

    Bytes that are not UTF-8, also those which Python smuggles through as surrogates, become `\\xNN`.
    """
    if isinstance(name, bytes):
        name = decode(name)[0]
    name = _SMUGGLED_BYTE.sub(lambda match: f"\\x{ord(match[0]) - 0xDC00:02x}", name)
    return _NOT_ON_A_LINE.sub(_mark, name)


def _mark(match: re.Match[str]) -> str:
    return f"<U+{ord(match[0]):04X}>"
