"""An agent without a model: a separate program plays a script, so that everything can be tried and tested."""

import json
import sys
from pathlib import Path

from agents.providers.base import (
    Capabilities,
    Launch,
    LaunchRequest,
    ProviderMissing,
    check_environment,
    is_program,
    write_private_file,
)
from agents.providers.events import (
    End,
    Ended,
    Limit,
    OutputEvent,
    SessionStarted,
    Text,
    ToolCall,
    ToolResult,
    Unread,
)
from agents.providers.parsing import Unreadable, as_dict, as_text, as_time, parse_object, unread_text
from cw_site.foundation.errors import Invalid

PROGRAM = Path(__file__).with_name("scripted_cli.py")
ENDS: dict[str, End] = {"success": "success", "limit": "limit", "stopped": "stopped", "error": "error"}


class Scripted:
    """The provider. Its program is ours and needs nothing but Python and, for commits, git."""

    name = "scripted"
    label = "Scripted agent"
    capabilities = Capabilities(resume=True, cost=False, limits=True, steering=False)

    def find_executable(self, configured: str | None) -> str:
        """The Python to run the program with: the configured one, else our own. Raises ProviderMissing."""
        found = configured or sys.executable
        if not found or not is_program(found):
            raise ProviderMissing(f"{found or 'Python'} cannot be run. Set the path of a Python 3.12 or later.")
        return found

    def launch(self, request: LaunchRequest) -> Launch:
        """The command for one session."""
        state = request.config_dir / "sessions" if request.config_dir else request.working_dir / ".cw" / "scripted"
        argv = [request.executable, "-I", str(PROGRAM), "--state", str(state)]
        if request.model:
            argv += ["--model", request.model]
        argv += ["--resume" if request.resume else "--session-id", request.session_id]
        return Launch(
            argv=argv,
            env=dict(request.account_env),
            stdin=request.prompt.encode("utf-8", "replace"),
            stop_signals=(("SIGINT", 3.0), ("SIGTERM", 2.0)),
        )

    def read_line(self, line: bytes) -> list[OutputEvent]:
        """What a line means; never raises."""
        if not line.strip():
            return []
        try:
            return [_read(parse_object(line))]
        except Unreadable:
            return [Unread(unread_text(line))]

    def write_account(self, folder: Path, *, config_json: str, credentials: str) -> dict[str, str]:
        """Keep the credentials (any text) in a file; an "env" object in `config_json` becomes environment. All accounts
        share their sessions, as a real pool does."""
        try:
            config = json.loads(config_json) if config_json.strip() else {}
        except (ValueError, RecursionError) as error:
            raise Invalid("The configuration is not valid JSON.", {"config_json": [f"Not JSON: {error}."]}) from error
        env = check_environment(as_dict(config).get("env", {}))
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if credentials:
            write_private_file(folder / "credentials", credentials.encode("utf-8", "replace"))
        shared = folder.parent / "scripted-sessions"
        shared.mkdir(exist_ok=True, mode=0o700)
        sessions = folder / "sessions"
        if not sessions.exists() and not sessions.is_symlink():
            sessions.symlink_to(Path("..") / shared.name, target_is_directory=True)
        return env


def _read(item: dict[str, object]) -> OutputEvent:
    """The event of one parsed line. Raises Unreadable."""
    match as_text(item.get("type")):
        case "session":
            return SessionStarted(as_text(item.get("session_id")), as_text(item.get("model")) or None)
        case "text":
            return Text(as_text(item.get("text")))
        case "tool":
            name = as_text(item.get("name")) or "tool"
            return ToolCall(as_text(item.get("id")), name, as_dict(item.get("input")))
        case "tool_result":
            output = as_text(item.get("output"))
            return ToolResult(as_text(item.get("id")), output, item.get("is_error") is True)
        case "limit":
            return Limit(as_text(item.get("status")), as_time(item.get("resets_at")))
        case "result":
            end = ENDS.get(as_text(item.get("end")), "error")
            return Ended(
                ok=end == "success",
                text=as_text(item.get("text")),
                end=end,
                reason=as_text(item.get("reason")),
                resets_at=as_time(item.get("resets_at")),
            )
        case kind:
            raise Unreadable(f"unknown kind {kind!r}")
