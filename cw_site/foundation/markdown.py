"""The one way from Markdown of a person or an agent to HTML: no scripts, no raw HTML, no odd links."""

from functools import lru_cache

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
_cleaner = nh3.Cleaner(
    tags={
        "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre",
        "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
    },
    attributes={"a": {"href", "title"}, "code": {"class"}, "ol": {"start"}},
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener noreferrer nofollow",
)  # fmt: skip
_inline_cleaner = nh3.Cleaner(tags={"code", "del", "em", "s", "strong"}, attributes={})


def to_html(text: str) -> SafeString:
    """Markdown as HTML that is safe to show. Images are left out: loading one would tell its server who reads."""
    return mark_safe(_cleaner.clean(_markdown.render(text)))  # noqa: S308 - nh3 has just cleaned it


@lru_cache(maxsize=2048)
def to_inline_html(text: str, *, limit: int = 140) -> SafeString:
    """The first paragraph of Markdown on one line, cut to `limit` characters; code and emphasis only."""
    line = " ".join(text.strip().split("\n\n")[0].split()).lstrip("#>*- ")
    cut = line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
    return mark_safe(_inline_cleaner.clean(_markdown.renderInline(cut)))  # noqa: S308 - nh3 has just cleaned it
