"""Rich text: Tiptap JSON in the database, Markdown for agents and scripts, safe HTML for pages.

The only door to marktip. What is stored has passed a closed schema, so what is read back can be shown and edited.
"""

import json
from functools import lru_cache
from typing import Any

import marktip
from django.utils.safestring import SafeString

from cw_site.foundation.errors import Invalid
from cw_site.foundation.markdown import to_html

Document = dict[str, Any]
Content = str | Document | None
"""Markdown, or a Tiptap document as a dict or as its JSON text."""

LONGEST = 500_000
DEEPEST = 200
_SCHEMES = {"link_schemes": ("http", "https", "mailto"), "image_schemes": ("http", "https")}
_RELATIVE = {"link_relative": "path_only", "image_relative": "path_only"}
_HTML_NODES = ["htmlBlock", "htmlInline"]


def empty_document() -> Document:
    """A Tiptap document without content."""
    return {"type": "doc", "content": []}


def check_document(document: Any, *, field: str = "content") -> Document:
    """The document as it will be stored; raises Invalid with what is wrong and where."""
    if not isinstance(document, dict):
        raise _refused(field, "Rich text is a Tiptap document: a JSON object whose type is “doc”.")
    try:
        checked = marktip.from_dict(
            document, strict="content", reject_node_types=_HTML_NODES, **_SCHEMES, **_RELATIVE
        ).to_dict()
    except (marktip.MarktipError, TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise _refused(field, f"This rich text cannot be taken: {_words(error)}.") from error
    return _within_limit(checked, field)


def from_markdown(markdown: str, *, field: str = "content") -> Document:
    """Markdown as a Tiptap document. HTML in it stays text; raises Invalid for links of other schemes."""
    try:
        document = marktip.from_markdown(markdown, html=False, **_SCHEMES, **_RELATIVE).to_dict()
    except (marktip.MarktipError, TypeError, ValueError, RuntimeError) as error:
        raise _refused(field, f"This Markdown cannot be taken: {_words(error)}.") from error
    return _within_limit(document, field)


def stored(content: Content, *, field: str = "content") -> str | None:
    """What the database keeps: the checked document as JSON text, None for nothing."""
    if content is None or (isinstance(content, str) and not content.strip()):
        return None
    document = check_document(content, field=field) if isinstance(content, dict) else _of_text(content, field)
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def load(content: str | None) -> Document:
    """The document of a stored column. Text that is no document (written by other hands) is read as Markdown."""
    if not content:
        return empty_document()
    document = _as_document(content)
    return from_markdown(content) if document is None else document


def markdown_of(content: str | None) -> str:
    """A stored column as Markdown."""
    if not content:
        return ""
    document = _as_document(content)
    if document is None:
        return content
    try:
        return str(marktip.from_dict(document).to_markdown())
    except (marktip.MarktipError, TypeError, ValueError, RuntimeError):
        return content


@lru_cache(maxsize=256)
def html_of(content: str | None) -> SafeString:
    """A stored column as safe HTML."""
    return to_html(markdown_of(content))


def _of_text(text: str, field: str) -> Document:
    document = _as_document(text)
    return from_markdown(text, field=field) if document is None else check_document(document, field=field)


def _as_document(text: str) -> Document | None:
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and value.get("type") == "doc" else None


def _within_limit(document: Document, field: str) -> Document:
    """Refuse what could not be stored, or not be walked through again."""
    length, waiting = 0, [(document, 0)]
    while waiting:
        node, depth = waiting.pop()
        if depth > DEEPEST:
            raise _refused(field, "This rich text is nested too deeply.")
        if isinstance(node, str):
            length += len(node)
            if any(ord(char) < 32 and char not in "\n\t\r" for char in node):
                raise _refused(field, "This text has characters that cannot be stored (control characters).")
        elif isinstance(node, (dict, list)):
            length += len(node)
            waiting += [(child, depth + 1) for child in (node.values() if isinstance(node, dict) else node)]
    if length > LONGEST:
        raise _refused(field, f"This text is too long: at most {LONGEST} characters are kept.")
    return document


def _words(error: Exception) -> str:
    if not isinstance(error, marktip.MarktipError):
        return "it has characters or numbers that are not allowed"
    where = str(getattr(error, "path", "") or "")
    words = str(error).removesuffix(f" at {where}")
    return f"{words} (at {where[:80]})" if where else words


def _refused(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, {field: [sentence]})
