"""Markdown becomes HTML that is safe to show, in one place."""

import re

import pytest

from cw_site.foundation.markdown import to_html, to_inline_html


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt&colon;alert(1))",
        "[x](data:text/html;base64,PHN2Zz4=)",
        "![x](https://tracker.example.org/seen.png)",
        '<https://example.org/" onmouseover="alert(1)>',
        '```"onload=alert(1)\nx\n```',
    ],
)
def test_nothing_runs_and_nothing_is_fetched(attack: str) -> None:
    for html in (to_html(attack), to_inline_html(attack)):
        assert "<script" not in html
        assert "<img" not in html
        assert 'href="javascript' not in html.lower()
        assert 'href="data' not in html
        assert not re.search(r"<[^>]*\son\w+=", html)


def test_plain_markdown_is_shown() -> None:
    html = to_html("# A\n\n- **b** `c`\n\n| x |\n|---|\n| 1 |\n\n[l](https://example.org)")
    for part in (
        "<h1>A</h1>",
        "<strong>b</strong>",
        "<code>c</code>",
        "<td>1</td>",
        'rel="noopener noreferrer nofollow"',
    ):
        assert part in html


def test_one_line_has_code_and_no_blocks() -> None:
    assert to_inline_html("# Wrote `a.py`\nwith *care* [x](https://example.org)\n\nMore.") == (
        "Wrote <code>a.py</code> with <em>care</em> x"
    )
    assert to_inline_html("x" * 200) == "x" * 139 + "…"
    assert to_inline_html("") == ""
