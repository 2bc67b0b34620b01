"""What Claude Code's JSON lines mean. Keys come in any order and new kinds appear: look, never assume."""

from datetime import datetime

from agents.providers.events import (
    SESSION_MISSING,
    End,
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
    Usage,
)
from agents.providers.parsing import (
    Unreadable,
    as_amount,
    as_count,
    as_dict,
    as_list,
    as_text,
    as_time,
    parse_object,
    unread_text,
)

SILENT = {
    "stream_event",
    "control_request",
    "control_response",
    "control_cancel_request",
    "command_lifecycle",
    "keep_alive",
    "tool_progress",
    "auth_status",
}
KINDS: dict[str, End] = {
    "authentication_failed": "auth",
    "billing_error": "auth",
    "rate_limit": "overload",
    "overloaded": "overload",
    "server_error": "overload",
}
SUBTYPES: dict[str, End] = {"error_max_turns": "cap", "error_max_budget_usd": "cap"}
TERMINAL_REASONS: dict[str, End] = {
    "prompt_too_long": "context",
    "max_turns": "cap",
    "budget_exhausted": "cap",
    "aborted_tools": "stopped",
    "aborted_streaming": "stopped",
}


def read_claude_line(line: bytes) -> list[OutputEvent]:
    """The events of one line; a line that cannot be understood is one `Unread`."""
    if not line.strip():
        return []
    try:
        return _read(parse_object(line))
    except Unreadable:
        return [Unread(unread_text(line))]


def _read(item: dict[str, object]) -> list[OutputEvent]:
    """The events of one parsed line."""
    match as_text(item.get("type")):
        case "system":
            return _read_system(item)
        case "assistant":
            return _read_assistant(item)
        case "user":
            return _read_user(item)
        case "result":
            return _read_result(item)
        case "rate_limit_event":
            info = as_dict(item.get("rate_limit_info"))
            return [Limit(as_text(info.get("status")) or "unknown", as_time(info.get("resetsAt")))]
        case kind if kind in SILENT:
            return []
        case kind:
            raise Unreadable(f"unknown kind {kind!r}")


def _read_system(item: dict[str, object]) -> list[OutputEvent]:
    """The start and the retries; all else is chatter."""
    match as_text(item.get("subtype")):
        case "init":
            return [SessionStarted(as_text(item.get("session_id")), as_text(item.get("model")) or None)]
        case "api_retry":
            reason = as_text(item.get("error")) or "unknown"
            return [Retry(as_count(item.get("attempt")) or 0, reason, as_count(item.get("error_status")))]
        case _:
            return []


def _read_assistant(item: dict[str, object]) -> list[OutputEvent]:
    """What the model said and did. A synthetic message with an error is the CLI speaking, not the model."""
    blocks = [as_dict(block) for block in as_list(as_dict(item.get("message")).get("content"))]
    if item.get("error"):
        text = "\n".join(as_text(block.get("text")) for block in blocks if block.get("type") == "text")
        info = as_dict(as_dict(item.get("api_error_params")).get("rate_limit_info"))
        return [Failure(_failure_end(item), text, as_time(info.get("resetsAt")))]
    events: list[OutputEvent] = []
    for block in blocks:
        match as_text(block.get("type")):
            case "text":
                if text := as_text(block.get("text")):
                    events.append(Text(text))
            case "thinking":
                if text := as_text(block.get("thinking")):
                    events.append(Thinking(text))
            case "tool_use":
                name = as_text(block.get("name")) or "tool"
                events.append(ToolCall(as_text(block.get("id")), name, as_dict(block.get("input"))))
            case _:
                pass
    return events


def _read_user(item: dict[str, object]) -> list[OutputEvent]:
    """The results of tools; other user lines are the CLI talking to the model."""
    events: list[OutputEvent] = []
    for raw in as_list(as_dict(item.get("message")).get("content")):
        block = as_dict(raw)
        if block.get("type") == "tool_result":
            output = _output_text(block.get("content"))
            events.append(ToolResult(as_text(block.get("tool_use_id")), output, block.get("is_error") is True))
    return events


def _output_text(content: object) -> str:
    """A tool's output: a text, or parts of which some are not text."""
    if isinstance(content, str):
        return content
    parts = [as_dict(part) for part in as_list(content)]
    return "\n".join(as_text(part.get("text")) or f"[{as_text(part.get('type')) or 'part'}]" for part in parts)


def _read_result(item: dict[str, object]) -> list[OutputEvent]:
    """The end of a turn: its own cost, and the totals of the session before it."""
    ok = item.get("is_error") is not True and as_text(item.get("subtype")) == "success"
    errors = [as_text(error) for error in as_list(item.get("errors")) if as_text(error)]
    text = as_text(item.get("result"))
    end: End = "success" if ok else _result_end(item)
    reason = "" if ok else _reason(end, text, errors)
    own = _sum_models(item.get("model_usage_since_last_result"))
    total = _sum_models(item.get("modelUsage"))
    return [
        Usage(as_amount(item.get("total_cost_usd")), total[1], total[2], cumulative=True),
        Ended(
            ok=ok,
            text=text if ok else "",
            end=end,
            reason=reason,
            resets_at=_reset_time(item),
            cost_usd=own[0],
            input_tokens=own[1],
            output_tokens=own[2],
            turns=as_count(item.get("num_turns")),
        ),
    ]


def _reason(end: End, text: str, errors: list[str]) -> str:
    """Why a turn failed, in the CLI's words."""
    if any(error.startswith("No conversation found") for error in errors):
        return SESSION_MISSING
    if end == "stopped":
        return "It was interrupted."
    return text or "\n".join(errors)


def _reset_time(item: dict[str, object]) -> datetime | None:
    """When a limit ends, if the line says so."""
    info = as_dict(as_dict(item.get("api_error_params")).get("rate_limit_info"))
    return as_time(info.get("resetsAt"))


def _result_end(item: dict[str, object]) -> End:
    """The kind of a failed turn."""
    subtype, terminal = as_text(item.get("subtype")), as_text(item.get("terminal_reason"))
    if subtype in SUBTYPES:
        return SUBTYPES[subtype]
    if terminal in TERMINAL_REASONS:
        return TERMINAL_REASONS[terminal]
    if as_text(item.get("stop_reason")) == "refusal":
        return "refused"
    return _failure_end(item)


def _failure_end(item: dict[str, object]) -> End:
    """The kind of a failed request, from the CLI's own word first and the HTTP status after it."""
    if as_text(item.get("api_error")) == "usage_limit_reached":
        return "limit"
    if as_text(item.get("api_error")) == "connection_failed":
        return "overload"
    kind = KINDS.get(as_text(item.get("error")))
    if kind is not None:
        return kind
    status = as_count(item.get("api_error_status"))
    if status in (401, 403):
        return "auth"
    if status == 429 or (status is not None and status >= 500):
        return "overload"
    return "error"


def _sum_models(usage: object) -> tuple[float | None, int | None, int | None]:
    """Cost, tokens read (cached ones too) and tokens written over all models; None where the line has no figures."""
    if not isinstance(usage, dict):
        return None, None, None
    cost, tokens_in, tokens_out = 0.0, 0, 0
    for raw in usage.values():
        model = as_dict(raw)
        cost += as_amount(model.get("costUSD")) or 0.0
        for key in ("inputTokens", "cacheReadInputTokens", "cacheCreationInputTokens"):
            tokens_in += as_count(model.get(key)) or 0
        tokens_out += as_count(model.get("outputTokens")) or 0
    return cost, tokens_in, tokens_out
