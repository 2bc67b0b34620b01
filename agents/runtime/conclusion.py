"""How a session ended, judged from the last terminal event, the signal and the exit code together.

None of them is enough. A CLI may exit 0 after it was interrupted, call a refused request a success, print two terminal
events, or none; and an agent may finish well and forget to signal.
"""

from collections.abc import Iterable
from dataclasses import dataclass
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
    ToolCall,
    Unread,
    Usage,
)
from agents.runtime.cw_files import Signal

WAITING_ON_MODEL: dict[str, End] = {
    "authentication_failed": "auth",
    "billing_error": "auth",
    "rate_limit": "overload",
    "overloaded": "overload",
    "server_error": "overload",
}


@dataclass(frozen=True, slots=True)
class Totals:
    """Money and tokens of a CLI's whole session, as it counts them over all its runs."""

    cost_usd: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Conclusion:
    """How a session ended.

    `reason` is a sentence (empty for a success). `resets_at`: when a usage limit is over, if the CLI said so.
    `text` is the agent's last word, the task's summary. `session_id` is what the CLI called its session: compare it
    with what was asked for. Cost and tokens are this run's own; `totals` is what to pass as `previous` next time,
    None when the CLI counts no totals. `session_missing`: the CLI no longer has the session; start afresh.
    """

    end: End
    reason: str
    resets_at: datetime | None
    session_id: str | None
    text: str
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    tool_calls: int
    unread_lines: int
    totals: Totals | None = None
    session_missing: bool = False


class Reading:
    """What matters of a session's events, gathered one by one; cheap enough for millions."""

    def __init__(self) -> None:
        self.session_id: str | None = None
        self.last_text = ""
        self.ended: Ended | None = None
        self.failure: Failure | None = None
        self.retry: Retry | None = None
        self.rejected: Limit | None = None
        self.usage: Usage | None = None
        self.turns: list[Ended] = []
        self.tool_calls = 0
        self.unread_lines = 0

    def add(self, event: OutputEvent) -> None:
        """Take one event in."""
        match event:
            case SessionStarted():
                # Another turn began in the same process: the terminal event of the one before no longer counts.
                self.session_id, self.ended, self.failure = event.session_id or self.session_id, None, None
            case Text():
                self.last_text, self.retry = event.text, None
            case ToolCall():
                self.tool_calls, self.retry = self.tool_calls + 1, None
            case Usage(cumulative=True):
                self.usage = event
            case Limit(status="rejected"):
                self.rejected = event
            case Retry():
                self.retry = event
            case Failure():
                self.failure = event
            case Ended():
                self.ended = event
                self.turns.append(event)
            case Unread():
                self.unread_lines += 1
            case _:
                pass


def conclude(
    events: Iterable[OutputEvent],
    *,
    exit_code: int | None,
    signal: Signal | None,
    stopped: bool,
    lost: bool,
    previous: Totals | None = None,
    settled: bool = False,
    stderr: str = "",
) -> Conclusion:
    """Judge a session that is over.

    `exit_code` is negative for a death by signal. `stopped`: we ended it on somebody's wish. `settled`: we ended it
    because it had said its last word and would not go (then the exit code means nothing). `lost`: its shim was
    killed, so nobody knows the exit code. `previous`: the totals that the runs before this one reported. `stderr`: its
    end, used as the reason where there is no better one.
    """
    reading = Reading()
    for event in events:
        reading.add(event)
    end, reason = _judge(reading, exit_code, signal, stopped=stopped, lost=lost, settled=settled, stderr=stderr)
    ended, failure = reading.ended, reading.failure
    resets_at = None
    if end == "limit":
        known = (
            ended and ended.resets_at,
            failure and failure.resets_at,
            reading.rejected and reading.rejected.resets_at,
        )
        resets_at = next((time for time in known if time), None)
    cost, tokens_in, tokens_out = _spent(reading, previous)
    return Conclusion(
        end=end,
        reason=reason,
        resets_at=resets_at,
        session_id=reading.session_id,
        text=(ended.text if ended and ended.text else reading.last_text).strip(),
        input_tokens=tokens_in,
        output_tokens=tokens_out,
        cost_usd=cost,
        tool_calls=reading.tool_calls,
        unread_lines=reading.unread_lines,
        totals=_totals(reading.usage, previous),
        session_missing=bool(ended and not ended.ok and ended.reason == SESSION_MISSING),
    )


def _judge(
    reading: Reading,
    exit_code: int | None,
    signal: Signal | None,
    *,
    stopped: bool,
    lost: bool,
    settled: bool,
    stderr: str,
) -> tuple[End, str]:
    """The end and its reason."""
    ended = reading.ended
    clean = ended is not None and ended.ok and not lost and (settled or exit_code == 0)
    if clean and (not stopped or (signal is not None and signal.status == "done")):
        return _judge_signal(signal)
    if stopped:
        return "stopped", "It was stopped."
    if ended is not None and not ended.ok:
        return _judge_failure(reading, ended)
    if lost:
        return "crashed", "The process that watched over it was killed, so how it ended is unknown."
    if ended is None and reading.failure is not None:
        return reading.failure.end, reading.failure.text
    if ended is None and reading.retry is not None and reading.retry.reason in WAITING_ON_MODEL:
        end = WAITING_ON_MODEL[reading.retry.reason]
        return end, f"It ended while it waited for the model ({reading.retry.reason.replace('_', ' ')})."
    return "crashed", _death(exit_code, stderr, had_ended=ended is not None)


def _judge_signal(signal: Signal | None) -> tuple[End, str]:
    """The CLI ended well; the agent's signal says whether its work did."""
    if signal is None:
        return "unfinished", "It ended without a signal (.cw/output/signal.json)."
    match signal.status:
        case "done":
            return "success", ""
        case "questions":
            return "question", f"It asks {len(signal.questions)} question{'s' * (len(signal.questions) != 1)}."
        case "error":
            return "error", signal.error
        case _:
            return "unfinished", f"Its signal cannot be read. {signal.error}"


def _judge_failure(reading: Reading, ended: Ended) -> tuple[End, str]:
    """The CLI itself says that it failed; a failure just before it may know the kind better."""
    failure = reading.failure
    end = failure.end if failure is not None and ended.end == "error" else ended.end
    said = ended.reason if ended.reason and ended.reason != SESSION_MISSING else ended.text
    if ended.reason == SESSION_MISSING:
        said = said or "The CLI no longer has this session."
    return end, said or (failure.text if failure else "") or "It failed without saying why."


def _death(exit_code: int | None, stderr: str, *, had_ended: bool) -> str:
    """A sentence about a process that ended without a terminal event, or badly after one."""
    if exit_code is None:
        how = "It ended without an exit code"
    elif exit_code < 0:
        how = f"It was killed by signal {-exit_code}"
    else:
        how = f"It ended with exit code {exit_code}"
    how += " after its last answer." if had_ended else " before it gave a result."
    last = [line.strip() for line in stderr.split("\n") if line.strip()]
    return f"{how} It said: {last[-1][:300]}" if last else how


def _totals(usage: Usage | None, previous: Totals | None) -> Totals | None:
    """What the session has used in all, for the next run to subtract; what is not said again stays as it was."""
    if usage is None:
        return previous
    return Totals(usage.cost_usd or 0.0, usage.input_tokens or 0, usage.output_tokens or 0)


def _spent(reading: Reading, previous: Totals | None) -> tuple[float | None, int | None, int | None]:
    """Cost and tokens of this run: the totals less what was there before, else the sum of its turns. Never negative:
    a CLI's total can shrink when a run was killed."""
    usage = reading.usage
    if usage is not None and previous is not None:
        cost = None if usage.cost_usd is None else max(0.0, usage.cost_usd - previous.cost_usd)
        before_in, before_out = previous.input_tokens, previous.output_tokens
        tokens_in = None if usage.input_tokens is None else max(0, usage.input_tokens - before_in)
        tokens_out = None if usage.output_tokens is None else max(0, usage.output_tokens - before_out)
        return cost, tokens_in, tokens_out
    costs = [turn.cost_usd for turn in reading.turns if turn.cost_usd is not None]
    inputs = [turn.input_tokens for turn in reading.turns if turn.input_tokens is not None]
    outputs = [turn.output_tokens for turn in reading.turns if turn.output_tokens is not None]
    return (
        sum(costs) if costs else None,
        sum(inputs) if inputs else None,
        sum(outputs) if outputs else None,
    )
