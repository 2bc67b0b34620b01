"""An agent's log as HTML: what the provider reads from the stored lines, one `<li>` for each thing that happened.

Emitted by small functions, not looped over in a template: a page may hold thousands of entries. Everything an agent
printed is escaped or goes through the one Markdown boundary, and is cut where it is too long to read; the raw view has
all of it.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from django.utils.html import escape

from agents.models import AgentLogChunk, AgentSession
from agents.providers.base import Provider
from agents.providers.events import (
    Ended,
    Failure,
    Limit,
    OutputEvent,
    Retry,
    SessionStarted,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Unread,
)
from agents.states import SessionPurpose, SessionState
from cw_site.foundation.markdown import to_html

LONGEST_TEXT = 20_000
LONGEST_RESULT = 8_000
LONGEST_INPUT_LINE = 160
MOST_LINES = 3_000
"""Lines of output read for one page, the newest."""
RESULT_SHOWS = ("command", "file_path", "path", "pattern", "query", "url", "message", "description", "prompt")
"""Inputs of tools that say best what a call is about, the best first."""

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f]")
_NOT_PLAIN = re.compile(r"[*_`#\[\]<>|~\\\n]|^\s*(?:[-+]|\d+[.)])\s")
_ID = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A tool call whose result may come in a later block."""

    name: str
    line: str
    call: str


@dataclass(slots=True)
class LogWriter:
    """Turns chunks into `<li>`s, in order; knows the calls that are open and the session it is in."""

    provider: Provider | None
    sessions: dict[int, AgentSession]
    session: int = 0
    calls: dict[str, OpenCall] = field(default_factory=dict)

    def write(self, chunks: Iterable[AgentLogChunk]) -> list[str]:
        """The entries of these chunks."""
        entries: dict[str, str] = {}
        for chunk in chunks:
            if chunk.session_number != self.session:
                entries |= self._end_of(self.session)
                self.session = chunk.session_number
                entries[f"s{self.session}"] = self._separator(chunk)
            for number, event in enumerate(self._events(chunk)):
                key = f"e{chunk.sequence}-{number}"
                if isinstance(event, ToolCall | ToolResult):
                    # the result takes the place of its call
                    key = f"tool-{self.session}-{event.call_id}"
                entry = self._entry(event, f"e{chunk.sequence}-{number}")
                if entry:
                    entries[key] = entry
        return list(entries.values())

    def end(self) -> str:
        """How the session that was written last ended, where it ended badly; for the end of a whole page."""
        return "".join(self._end_of(self.session).values())

    def _end_of(self, number: int) -> dict[str, str]:
        session = self.sessions.get(number)
        if session is None or session.status != SessionState.SETTLED or session.end in {"", "success", "question"}:
            return {}
        words = shown(session.end_reason or session.end, 2_000)
        kind = "system" if session.end in {"stopped", "unfinished"} else "limit" if session.end == "limit" else "error"
        return {f"end-{number}": _item(kind, f"end-{number}", escape(f"Session {number} ended: {words}"))}

    def learn(self, chunks: Iterable[AgentLogChunk]) -> None:
        """Read earlier chunks only for the calls that they opened, and for the session that the last one is in.

        Of several blocks the last one comes first.
        """
        session = self.session
        for chunk in chunks:
            session = chunk.session_number
            for event in self._events(chunk):
                if isinstance(event, ToolCall) and event.call_id not in self.calls:
                    self._open(event)
        self.session = self.session or session

    def find_unopened(self, chunks: Iterable[AgentLogChunk]) -> set[str]:
        """The calls whose results are in these chunks and that none of them opens."""
        opened: set[str] = set()
        wanted: set[str] = set()
        for chunk in chunks:
            for event in self._events(chunk):
                if isinstance(event, ToolCall):
                    opened.add(event.call_id)
                elif isinstance(event, ToolResult) and event.call_id not in opened:
                    wanted.add(event.call_id)
        return wanted

    def _events(self, chunk: AgentLogChunk) -> Iterable[OutputEvent]:
        lines = chunk.content.split("\n")
        for line in lines[-MOST_LINES:]:
            if not line.strip():
                continue
            if self.provider is None:
                yield Unread(line)
            else:
                yield from self.provider.read_line(line.encode("utf-8", "replace"))

    def _separator(self, chunk: AgentLogChunk) -> str:
        session = self.sessions.get(chunk.session_number)
        words = f"Session {chunk.session_number}"
        if session is not None and session.purpose != SessionPurpose.WORK:
            words += f" · {session.get_purpose_display().lower()}"
        moment = session.started_at if session is not None and session.started_at else chunk.created_at
        return (
            f'<li class="log-session" id="s{chunk.session_number}">{escape(words)} · '
            f'<relative-time datetime="{moment.isoformat()}">{moment:%d %b %H:%M} UTC</relative-time></li>'
            f"{_told(session)}"
        )

    def _entry(self, event: OutputEvent, key: str) -> str:
        match event:
            case Text(text):
                return _item("text", key, _markdown(text), plain=False)
            case Thinking(text):
                summary = '<details class="fold"><summary>Thinking</summary><div class="fold-body">'
                return _item("thinking", key, f"{summary}{escape(shown(text, LONGEST_TEXT))}</div></details>")
            case ToolCall():
                return self._tool(self._open(event), event.call_id, state="running")
            case ToolResult(call_id, output, is_error):
                call = self.calls.pop(call_id, None) or OpenCall("Result", "", "")
                return self._tool(call, call_id, state="error" if is_error else "ok", output=output)
            case Limit("rejected"):
                return _item("limit", key, escape(_limit_words(event)))
            case Retry(attempt, reason):
                return _item("system", key, escape(f"Asks the model again (attempt {attempt}): {shown(reason, 500)}"))
            case Failure(_, text) | Ended(ok=False, text=text):
                said = getattr(event, "reason", "") or text or "It failed without saying why."
                return _item("error", key, escape(shown(said, LONGEST_TEXT)))
            case Ended(text=text) if text:
                return _item("result", key, _markdown(text), plain=False)
            case SessionStarted(_, model) if model:
                return _item("system", key, escape(f"Model {shown(model, 200)}"))
            case Unread(text):
                return _item("raw", key, escape(shown(text, LONGEST_RESULT)))
        return ""

    def _open(self, call: ToolCall) -> OpenCall:
        line = next((str(call.input[name]) for name in RESULT_SHOWS if call.input.get(name)), "")
        whole = json.dumps(call.input, indent=2, ensure_ascii=False) if call.input else ""
        opened = OpenCall(shown(call.name, 100), shown(line.split("\n")[0], LONGEST_INPUT_LINE), whole)
        self.calls[call.call_id] = opened
        return opened

    def _tool(self, call: OpenCall, call_id: str, *, state: str, output: str | None = None) -> str:
        note, body = "", ""
        if call.call:
            body = f'<pre class="tool-call">{escape(shown(call.call, LONGEST_RESULT))}</pre>'
        if output is not None:
            lines = output.count("\n") + bool(output and not output.endswith("\n"))
            note = f'<span class="tool-note">{lines} line{"s" * (lines != 1)}</span>' if output else ""
            body += f'<pre class="tool-result">{escape(shown(output, LONGEST_RESULT))}</pre>' if output else ""
        key = f"tool-{self.session}-{_ID.sub('-', call_id)[:80]}"
        return (
            f'<li class="log-entry" id="{key}" data-kind="tool">'
            f'<details class="tool" id="{key}-d" data-state="{state}">'
            f'<summary><span class="tool-name">{escape(call.name)}</span>'
            f'<span class="tool-input">{escape(call.line)}</span>{note}</summary>'
            f'<div class="tool-body">{body}</div></details></li>'
        )


def shown(text: str, limit: int) -> str:
    """Text as it may be shown: no terminal escapes, no control or direction characters, not longer than the limit."""
    cut = len(text) > limit
    clean = _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", _ESCAPES.sub("", text[: limit * 2]).replace("\r\n", "\n"))
    return clean[:limit] + " … (cut; the raw view has all)" if cut else clean


def _told(session: AgentSession | None) -> str:
    """What the session began with, folded."""
    if session is None or not session.prompt:
        return ""
    key = f"told-{session.number}"
    return (
        f'<li class="log-entry" id="{key}" data-kind="system"><details class="fold" id="{key}-d">'
        "<summary>What it was told</summary>"
        f'<div class="fold-body"><pre>{escape(shown(session.prompt, LONGEST_TEXT))}</pre></div></details></li>'
    )


def _item(kind: str, key: str, body: str, *, plain: bool = True) -> str:
    body_class = "log-body is-plain" if plain else "log-body"
    return f'<li class="log-entry" id="{key}" data-kind="{kind}"><div class="{body_class}">{body}</div></li>'


@lru_cache(maxsize=4096)
def _markdown(text: str) -> str:
    clean = shown(text, LONGEST_TEXT)
    return str(to_html(clean)) if _NOT_PLAIN.search(clean) else f"<p>{escape(clean)}</p>"


def _limit_words(limit: Limit) -> str:
    if limit.resets_at is None:
        return "The account's usage limit is reached."
    return f"The account's usage limit is reached; it resets at {limit.resets_at:%d %b %H:%M} UTC."
