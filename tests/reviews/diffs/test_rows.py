from collections.abc import Callable, Sequence
from typing import Any

import pytest

from reviews.diffs.limits import MAX_LINE_CHARS
from reviews.diffs.model import FileDiff, Hunk, Line, LineType
from reviews.diffs.parse import parse_patch
from reviews.diffs.rows import render_rows

type ReadPage = Callable[[str], Any]

PAYLOADS = [
    "<script>window.__xss=1</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>",
    '"><script>x()</script>',
    "'><img src=x onerror=x()>", "</td></tr></table><script>x()</script>", "<!--", "-->", "<![CDATA[", "]]>", "<?php",
    "&lt;script&gt;", "&#60;script&#62;", "javascript:alert(1)", "<a href=javascript:x()>", "</span>",
    "<style>*{}</style>",
    "<iframe srcdoc='<script>x()</script>'>", "<base href=//evil>", "{{7*7}}", "{% debug %}", "${x}", "<math><mtext>",
    "<template>", "&", "&amp;", "<", ">", "\"", "'", "`", "\\", "<\u202e>", "\u2066<b>", "<plaintext>",
]  # fmt: skip
HOSTILE = [
    before + payload + after for payload in PAYLOADS for before, after in (("", ""), ("x = '", "'"), ("\t", " "))
]
TAGS = {"table", "tbody", "tr", "td", "a", "span"}
ATTRIBUTES = {
    "table": {"class", "aria-label"},
    "tr": {"class", "id", "data-old", "data-new", "data-type", "data-line"},
    "td": {"class", "colspan"},
    "a": {"href"},
    "span": {"class", "title"},
}


def one_hunk(lines: Sequence[Line], **facts: Any) -> FileDiff:
    return FileDiff([Hunk(1, 1, 1, 1, facts.pop("heading", ""), list(lines))], **facts)


def added(*texts: str, **facts: Any) -> FileDiff:
    return one_hunk([Line("added", None, i, text) for i, text in enumerate(texts, start=1)], **facts)


def render(diff: FileDiff, **options: Any) -> str:
    return render_rows(diff, **({"anchor": "f1", "comment_url": "?file=f1&comment="} | options))


def check_markup(page: Any) -> None:
    assert set(page.tags) <= TAGS
    for tag, name, value in page.attributes:
        assert name in ATTRIBUTES[tag]
        assert tag != "a" or (value or "").startswith(("?file=f1&comment=", "#f1-"))


def test_the_three_kinds_of_rows() -> None:
    diff = one_hunk([Line("context", 12, 13, "a < b"), Line("removed", 13, None, "x"), Line("added", None, 14, "")])
    assert render(diff).split("\n")[2:5] == [
        '<tr class="line context" id="f1-n13" data-old="12" data-new="13" data-type="context" data-line="13">'
        '<td class=num>12<td class=num><a href="?file=f1&amp;comment=context-13#f1-n13">13</a><td class=code>a &lt; b',
        '<tr class="line removed" id="f1-o13" data-old="13" data-type="removed" data-line="13">'
        '<td class=num><a href="?file=f1&amp;comment=removed-13#f1-o13">13</a><td class=num><td class=code>x',
        '<tr class="line added" id="f1-n14" data-new="14" data-type="added" data-line="14">'
        '<td class=num><td class=num><a href="?file=f1&amp;comment=added-14#f1-n14">14</a><td class=code>',
    ]


def test_who_may_not_comment_gets_links_to_the_rows(read_page: ReadPage) -> None:
    diff = one_hunk([Line("context", 1, 1, ""), Line("removed", 2, None, ""), Line("added", None, 2, "")])
    page = read_page(render(diff, comment_url=None))
    assert [value for tag, _, value in page.attributes if tag == "a"] == ["#f1-n1", "#f1-o2", "#f1-n2"]


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_hostile_text_stays_text(read_page: ReadPage, hostile: str) -> None:
    diff = one_hunk([Line("added", None, 1, hostile), Line("removed", 1, None, hostile)], heading=hostile)
    page = read_page(render(diff, label=hostile))
    check_markup(page)
    assert len(page.rows) == 3
    seen = hostile.replace("\u202e", "U+202E").replace("\u2066", "U+2066")
    assert page.codes == [seen, seen]


def test_there_are_a_hundred_hostile_texts() -> None:
    assert len(set(HOSTILE)) >= 100


def test_a_hostile_address_stays_in_its_attribute(read_page: ReadPage) -> None:
    page = read_page(render(added("x"), comment_url='?f="><script>x()</script>&comment='))
    assert set(page.tags) <= TAGS
    assert ("a", "href", '?f="><script>x()</script>&comment=added-1#f1-n1') in page.attributes


@pytest.mark.parametrize("anchor", ["", "1a", 'a"b', "a b", "a\n", "é"])
def test_an_anchor_that_is_not_one_is_refused(anchor: str) -> None:
    with pytest.raises(ValueError, match="an anchor is"):
        render(added("x"), anchor=anchor)


def test_threads_stand_under_their_lines(read_page: ReadPage) -> None:
    lines = [Line("removed", 1, None, "a"), Line("added", None, 1, "b"), Line("context", 2, 2, "c")]
    threads: dict[tuple[int, LineType], str] = {
        (1, "removed"): "<p>R</p>",
        (1, "added"): "<p>A</p>",
        (9, "added"): "no",
    }
    html = render(one_hunk(lines), threads=threads)
    kinds = [row.get("class") for row in read_page(html).rows]
    assert kinds == ["hunk", "line removed", "thread-row", "line added", "thread-row", "line context"]
    assert (
        '<tr class="thread-row" id="f1-o1-thread" data-type="removed" data-line="1"><td colspan="3"><p>R</p></td></tr>'
        in html
    )
    assert 'id="f1-n1-thread"' in html
    assert "no" not in read_page(html).cells


@pytest.mark.parametrize(
    ("old", "new", "kinds"),
    [
        (b"a", b"a\n", ["line removed", "note-row", "line added"]),
        (b"a\n", b"a", ["line removed", "line added", "note-row"]),
        (b"a", b"b", ["line removed", "note-row", "line added", "note-row"]),
        (b"x\na", b"y\na", ["line removed", "line added", "line context", "note-row"]),
    ],
)
def test_a_missing_newline_is_told_after_its_line(
    patch_of: Callable[..., bytes], read_page: ReadPage, old: bytes, new: bytes, kinds: list[str]
) -> None:
    rows = read_page(render(parse_patch(patch_of(old, new)))).rows
    assert [row["class"] for row in rows] == ["hunk", *kinds]


def test_carriage_returns_are_shown_only_where_they_differ(patch_of: Callable[..., bytes]) -> None:
    assert "U+000D" not in render(parse_patch(patch_of(b"a\r\n", b"b\r\n")))
    changed = parse_patch(patch_of(b"a\n", b"a\r\n"))
    assert render(changed).count("U+000D CARRIAGE RETURN") == 1
    assert render(changed, old_html=["<i>a</i>"], new_html=["<i>a</i>"]).count("U+000D CARRIAGE RETURN") == 1
    assert render(parse_patch(patch_of(b"a\r\n", b"a\rb\r\n"))).count("U+000D CARRIAGE RETURN") == 1


def test_a_long_line_is_cut_with_a_mark(read_page: ReadPage) -> None:
    diff = added("short", "&" * (MAX_LINE_CHARS + 1234), "x" * MAX_LINE_CHARS)
    page = read_page(render(diff, new_html=["<b>short</b>", "never", "<b>full</b>"]))
    assert page.codes == ["short", "&" * MAX_LINE_CHARS + "… 1,234 more characters", "full"]


def test_five_megabytes_in_a_line_cost_what_is_shown() -> None:
    assert len(render(added("<" * 5_000_000))) < 30_000


def test_highlighted_lines_take_the_place_of_plain_ones(read_page: ReadPage) -> None:
    lines = [
        Line("context", 1, 2, "c"),
        Line("removed", 2, None, "r"),
        Line("added", None, 3, "a"),
        Line("added", None, 9, "z"),
    ]
    page = read_page(render(one_hunk(lines), old_html=["o1", "o2"], new_html=["n1", "n2", "n3"]))
    assert page.codes == ["n2", "o2", "n3", "z"]
    assert read_page(render(one_hunk(lines), new_html=["n1", "n2"])).codes == ["n2", "r", "a", "z"]


def test_a_row_is_small() -> None:
    html = render(added(*["x"] * 100))
    assert len(html) / 100 < 185
