"""The one way from Markdown of a person or an agent to HTML: no scripts, no raw HTML, no odd links."""

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


def to_html(text: str) -> SafeString:
    """Markdown as HTML that is safe to show. Images are left out: loading one would tell its server who reads."""
    return mark_safe(_cleaner.clean(_markdown.render(text)))  # noqa: S308 - nh3 has just cleaned it
