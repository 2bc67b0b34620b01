"""The pages of agents: the list, one agent with its log, and the buttons."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_POST, require_safe

from agents.actions.agent import answer_questions, delete_agent, dismiss_agent, resume_agent, stop_agent
from agents.forms import MessageForm, QuestionsForm
from agents.models import Agent, AgentSession
from agents.policies import check_can_delete, check_can_dismiss, check_can_resume, check_can_stop, reason_against
from agents.providers.registry import PROVIDERS
from agents.repositories.agent import AgentRepository
from agents.repositories.conversation import ConversationRepository
from agents.states import AgentStatus, SessionState
from agents.views.log import find_agent, number_of, read_log
from cw_site.foundation.access import name_of
from cw_site.foundation.errors import DomainError
from initiatives.views.shared import go_to, is_htmx, read_page


@dataclass(frozen=True)
class Buttons:
    """For each button the reason why it cannot be pressed now, empty where it can."""

    stop: str
    resume: str
    dismiss: str
    delete: str


@require_safe
def agents(request: HttpRequest) -> HttpResponse:
    """The agents, those at work first; ?status= shows those of one status, ?dismissed=1 those put away."""
    status = request.GET.get("status", "")
    chosen = status if status in AgentStatus.values else None
    dismissed = request.GET.get("dismissed") == "1"
    rows, pages, count = read_page(request, AgentRepository().list_page, status=chosen, dismissed=dismissed)
    base = (f"status={chosen}&" if chosen else "") + ("dismissed=1&" if dismissed else "")
    context = {
        "rows": rows,
        "page_obj": pages,
        "count": count,
        "chosen": chosen,
        "dismissed": dismissed,
        "statuses": AgentStatus.choices,
        "base": base,
    }
    template = "agents/agents.html#rows" if is_htmx(request) else "agents/agents.html"
    return render(request, template, context)


@require_safe
def agent(request: HttpRequest, name: str) -> HttpResponse:
    """One agent: how it stands and why, its questions, and its log."""
    row = find_agent(name)
    context = _context(row) | _log_context(row, before=number_of(request.GET.get("before")))
    return render(request, "agents/agent.html", context)


@require_safe
def agent_state(request: HttpRequest, name: str) -> HttpResponse:
    """The head of the page and the facts, live."""
    return render(request, "agents/_state.html", _context(find_agent(name)))


@require_safe
def agent_ask(request: HttpRequest, name: str) -> HttpResponse:
    """The form for answers or a message, live; it is left alone while somebody types in it."""
    return render(request, "agents/_ask.html", _context(find_agent(name)))


def _context(row: Agent, **changes: Any) -> dict[str, Any]:
    repository = AgentRepository()
    sessions = repository.find_sessions(row.id)
    current = next((session for session in sessions if session.status != SessionState.SETTLED), None)
    context: dict[str, Any] = {
        "agent": row,
        "sessions": sessions,
        "session": current,
        "provider": PROVIDERS.get(row.provider),
        "buttons": _buttons(row, current),
        "summary": _summary(row, sessions),
        "conversations": ConversationRepository().list_page(limit=20, offset=0, agent_id=row.id)[0],
        "message_form": MessageForm(),
    }
    if row.status == AgentStatus.WAITING_FOR_INPUT:
        context["questions"] = QuestionsForm(row)
    return context | changes


def _buttons(row: Agent, current: AgentSession | None) -> Buttons:
    return Buttons(
        stop=reason_against(check_can_stop, row, current),
        resume=reason_against(check_can_resume, row, current),
        dismiss=reason_against(check_can_dismiss, row, current),
        delete=reason_against(check_can_delete, row, current),
    )


def _summary(row: Agent, sessions: list[AgentSession]) -> dict[str, Any]:
    """How long it has worked in all."""
    spans: list[tuple[datetime, datetime]] = [
        (session.started_at, session.ended_at) for session in sessions if session.started_at and session.ended_at
    ]
    seconds = sum((end - start).total_seconds() for start, end in spans)
    return {"seconds": seconds, "tokens": row.input_tokens + row.output_tokens}


@require_POST
def agent_stop(request: HttpRequest, name: str) -> HttpResponse:
    """Stop it with everything it started."""
    row = stop_agent(find_agent(name).id, by=name_of(request))
    return go_to(request, "agent", row.name, say=f"{row.name} is being stopped.")


@require_POST
def agent_resume(request: HttpRequest, name: str) -> HttpResponse:
    """Send it a message; it goes on with that."""
    row = find_agent(name)
    form = MessageForm(request.POST)
    if form.is_valid():
        try:
            resume_agent(row.id, prompt=form.cleaned_data["prompt"], by=name_of(request))
        except DomainError as error:
            form.add_error("prompt", error.message)
        else:
            return go_to(request, "agent", row.name, say=f"{row.name} goes on with your message.")
    return _again(request, row, message_form=form)


@require_POST
def agent_answer(request: HttpRequest, name: str) -> HttpResponse:
    """Answer its questions; it goes on with the answers."""
    row = find_agent(name)
    form = QuestionsForm(row, request.POST)
    if form.is_valid():
        try:
            answer_questions(row.id, form.answers(), by=name_of(request))
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            return go_to(request, "agent", row.name, say=f"{row.name} goes on with your answers.")
    return _again(request, row, questions=form)


@require_POST
def agent_dismiss(request: HttpRequest, name: str) -> HttpResponse:
    """Put it away; what it made is kept in git."""
    row = dismiss_agent(find_agent(name).id)
    return go_to(request, "agents", say=f"{row.name} is dismissed. What it committed is kept in git.")


@require_POST
def agent_delete(request: HttpRequest, name: str) -> HttpResponse:
    """Delete its row; log and commits stay."""
    row = find_agent(name)
    delete_agent(row.id)
    return go_to(request, "agents", say=f"{row.name} is deleted.")


def _again(request: HttpRequest, row: Agent, **changes: Any) -> HttpResponse:
    """A form that was refused, with what was typed in it."""
    if is_htmx(request):
        return render(request, "agents/_ask.html", _context(row, **changes), status=422)
    return render(request, "agents/agent.html", _context(row, **changes) | _log_context(row), status=422)


def _log_context(row: Agent, *, before: int | None = None) -> dict[str, Any]:
    page = read_log(row, before=before)
    return {
        "log": mark_safe(page.html),  # noqa: S308 - made by log_entries, which escapes
        "log_first": page.first,
        "log_last": page.last,
        "is_newest": before is None or before > row.log_sequence,
    }
