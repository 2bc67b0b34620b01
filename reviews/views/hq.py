"""HQ: what waits for the person, and what runs."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from agents.actions.message import reply
from cw_site.foundation.access import name_of
from initiatives.repositories import ProjectRepository
from reviews.attention import act_on, count_waiting, list_attention, list_running
from reviews.forms import CommentForm


@require_GET
def hq(request: HttpRequest) -> HttpResponse:
    """The first page. An empty workspace offers the demo."""
    items, running = list_attention(), list_running()
    empty = not items and not running and not ProjectRepository().find_all()
    context = {"items": items, "running": running, "empty": empty, "attention_count": len(items)}
    template = "reviews/_hq.html" if request.headers.get("HX-Request") == "true" else "reviews/hq.html"
    return render(request, template, context)


@require_GET
def hq_count(request: HttpRequest) -> HttpResponse:
    """How many things wait, for the navigation."""
    return render(request, "components/nav_count.html", {"attention_count": count_waiting()})


@require_POST
def hq_act(request: HttpRequest) -> HttpResponse:
    """The button of an item; the person stays here."""
    done = act_on(str(request.POST.get("kind", "")), str(request.POST.get("id", "")))
    messages.success(request, done)
    return redirect("hq")


@require_POST
def hq_reply(request: HttpRequest, message_id: str) -> HttpResponse:
    """Answer an agent's message."""
    form = CommentForm(request.POST)
    if form.is_valid():
        reply(message_id, form.cleaned_data["body"], by=name_of(request))
        messages.success(request, "Answered.")
    else:
        messages.error(request, "Write an answer first.")
    return redirect("hq")
