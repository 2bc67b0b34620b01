"""The rows of tasks, written by Python: a template that includes one for each of a hundred tasks takes 60 ms.

Every value passes through `escape`; what is joined without it was written here or is safe HTML already.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from html import escape

from django.urls import reverse
from lucide.templatetags.lucide import lucide as draw

from cw_site.foundation.markdown import to_inline_html
from initiatives.models import Task
from initiatives.states import TaskCategory, TaskPriority, TaskStatus, TaskType
from initiatives.views.plan import TaskRow

_REASON_ICONS = {"red": "octagon-alert", "amber": "hand", "": "hourglass"}


def task_rows(rows: Iterable[TaskRow], chips: Mapping[str, str], csrf_token: str) -> str:
    """The rows of a list as HTML; `chips` holds the agent of a task as safe HTML, by the task's id."""
    return "".join(_row(row, chips.get(row.task.id, ""), csrf_token) for row in rows)


def _row(row: TaskRow, chip: str, csrf_token: str) -> str:
    task = row.task
    label = escape(TaskStatus(task.status).label)
    indent = f'<span class="faint" aria-hidden="true">{_icon("corner-down-right")}</span> ' if row.depth else ""
    why = reason_line(row.why, row.tone) if row.why and row.says_why else ""
    return (
        f'<li class="row" id="task-{escape(task.id)}"><span data-status="{escape(task.status)}" title="{label}">'
        f'<span class="status-mark is-large" aria-hidden="true"></span><span class="sr-only">{label}</span></span>'
        f'<div class="row-main"><div class="row-title">{indent}{_link(task)}</div>'
        f'<div class="row-meta"><span>{label}</span>{_meta(row)}</div>{why}</div>'
        f'<div class="row-side">{chip}{_button(row, csrf_token)}</div></li>'
    )


def _meta(row: TaskRow) -> str:
    """What is unusual about the task."""
    task, words = row.task, list[str]()
    if task.type != TaskType.AUTO:
        words.append(escape(TaskType(task.type).label))
    if task.category != TaskCategory.EXECUTE:
        words.append(escape(TaskCategory(task.category).label))
    if task.priority != TaskPriority.MEDIUM:
        words.append(f"{escape(TaskPriority(task.priority).label)} priority")
    if task.status == TaskStatus.COMPLETED and task.summary:
        words.append(to_inline_html(task.summary))
    elif task.status != TaskStatus.COMPLETED and row.dependencies:
        words.append(f"after {', '.join(_link(other) for other in row.dependencies)}")
    return "".join(f"<span>{word}</span>" for word in words)


def _button(row: TaskRow, csrf_token: str) -> str:
    """What a person can do about the task at once."""
    if row.is_due:
        return f'<a class="button small" href="{_address("task", row.task)}#complete">Complete</a>'
    if row.task.status != TaskStatus.BLOCKED:
        return ""
    return (
        f'<form method="post" action="{_address("task-retry", row.task)}">'
        f'<input type="hidden" name="csrfmiddlewaretoken" value="{escape(csrf_token)}">'
        f'<button class="button small">{_icon("rotate-cw")} Retry</button></form>'
    )


def reason_line(reason: str, tone: str) -> str:
    """As components/reason.html writes it, without a button; a test holds the two together."""
    attribute = f' data-tone="{escape(tone)}"' if tone else ""
    icon = _icon(_REASON_ICONS.get(tone, "hourglass"))
    return f'<div class="why"{attribute}>{icon}<span class="why-text">{escape(reason)}</span></div>'


def _link(task: Task) -> str:
    return f'<a href="{_address("task", task)}">{escape(task.name)}</a>'


def _address(name: str, task: Task) -> str:
    before, after = _ends(name)
    return f"{before}{escape(task.id)}{after}"


@cache
def _ends(name: str) -> tuple[str, str]:
    """What stands before and after the id in an address; asking for each row anew takes longer than the row."""
    before, _, after = reverse(name, args=["ID"]).partition("ID")
    return before, after


@cache
def _icon(name: str) -> str:
    return draw(name, size=14, aria_hidden="true")
