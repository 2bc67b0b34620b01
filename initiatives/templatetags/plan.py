"""Lists of tasks in the templates of the plan."""

from collections.abc import Iterable, Mapping

from django import template
from django.template import Context
from django.utils.safestring import SafeString, mark_safe

from initiatives.views import task_rows as rows_html
from initiatives.views.plan import TaskRow

register = template.Library()


@register.simple_tag(takes_context=True)
def task_rows(context: Context, rows: Iterable[TaskRow], chips: Mapping[str, str]) -> SafeString:
    """The rows of a list of tasks."""
    token = str(context.get("csrf_token", ""))
    return mark_safe(rows_html.task_rows(rows, chips, token))  # noqa: S308 - task_rows escapes every text
