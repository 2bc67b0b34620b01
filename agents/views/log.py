"""The readable log of an agent: a bounded page of it, what came since, and the raw text."""

from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_safe

from agents.models import Agent, AgentLogChunk
from agents.providers.registry import PROVIDERS
from agents.repositories.agent import AgentRepository
from agents.repositories.log_chunk import LogChunkRepository
from agents.views.log_entries import LogWriter
from cw_site.foundation.errors import NotFound

PAGE_CHUNKS = 500
PAGE_BYTES = 1024 * 1024
LOOK_BACK_CHUNKS = 50
"""How far back the call of a tool result is searched."""
RAW_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


class LogPage:
    """Entries as HTML, and where they stand: `first` and `last` are chunk numbers (0 where there is no log)."""

    def __init__(self, html: str, *, first: int, last: int) -> None:
        self.html = html
        self.first = first
        self.last = last


def read_log(agent: Agent, *, before: int | None = None) -> LogPage:
    """The newest chunks of the log (before the chunk `before`), as many as a page can bear."""
    end = (before - 1) if before is not None else agent.log_sequence
    chunks: list[AgentLogChunk] = []
    size = 0
    # in small steps: a chunk may hold a megabyte
    while end > 0 and len(chunks) < PAGE_CHUNKS and size < PAGE_BYTES:
        start = max(0, end - (LOOK_BACK_CHUNKS if size < PAGE_BYTES // 8 else 5))
        block = [c for c in LogChunkRepository().find_by_agent_id(agent.id, start, end - start) if c.sequence <= end]
        chunks = block + chunks
        size += sum(len(chunk.content) for chunk in block)
        end = start
    writer = _writer(agent)
    html = "".join(writer.write(chunks))
    if before is None:
        html += writer.end()
    return LogPage(html, first=end + 1 if chunks else 0, last=chunks[-1].sequence if chunks else 0)


def read_news(agent: Agent, *, after: int) -> LogPage:
    """The entries that came after the chunk `after`."""
    chunks = LogChunkRepository().find_by_agent_id(agent.id, after, PAGE_CHUNKS)
    if not chunks:
        return LogPage("", first=after, last=after)
    writer = _writer(agent)
    _look_back(writer, agent, after, chunks)
    return LogPage("".join(writer.write(chunks)), first=chunks[0].sequence, last=chunks[-1].sequence)


def _look_back(writer: LogWriter, agent: Agent, after: int, chunks: list[AgentLogChunk]) -> None:
    """Let the writer know the session it goes on in, and the calls whose results are in the new chunks: as few
    earlier chunks as will do, since a page that is watched asks five times a second."""
    wanted = writer.find_unopened(chunks)
    end, size = after, 1
    while end > 0 and after - end < LOOK_BACK_CHUNKS and (size == 1 or wanted):
        start = max(0, end - size)
        writer.learn(LogChunkRepository().find_by_agent_id(agent.id, start, end - start))
        wanted -= writer.calls.keys()
        end, size = start, 10


def _writer(agent: Agent) -> LogWriter:
    sessions = {session.number: session for session in AgentRepository().find_sessions(agent.id)}
    return LogWriter(PROVIDERS.get(agent.provider), sessions)


def find_agent(name: str) -> Agent:
    """The agent of that name or id; raises NotFound."""
    agent = AgentRepository().find_by_name_or_id(name)
    if agent is None:
        raise NotFound("There is no such agent. It may have been deleted.")
    return agent


def number_of(text: str | None) -> int | None:
    """A chunk number out of a query, None where it is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else None


@require_safe
def agent_log(request: HttpRequest, name: str) -> HttpResponse:
    """What came after `?after=`: whole entries, and the next cursor in X-Next."""
    page = read_news(find_agent(name), after=number_of(request.GET.get("after")) or 0)
    return HttpResponse(page.html, headers={"X-Next": str(page.last), "Cache-Control": "no-store"})


@require_safe
def agent_raw(request: HttpRequest, name: str) -> StreamingHttpResponse:
    """Everything the agent printed, as plain text that no browser takes for anything else. Its log outlives it."""
    agent = AgentRepository().find_by_name_or_id(name)
    agent_id = agent.id if agent is not None else name
    response = StreamingHttpResponse(_raw(agent_id), content_type="text/plain; charset=utf-8")
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = RAW_POLICY
    response["Content-Disposition"] = f'inline; filename="{agent.name if agent else "agent"}.jsonl"'
    return response


async def _raw(agent_id: str) -> AsyncIterator[str]:
    after = 0
    while chunks := await _read_chunks(agent_id, after):
        for chunk in chunks:
            yield chunk.content
        after = chunks[-1].sequence


@sync_to_async(thread_sensitive=True)
def _read_chunks(agent_id: str, after: int) -> list[AgentLogChunk]:
    return LogChunkRepository().find_by_agent_id(agent_id, after, 20)
