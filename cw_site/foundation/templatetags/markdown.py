"""Markdown in templates."""

from django import template
from django.utils.safestring import SafeString

from cw_site.foundation.markdown import to_html, to_inline_html

register = template.Library()


@register.filter
def markdown(text: str | None) -> SafeString:
    """Markdown as safe HTML."""
    return to_html(text or "")


@register.filter
def inline_markdown(text: str | None) -> SafeString:
    """The first paragraph of Markdown on one line, as safe HTML."""
    return to_inline_html(text or "")
