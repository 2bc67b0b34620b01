import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.module_loading import import_string
from ninja import Router, Status

from agents.actions.agent import (
    answer_questions,
    delete_agent,
    dismiss_agent,
    questions_of,
    resume_agent,
    stop_agent,
)
from agents.api.schemas import (
    After,
    AgentDetail,
    AgentList,
    AnswersIn,
    LogOut,
    NamePath,
    QuestionList,
    ResumeIn,
)
from agents.models import Agent
from agents.repositories.agent import AgentRepository
from agents.repositories.log_chunk import LogChunkRepository
from agents.states import AgentStatus
from cw_site.foundation.access import name_of, require_scope
from cw_site.foundation.errors import NotFound
from cw_site.foundation.events import resume_point
from cw_site.foundation.paging import DEFAULT_LIMIT, page_of
from cw_site.foundation.schemas import ERRORS, Limit, Offset, event_stream
from initiatives.api.output import columns_of

router = Router(tags=["agents"])
LOG_PAGE = 100


def find(name: str) -> Agent:
    """The agent of that name or id; raises NotFound."""
    agent = AgentRepository().find_by_name_or_id(name)
    if agent is None:
        raise NotFound("There is no such agent. It may have been deleted.")
    return agent


def agent_out(agent: Agent) -> dict[str, Any]:
    """An agent as the API answers it."""
    return columns_of(agent) | {"result": _value(agent.result)}


def detail_out(agent: Agent) -> dict[str, Any]:
    """An agent with its sessions."""
    sessions = [columns_of(session) for session in AgentRepository().find_sessions(agent.id)]
    return agent_out(agent) | {"sessions": sessions}


def _value(text: str | None) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None


@router.get("/agents", response={200: AgentList, **ERRORS}, summary="Agents, those at work first")
def list_agents(
    request: HttpRequest,
    status: AgentStatus | None = None,
    dismissed: bool = False,
    limit: Limit = DEFAULT_LIMIT,
    offset: Offset = 0,
) -> dict[str, Any]:
    require_scope(request, "read")
    rows, count = AgentRepository().list_page(limit=limit, offset=offset, status=status, dismissed=dismissed)
    return page_of([agent_out(row) for row in rows], count)


@router.get("/agents/{name}", response={200: AgentDetail, **ERRORS}, summary="An agent and its sessions")
def get_agent(request: HttpRequest, name: NamePath) -> dict[str, Any]:
    require_scope(request, "read")
    return detail_out(find(name))


@router.get("/agents/{name}/log", response={200: LogOut, **ERRORS}, summary="What it printed, in order")
def get_log(request: HttpRequest, name: NamePath, after: After = 0, limit: Limit = LOG_PAGE) -> dict[str, Any]:
    """A log outlives its agent: by the id it can be read after the agent was deleted."""
    require_scope(request, "read")
    agent = AgentRepository().find_by_name_or_id(name)
    chunks = LogChunkRepository().find_by_agent_id(agent.id if agent else name, after, limit)
    if agent is None and not LogChunkRepository().tail(name, 1):
        raise NotFound("There is no such agent. It may have been deleted.")
    items = [columns_of(chunk) for chunk in chunks]
    return page_of(items, len(items)) | {"next": chunks[-1].sequence if chunks else after}


@router.get(
    "/agents/{name}/stream",
    response={200: None, **ERRORS},
    summary="Its events as they happen (SSE)",
    openapi_extra=event_stream(),
)
def stream(request: HttpRequest, name: NamePath, after: After | None = None) -> HttpResponseBase:
    """Events of the topics agent:ID and agent-log:ID; read the log on when one of the latter arrives."""
    require_scope(request, "read")
    agent = find(name)
    topics = frozenset({f"agent:{agent.id}", f"agent-log:{agent.id}"})
    response: HttpResponseBase = import_string(settings.CW_STREAM_RESPONSE)(
        topics=topics, after=resume_point(request.headers.get("Last-Event-ID"), after)
    )
    return response


@router.get("/agents/{name}/questions", response={200: QuestionList, **ERRORS}, summary="What it asks")
def get_questions(request: HttpRequest, name: NamePath) -> dict[str, Any]:
    require_scope(request, "read")
    questions = questions_of(find(name))
    return page_of(questions, len(questions))


@router.post("/agents/{name}/answer", response={200: AgentDetail, **ERRORS}, summary="Answer all its questions")
def post_answer(request: HttpRequest, name: NamePath, body: AnswersIn) -> dict[str, Any]:
    require_scope(request, "run")
    agent = find(name)
    answer_questions(agent.id, body.answers, by=name_of(request))
    return detail_out(AgentRepository().get(agent.id))


@router.post("/agents/{name}/stop", response={200: AgentDetail, **ERRORS}, summary="Stop it and all it started")
def post_stop(request: HttpRequest, name: NamePath) -> dict[str, Any]:
    require_scope(request, "run")
    return detail_out(stop_agent(find(name).id, by=name_of(request)))


@router.post("/agents/{name}/resume", response={200: AgentDetail, **ERRORS}, summary="Let it go on with a message")
def post_resume(request: HttpRequest, name: NamePath, body: ResumeIn) -> dict[str, Any]:
    require_scope(request, "run")
    agent = find(name)
    resume_agent(agent.id, prompt=body.prompt, by=name_of(request))
    return detail_out(AgentRepository().get(agent.id))


@router.post("/agents/{name}/dismiss", response={200: AgentDetail, **ERRORS}, summary="Put it away")
def post_dismiss(request: HttpRequest, name: NamePath) -> dict[str, Any]:
    """Its worktree is cleared away; what it committed, and what it did not, is kept in git."""
    require_scope(request, "run")
    return detail_out(dismiss_agent(find(name).id))


@router.delete("/agents/{name}", response={204: None, **ERRORS}, summary="Delete it; log and commits stay")
def remove_agent(request: HttpRequest, name: NamePath) -> Status[None]:
    require_scope(request, "admin")
    delete_agent(find(name).id)
    return Status(204, None)
