"""Where a comment stands in a diff, and the lines around it."""

from typing import NamedTuple

from reviews.diffs.model import LINE_TYPES, REMOVED, FileDiff, Line, LineType
from reviews.diffs.text import visible

_SIGNS = {"added": "+", "removed": "-", "context": " "}
_EXCERPT_CHARS = 400


class Position(NamedTuple):
    """`file_diff.hunks[hunk].lines[line]`."""

    hunk: int
    line: int


def parse_target(value: str) -> tuple[int, LineType] | None:
    """`added-13`, as the comment links have it, -> (13, "added"); None for anything else."""
    name, dash, digits = value.partition("-")
    kind = next((kind for kind in LINE_TYPES if kind == name), None)
    if kind is None or not dash or not (digits.isascii() and digits.isdecimal()) or len(digits) > 9:
        return None
    return int(digits), kind


def locate(file_diff: FileDiff, *, line_number: int, line_type: LineType) -> Position | None:
    """The place of a line: the number is the old side's for `removed`, else the new side's. None: not in this diff."""
    for h, hunk in enumerate(file_diff.hunks):
        start, count = (hunk.old_start, hunk.old_count) if line_type == REMOVED else (hunk.new_start, hunk.new_count)
        if not start <= line_number < start + count:
            continue
        for i, line in enumerate(hunk.lines):
            if line.kind == line_type and line.number == line_number:
                return Position(h, i)
    return None


def find_line(file_diff: FileDiff, *, line_number: int, line_type: LineType) -> Line | None:
    """The line itself; None when it is not in this diff."""
    position = locate(file_diff, line_number=line_number, line_type=line_type)
    return None if position is None else file_diff.hunks[position.hunk].lines[position.line]


def excerpt(file_diff: FileDiff, *, line_number: int, line_type: LineType, around: int = 3) -> str:
    """The commented line, marked with `>`, and up to `around` lines of its hunk on each side; "" when it is not there.

    Plain text for an agent's task: marks, the number on the line's own side, the sign, the text. Hidden characters
    are spelled out and long lines cut, so the text fits a database and a prompt.
    """
    position = locate(file_diff, line_number=line_number, line_type=line_type)
    if position is None:
        return ""
    lines = file_diff.hunks[position.hunk].lines
    first = max(position.line - around, 0)
    chosen = lines[first : position.line + around + 1]
    width = max(len(str(line.number)) for line in chosen)
    rows = []
    for i, line in enumerate(chosen, start=first):
        mark = ">" if i == position.line else " "
        rows.append(f"{mark} {line.number:>{width}} {_SIGNS[line.kind]}{_shown(line.text)}".rstrip())
    return "\n".join(rows)


def _shown(text: str) -> str:
    text = text.removesuffix("\r")
    cut = f" … {len(text) - _EXCERPT_CHARS:,} more characters" if len(text) > _EXCERPT_CHARS else ""
    return "\t".join(map(visible, text[:_EXCERPT_CHARS].split("\t"))) + cut
