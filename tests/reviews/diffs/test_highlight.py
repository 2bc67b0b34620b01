import html
import random
import re

import pytest
from pygments.lexers import get_all_lexers

from reviews.diffs.highlight import highlight_blob, lexer_name

SPAN = re.compile(r'<span class="[a-z]{1,2}">|</span>|<span class="invisible" title="[^"<>]*">')


def lines_of(data: bytes, path: str = "x.py") -> list[str]:
    lines = highlight_blob(data, path=path)
    assert lines is not None
    return lines


def as_text(line: str) -> str:
    return html.unescape(SPAN.sub("", line))


def test_classes_of_a_line() -> None:
    assert lines_of(b"def f(a): return 'x' + 1  # why\n") == [
        '<span class="k">def </span><span class="f">f</span>(a): <span class="k">return </span>'
        """<span class="s">'x' </span>+ <span class="m">1  </span><span class="c"># why</span>"""
    ]


def test_a_token_of_many_lines_is_closed_and_opened_on_each() -> None:
    assert lines_of(b'x = """one\n\n  two\n"""\n') == [
        'x = <span class="s">"""one</span>',
        "",
        '<span class="s">  two</span>',
        '<span class="s">"""</span>',
    ]
    assert lines_of(b"/* a\n b */ int c;", "x.c") == [
        '<span class="c">/* a</span>',
        '<span class="c"> b */ </span><span class="b">int </span>c;',
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"a",
        b"a\n",
        b"\n",
        b"\n\n\n",
        b"a\n\n",
        b"\n\na",
        b"  \n",
        b"a\r\nb\r\n",
        b"a\rb\n",
        b"a\x0cb\xe2\x80\xa8c\n",
        b"'\\\n'",
    ],
)
def test_there_are_the_lines_that_git_counts(data: bytes) -> None:
    count = data.count(b"\n") + (not data.endswith(b"\n"))
    assert len(lines_of(data)) == count


def test_a_byte_order_mark_is_shown_and_does_not_disturb() -> None:
    (line,) = lines_of(b"\xef\xbb\xbfimport os\n")
    assert line.startswith('<span class="invisible" title="U+FEFF')
    assert '<span class="k">import </span>' in line


def test_hidden_characters_are_boxes_in_highlighted_code_too() -> None:
    line = lines_of("x = '\u202e' # \u200b\n".encode())[0]
    assert line.count('<span class="invisible"') == 2
    assert not {"\u202e", "\u200b"} & set(line)


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (b"", "x.py"),
        (b"a\0b", "x.py"),
        (b"x = 1\n" * 50_000, "x.py"),
        (b"x" * 5_001, "x.js"),
        (b"plain words", "README.txt"),
        (b"plain words", "no-such-language.zzz"),
        (b"#!/usr/bin/unknown\n", "tool"),
    ],
)
def test_what_is_shown_plain(data: bytes, path: str) -> None:
    assert highlight_blob(data, path=path) is None


@pytest.mark.parametrize(
    "first",
    [
        b"#!/usr/bin/env python3",
        b"#!/usr/bin/python3.13",
        b"#! /bin/bash -e",
        b"#!/usr/bin/env -S node x",
        b"#!/bin/sh",
    ],
)
def test_the_first_line_tells_the_language_where_the_name_does_not(first: bytes) -> None:
    assert '<span class="' in lines_of(first + b'\nif "x"; then print("1") fi\n', "bin/tool")[1]


def test_the_language_comes_from_the_name_alone() -> None:
    assert lexer_name("a/b/setup.py") == "Python"
    assert lexer_name("Makefile") == "Makefile"
    assert lexer_name("a.py/README") == ""
    assert lexer_name("we[ird\n*.py") == "Python"
    assert lexer_name("") == ""


def test_every_lexer_gives_the_text_back_escaped() -> None:
    """For a sample of all lexers that Pygments has, on text that is right for none of them."""
    data = '<script>alert("x")</script> & \'<!--\n\t{{ a }} {% b %} \u202e "\\" `</td>\n\r\n# \xe9 */ --> <![CDATA[\n'
    expected = [line.removesuffix("\r") for line in data.split("\n")[:-1]]
    names = sorted(patterns[0] for _, _, patterns, _ in get_all_lexers() if patterns)
    for pattern in random.Random(5).sample(names, 100):
        lines = highlight_blob(data.encode(), path=pattern.replace("*", "x"))
        if lines is None:
            continue
        assert [as_text(line).replace("U+202E", "\u202e") for line in lines] == expected, pattern
        for line in lines:
            assert "<" not in SPAN.sub("", line), pattern
            assert line.count("<span") == line.count("</span>"), pattern
