from collections.abc import Callable

import pytest

from reviews.diffs.anchor import Position, excerpt, find_line, locate, parse_target
from reviews.diffs.model import FileDiff
from reviews.diffs.parse import parse_patch

OLD = b"".join(b"line %d\n" % i for i in range(1, 41))
NEW = OLD.replace(b"line 5\n", b"LINE 5\nline 5b\n").replace(b"line 30\n", b"")


@pytest.fixture
def diff(patch_of: Callable[..., bytes]) -> FileDiff:
    return parse_patch(patch_of(OLD, NEW))


def test_every_line_is_found_where_it_is(diff: FileDiff) -> None:
    for h, hunk in enumerate(diff.hunks):
        for i, line in enumerate(hunk.lines):
            assert locate(diff, line_number=line.number, line_type=line.kind) == Position(h, i)
            assert find_line(diff, line_number=line.number, line_type=line.kind) is line


def test_a_line_that_is_not_there(diff: FileDiff) -> None:
    assert locate(diff, line_number=5, line_type="context") is None
    assert locate(diff, line_number=7, line_type="added") is None
    assert locate(diff, line_number=0, line_type="removed") is None
    assert find_line(diff, line_number=999, line_type="added") is None
    assert excerpt(diff, line_number=999, line_type="added") == ""
    assert locate(FileDiff([]), line_number=1, line_type="added") is None


def test_the_lines_around_a_comment(diff: FileDiff) -> None:
    assert excerpt(diff, line_number=6, line_type="added", around=2).split("\n") == [
        "  5 -line 5",
        "  5 +LINE 5",
        "> 6 +line 5b",
        "  7  line 6",
        "  8  line 7",
    ]
    assert excerpt(diff, line_number=30, line_type="removed", around=0) == "> 30 -line 30"


def test_an_excerpt_is_safe_to_store_and_short(patch_of: Callable[..., bytes]) -> None:
    diff = parse_patch(patch_of(b"a\n", "\t\u202ex\x1b\r\n".encode() + b"y" * 5_000 + b"\n"))
    assert excerpt(diff, line_number=1, line_type="added", around=0) == "> 1 +\t<U+202E>x<U+001B>"
    assert excerpt(diff, line_number=2, line_type="added", around=0) == f"> 2 +{'y' * 400} … 4,600 more characters"


@pytest.mark.parametrize(
    ("value", "target"),
    [
        ("added-13", (13, "added")),
        ("removed-1", (1, "removed")),
        ("context-999999999", (999999999, "context")),
        ("", None),
        ("added", None),
        ("added-", None),
        ("added--1", None),
        ("added-1x", None),
        ("added-²", None),
        ("added-9999999999", None),
        ("ADDED-1", None),
        ("<b>-1", None),
    ],
)
def test_the_target_of_a_comment_link(value: str, target: tuple[int, str] | None) -> None:
    assert parse_target(value) == target
