"""Small words for the templates of reviews."""

from urllib.parse import quote

from django import template

from reviews.diffs.text import visible as visible_text

register = template.Library()


@register.filter
def visible(text: str) -> str:
    """One line of text with hidden characters spelled out; not escaped."""
    return visible_text(text)


@register.filter
def short(sha: str) -> str:
    """A commit id as people write it."""
    return str(sha)[:10]


@register.filter
def agent_url(name: str) -> str:
    """The page of an agent."""
    return f"/agents/{quote(name)}/"


@register.filter
def first_line(text: str) -> str:
    """The first words of a comment."""
    line = visible_text(str(text).strip().partition("\n")[0])
    return line if len(line) <= 90 else f"{line[:89]}…"
