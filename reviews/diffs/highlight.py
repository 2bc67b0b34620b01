"""A whole file -> one piece of safe HTML per line, coloured by classes (`static/css/syntax.css`).

The whole blob is lexed once: line by line a docstring or a block comment would come out wrong, and it is slower.
Pygments knows 500 languages but is slow (30,000 lines a CPU second) and its expressions can be made to run for ever by
hostile text, so there are guards before the lexer, `highlight_pool` gives it a process that can be killed, and
`highlight_cache` keeps what it made.

Classes: k keyword, s string, e escape or interpolation in one, m number, c comment, f function or class name,
b built-in, d decorator or preprocessor, t tag, a attribute, h heading, gi and gd inserted and deleted lines.
Names, operators and punctuation get no span: half the bytes.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

import pygments
from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class, find_lexer_class_by_name, find_lexer_class_for_filename
from pygments.token import Comment, Generic, Keyword, Literal, Name, Number, String, _TokenType
from pygments.util import ClassNotFound

from reviews.diffs.limits import MAX_HIGHLIGHT_BYTES, MAX_LINE_CHARS
from reviews.diffs.text import decode, to_html

# Part of the cache key: change it when the HTML changes.
FORMAT = 1
PYGMENTS_VERSION: str = pygments.__version__

_CLASSES: dict[_TokenType, str] = {
    Keyword: "k", Keyword.Constant: "b", Keyword.Type: "b",
    String: "s", String.Escape: "e", String.Interpol: "e", String.Doc: "c", String.Affix: "k", Literal: "s",
    Number: "m", Comment: "c", Comment.Preproc: "d", Comment.PreprocFile: "s",
    Name.Function: "f", Name.Class: "f", Name.Builtin: "b", Name.Exception: "b", Name.Decorator: "d",
    Name.Tag: "t", Name.Attribute: "a", Name.Entity: "e",
    Generic.Heading: "h", Generic.Subheading: "h", Generic.Inserted: "gi", Generic.Deleted: "gd",
}  # fmt: skip
_NO_LEXER = frozenset({"Text only", "Text output"})
_INTERPRETERS = {
    "python": "python", "sh": "bash", "bash": "bash", "zsh": "bash", "dash": "bash", "node": "javascript",
    "deno": "typescript", "ruby": "ruby", "perl": "perl", "php": "php", "lua": "lua",
}  # fmt: skip
_SHEBANG = re.compile(rb"#![ \t]*(?:\S*/)?([A-Za-z]+)[\d.]*(?:[ \t]+(?:-S[ \t]+)?([A-Za-z]+)[\d.]*)?")


def lexer_name(path: str) -> str:
    """The name of the language that the file name tells, "" when it tells none (the first line may then)."""
    return _lexer_by_path(path.rpartition("/")[2])


@lru_cache(maxsize=1024)
def _lexer_by_path(name: str) -> str:
    try:
        found = find_lexer_class_for_filename(name)
    except (ClassNotFound, ValueError, re.error):
        return ""
    return "" if found is None or found.name in _NO_LEXER else found.name


def is_plain(data: bytes) -> bool:
    """The guards: whether a file is never given to a lexer (too large, a line too long, binary, empty)."""
    if not data or len(data) > MAX_HIGHLIGHT_BYTES or b"\0" in data:
        return True
    return max(map(len, data.split(b"\n"))) > MAX_LINE_CHARS


def highlight_blob(data: bytes, *, path: str) -> list[str] | None:
    """The lines of a file as HTML, without line ends; None: show it plain. Pure, and without a time limit.

    There are exactly as many lines as git counts. A carriage return at the end of a line is left out.
    """
    if is_plain(data):
        return None
    lexer = _make_lexer(path, data)
    if lexer is None:
        return None
    text, _ = decode(data)
    text = text.replace("\r\n", "\n").removesuffix("\r")
    start = "\ufeff" if text.startswith("\ufeff") else ""
    lines = _emit(lexer, text.removeprefix(start))
    if lines is not None and start:
        lines[0] = to_html(start) + lines[0]
    return lines


def _make_lexer(path: str, data: bytes) -> Lexer | None:
    name = lexer_name(path)
    found = find_lexer_class(name) if name else None
    if found is None and (match := _SHEBANG.match(data)):
        program, argument = (part.decode().lower() if part else "" for part in match.groups())
        alias = _INTERPRETERS.get(argument if program == "env" else program)
        found = find_lexer_class_by_name(alias) if alias else None
    return None if found is None else found()


def _emit(lexer: Lexer, text: str) -> list[str] | None:
    """The HTML of each line, or None when the lexer fails or does not give back the very text it was given."""
    spans: list[tuple[str, str]] = []
    seen = 0
    last_class, pending = "", ""
    try:
        # Not get_tokens: it changes line ends (a lone carriage return becomes a line) and strips blank lines.
        tokens: Iterable[tuple[int, _TokenType, str]] = lexer.get_tokens_unprocessed(text)
        for _, token, value in tokens:
            if not value:
                continue
            if not text.startswith(value, seen):
                return None
            seen += len(value)
            css = _class_of(token)
            if css == last_class or (value.isspace() and "\n" not in value):
                pending += value
            else:
                spans.append((last_class, pending))
                last_class, pending = css, value
    except Exception:  # a lexer is third-party code on hostile text: the file is then shown plain
        return None
    if seen != len(text):
        return None
    spans.append((last_class, pending))
    return _to_lines(spans)


def _to_lines(spans: list[tuple[str, str]]) -> list[str]:
    """Put spans around the pieces, closed at each line end and opened again on the next line."""
    parts: list[str] = []
    for css, value in spans:
        html = to_html(value)
        if not css:
            parts.append(html)
        elif "\n" not in html:
            parts.append(f'<span class="{css}">{html}</span>')
        else:
            parts.append("\n".join([f'<span class="{css}">{line}</span>' if line else "" for line in html.split("\n")]))
    lines = "".join(parts).split("\n")
    if lines[-1] == "":
        lines.pop()
    return lines


@lru_cache(maxsize=1024)
def _class_of(token: _TokenType) -> str:
    kind: _TokenType | None = token
    while kind is not None:
        if kind in _CLASSES:
            return _CLASSES[kind]
        kind = kind.parent
    return ""
