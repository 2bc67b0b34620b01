"""The list page as plain Django would do it: the rows as objects, a template, no middleware, nobody signed in.

This is what W3's goal was set against. Served with benchmarks.kit.bare_settings.
"""

from django.http import HttpRequest, HttpResponse
from django.template import Engine
from django.template.context import Context
from django.urls import path

from initiatives.models import Task

ROW = """<tr class="{{ task.status }}"><td><a href="/tasks/{{ task.id }}/">{{ task.name }}</a></td>
<td>{{ task.get_status_display }}</td><td>{{ task.priority }}</td><td>{{ task.status_since|date:"Y-m-d H:i" }}</td>
<td>{{ task.description }}</td></tr>"""
PAGE = Engine().from_string(
    f"<!doctype html><title>Tasks</title><table>{{% for task in tasks %}}{ROW}{{% endfor %}}</table>"
)


def tasks(request: HttpRequest) -> HttpResponse:
    """The first hundred tasks."""
    return HttpResponse(PAGE.render(Context({"tasks": Task.objects.order_by("order")[:100]})))


urlpatterns = [path("", tasks)]
