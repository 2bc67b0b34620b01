"""What a parsed diff of one file is made of."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from reviews.diffs.text import has_hidden

type LineType = Literal["added", "removed", "context"]
type LineEndings = Literal["lf", "crlf", "mixed"]

ADDED: LineType = "added"
REMOVED: LineType = "removed"
CONTEXT: LineType = "context"
LINE_TYPES: tuple[LineType, ...] = (ADDED, REMOVED, CONTEXT)


class Line(NamedTuple):
    """One line of a hunk. `text` has no line feed but keeps a carriage return.

    A named tuple and not a dataclass: a large diff has hundreds of thousands of these, and they cost a third.
    """

    kind: LineType
    old_number: int | None
    new_number: int | None
    text: str

    @property
    def number(self) -> int:
        """The number a comment is filed under: the old side's for a removed line, else the new side's."""
        return (self.old_number if self.kind == REMOVED else self.new_number) or 0


@dataclass(frozen=True, slots=True)
class Hunk:
    """A run of changed lines with their context. `heading` is the enclosing function, as git found it."""

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    heading: str
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class FileDiff:
    """The hunks of one file.

    `binary`: git showed no lines because a side is binary. `valid_utf8` False: some bytes are shown as `\\xNN`.
    `truncated`: the patch ended in the middle of a hunk (the reader of git's output has a size limit).
    """

    hunks: list[Hunk]
    old_eof_newline: bool = True
    new_eof_newline: bool = True
    binary: bool = False
    valid_utf8: bool = True
    line_endings: LineEndings = "lf"
    truncated: bool = False

    @property
    def row_count(self) -> int:
        """How many lines the diff shows."""
        return sum(len(hunk.lines) for hunk in self.hunks)

    @property
    def has_hidden(self) -> bool:
        """Whether some line has a character that cannot be seen: the page says so above the file."""
        return has_hidden("\n".join([line.text for hunk in self.hunks for line in hunk.lines]))
