"""Chat about a phase or task."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from agents.repositories import AgentRepository
from agents.states import AgentStatus
from cw_site.foundation.errors import DomainError, Invalid
from initiatives.models import Phase, Task
from reviews.actions.chat import close_chat, find_target, open_chat, retry_last_message, send_message
from reviews.forms import ChatForm, ChatStartForm
from reviews.models import ChatSession
from reviews.repositories import ChatSessionRepository
from reviews.states import ChatRole, ChatStatus


@require_POST
def chat_start(request: HttpRequest) -> HttpResponse:
    """The open chat of a phase or task, made where there is none."""
    form = ChatStartForm(request.POST)
    if not form.is_valid():
        raise Invalid("Say what the chat is about: a phase or a task.")
    chat = open_chat(target_type=form.cleaned_data["target_type"], target_id=form.cleaned_data["target_id"])
    return redirect("chat", chat.pk)


@require_GET
def chat(request: HttpRequest, chat_id: str) -> HttpResponse:
    """The page; htmx gets the messages alone."""
    row = ChatSessionRepository().get(chat_id)
    template = "reviews/_messages.html" if request.headers.get("HX-Request") == "true" else "reviews/chat.html"
    return render(request, template, _context(row))


@require_POST
def chat_send(request: HttpRequest, chat_id: str) -> HttpResponse:
    """A message of the person."""
    form = ChatForm(request.POST)
    htmx = request.headers.get("HX-Request") == "true"
    if form.is_valid():
        try:
            send_message(chat_id, content=form.cleaned_data["content"])
        except Invalid as error:
            for name, sentences in error.fields.items():
                form.add_error(name, sentences)
    context = {**_context(ChatSessionRepository().get(chat_id)), "form": form}
    if form.errors:
        return render(request, "reviews/_messages.html" if htmx else "reviews/chat.html", context, status=422)
    return render(request, "reviews/_messages.html", context) if htmx else redirect("chat", chat_id)


@require_POST
def chat_retry(request: HttpRequest, chat_id: str) -> HttpResponse:
    """Send the last message again."""
    retry_last_message(chat_id)
    return redirect("chat", chat_id)


@require_POST
def chat_close(request: HttpRequest, chat_id: str) -> HttpResponse:
    """End the chat."""
    close_chat(chat_id)
    return redirect("chat", chat_id)


def _context(row: ChatSession) -> dict[str, Any]:
    messages = ChatSessionRepository().find_messages_by_session_id(row.pk)
    agents = AgentRepository()
    agent = agents.find_by_id(row.agent_id) if row.agent_id else None
    working = agent is not None and (agents.open_session(agent.pk) is not None or agent.status == AgentStatus.RUNNING)
    return {
        "chat": row,
        "chat_messages": messages,
        "target": _target(row),
        "agent": agent,
        "working": working,
        "failed": bool(messages) and messages[-1].role == ChatRole.SYSTEM and not working,
        "closed": row.status == ChatStatus.CLOSED,
    }


def _target(row: ChatSession) -> Phase | Task | None:
    """What the chat is about; None where it was deleted."""
    try:
        return find_target(row.target_type, row.target_id)
    except DomainError:
        return None
