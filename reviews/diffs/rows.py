"""A file's diff as an HTML table, written by one small function: a template per row costs ten times as much.

What a row is (the interface of `static/css/diff.css`, `static/js/diff-lines.js` and the tests):

    <tr class="line added" id="f1-n13" data-new="13" data-type="added" data-line="13">
      <td class=num> <td class=num><a href="?file=f1&amp;comment=added-13#f1-n13">13</a>
      <td class=code>text

Cells: old number, new number, code. A removed row has `data-old` and the id `…-o12`; a context row has both numbers and
the id of its new side. `data-line` with `data-type` is what a comment is filed under. The number is the row's one link:
it opens the comment form under the line, without JavaScript too, and its fragment is the row. (A second link for a "+"
would cost 60 bytes and a tab stop on every line; the script shows a "+" button at the line that is pointed at.)
End tags and quotes that HTML lets one leave out are left out: a fifth of the bytes of a diff page.
Other rows: `tr.hunk` (heading), `tr.note-row` (no newline at the end), `tr.thread-row` (after the line it belongs to).
"""

import re
from collections.abc import Mapping, Sequence

from reviews.diffs.limits import MAX_LINE_CHARS
from reviews.diffs.model import ADDED, CONTEXT, REMOVED, FileDiff, Hunk, LineType
from reviews.diffs.text import escape, to_html, visible

_ANCHOR = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_NO_NEWLINE = '<tr class="note-row"><td colspan="3">No newline at end of file\n'

type Threads = Mapping[tuple[int, LineType], str]


def render_rows(
    file_diff: FileDiff,
    *,
    anchor: str,
    comment_url: str | None,
    old_html: Sequence[str] | None = None,
    new_html: Sequence[str] | None = None,
    threads: Threads | None = None,
    label: str = "",
) -> str:
    """The `<table class="diff">` of one file.

    `anchor`: begins every id, unique on the page; letters, digits, `-`, `_`; else ValueError. `comment_url`: what comes
    before `added-13` in the address of a comment link, for example `?file=f1&comment=`; None: nobody may comment, and a
    line number leads to its row.
    `old_html`, `new_html`: the highlighted lines of each side from `highlight`, None for plain text.
    `threads`: safe HTML to put under a line. `label`: the table's accessible name, plain text.
    """
    if not _ANCHOR.fullmatch(anchor):
        raise ValueError(f"an anchor is a letter, then letters, digits, - and _; not {anchor!r}")
    link = None if comment_url is None else escape(comment_url)
    name = f' aria-label="{escape(visible(label))}"' if label else ""
    out = [f'<table class="diff"{name}><tbody>\n']
    codes = _plain_lines(file_diff)
    marks = _missing_newlines(file_diff)
    at = 0
    for index, hunk in enumerate(file_diff.hunks):
        out.append(_hunk_row(hunk))
        code = codes[at : at + len(hunk.lines)]
        at += len(hunk.lines)
        if old_html is not None or new_html is not None:
            _use_highlights(hunk, code, old_html or (), new_html or (), show_returns=file_diff.line_endings == "mixed")
        rows = _line_rows(hunk, code, anchor, link)
        after = {line for at_hunk, line in marks if at_hunk == index}
        if threads or after:
            rows = _with_rows_between(rows, hunk, anchor, threads or {}, after)
        out += rows
    out.append("</tbody></table>")
    return "".join(out)


def _line_rows(hunk: Hunk, codes: list[str], anchor: str, link: str | None) -> list[str]:
    """The hot loop: less than a microsecond a row. Everything put in is a number, a constant or HTML already."""
    rows: list[str] = []
    append = rows.append
    href = '<td class=num><a href="' + (link or "")
    context_row = f'<tr class="line context" id="{anchor}-n'
    added_row = f'<tr class="line added" id="{anchor}-n'
    removed_row = f'<tr class="line removed" id="{anchor}-o'
    new_side, old_side = f"#{anchor}-n", f"#{anchor}-o"
    for (kind, old, new, _), code in zip(hunk.lines, codes, strict=True):
        if kind == CONTEXT:
            n = str(new)
            target = "" if link is None else f"context-{n}"
            append(
                f'{context_row}{n}" data-old="{old}" data-new="{n}" data-type="context" data-line="{n}">'
                f'<td class=num>{old}{href}{target}{new_side}{n}">{n}</a><td class=code>{code}\n'
            )
        elif kind == ADDED:
            n = str(new)
            target = "" if link is None else f"added-{n}"
            append(
                f'{added_row}{n}" data-new="{n}" data-type="added" data-line="{n}">'
                f'<td class=num>{href}{target}{new_side}{n}">{n}</a><td class=code>{code}\n'
            )
        else:
            n = str(old)
            target = "" if link is None else f"removed-{n}"
            append(
                f'{removed_row}{n}" data-old="{n}" data-type="removed" data-line="{n}">'
                f'{href}{target}{old_side}{n}">{n}</a><td class=num><td class=code>{code}\n'
            )
    return rows


def _plain_lines(file_diff: FileDiff) -> list[str]:
    """Every line as HTML. No line has a line feed, so one call escapes them all and then they are parted again."""
    texts = [line[3] for hunk in file_diff.hunks for line in hunk.lines]
    if not texts:
        return []
    if file_diff.line_endings == "crlf":
        texts = [text.removesuffix("\r") for text in texts]
    surplus: dict[int, int] = {}
    if max(map(len, texts)) > MAX_LINE_CHARS:
        surplus = {i: len(text) - MAX_LINE_CHARS for i, text in enumerate(texts) if len(text) > MAX_LINE_CHARS}
        texts = [text[:MAX_LINE_CHARS] for text in texts]
    codes = to_html("\n".join(texts)).split("\n")
    for i, count in surplus.items():
        codes[i] += f'<span class="line-cut">… {count:,} more characters</span>'
    return codes


def _use_highlights(
    hunk: Hunk, codes: list[str], old_html: Sequence[str], new_html: Sequence[str], *, show_returns: bool
) -> None:
    """Put the highlighted lines in place of the plain ones, where there are any and the line is not a cut one."""
    old_total, new_total = len(old_html), len(new_html)
    for i, (kind, old, new, text) in enumerate(hunk.lines):
        if len(text) > MAX_LINE_CHARS:
            continue
        if kind == REMOVED:
            if old is None or not 0 < old <= old_total:
                continue
            code = old_html[old - 1]
        else:
            if new is None or not 0 < new <= new_total:
                continue
            code = new_html[new - 1]
        codes[i] = code + to_html("\r") if show_returns and text.endswith("\r") else code


def _hunk_row(hunk: Hunk) -> str:
    ranges = f"@@ -{hunk.old_start},{hunk.old_count} +{hunk.new_start},{hunk.new_count} @@"
    return f'<tr class="hunk"><td class=num><td class=num><td class="hunk-heading">{ranges} {to_html(hunk.heading)}\n'


def _missing_newlines(file_diff: FileDiff) -> set[tuple[int, int]]:
    """(hunk, line) after which the mark goes: the last line of a side that does not end in a newline."""
    marks = set()
    for missing, number in ((not file_diff.old_eof_newline, 1), (not file_diff.new_eof_newline, 2)):
        if not missing:
            continue
        places = (
            (h, i)
            for h in range(len(file_diff.hunks) - 1, -1, -1)
            for i in range(len(file_diff.hunks[h].lines) - 1, -1, -1)
            if file_diff.hunks[h].lines[i][number] is not None
        )
        if place := next(places, None):
            marks.add(place)
    return marks


def _with_rows_between(rows: list[str], hunk: Hunk, anchor: str, threads: Threads, after: set[int]) -> list[str]:
    out: list[str] = []
    for i, line in enumerate(hunk.lines):
        out.append(rows[i])
        if i in after:
            out.append(_NO_NEWLINE)
        if (html := threads.get((line.number, line.kind))) is not None:
            side = "o" if line.kind == REMOVED else "n"
            out.append(
                f'<tr class="thread-row" id="{anchor}-{side}{line.number}-thread" data-type="{line.kind}"'
                f' data-line="{line.number}"><td colspan="3">{html}</td></tr>\n'
            )
    return out
