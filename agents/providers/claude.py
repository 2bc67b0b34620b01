"""Claude Code, run headless: the prompt on stdin, JSON lines on stdout."""

import hashlib
import json
import os
import platform
from pathlib import Path

from agents.providers.base import (
    Capabilities,
    Launch,
    LaunchRequest,
    check_environment,
    find_program,
    is_program,
    write_private_file,
)
from agents.providers.claude_output import read_claude_line
from agents.providers.events import OutputEvent
from cw_site.foundation.errors import Invalid

ADVICE = "Install it with `npm install -g @anthropic-ai/claude-code`, or set the path of the program."
DISALLOWED_TOOLS = "WebFetch,WebSearch,Workflow,CronCreate,ScheduleWakeup,SendMessage"
SETTINGS = json.dumps({"includeCoAuthoredBy": False}, separators=(",", ":"))
MAX_RETRIES = "4"
LOGIN_FILE = ".credentials.json"
CONFIG_FILE = ".claude.json"
MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


class Claude:
    """The provider. A stop is SIGINT (it writes a result and ends its tools), then SIGTERM."""

    name = "claude"
    label = "Claude Code"
    capabilities = Capabilities(resume=True, cost=True, limits=True, steering=False)

    def find_executable(self, configured: str | None) -> str:
        """The native binary when it lies beside the npm launcher, else what was found. Raises ProviderMissing."""
        found = find_program("claude", configured, advice=ADVICE)
        return native_binary(Path(found)) or found

    def launch(self, request: LaunchRequest) -> Launch:
        """The command for one session; its id is ours from the first moment."""
        argv = [request.executable, "-p", "--output-format", "stream-json", "--verbose"]
        argv += ["--dangerously-skip-permissions", "--settings", SETTINGS, "--disallowedTools", DISALLOWED_TOOLS]
        if request.model:
            argv += ["--model", request.model]
        if request.max_turns:
            argv += ["--max-turns", str(request.max_turns)]
        argv += ["--resume" if request.resume else "--session-id", request.session_id]
        env = {
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "CLAUDE_CODE_MAX_RETRIES": MAX_RETRIES,
            "CLAUDE_CODE_EAGER_FLUSH": "1",
            "DISABLE_AUTOUPDATER": "1",
        }
        if os.geteuid() == 0:
            env["IS_SANDBOX"] = "1"
        if request.config_dir is not None:
            env["CLAUDE_CONFIG_DIR"] = str(request.config_dir)
        return Launch(
            argv=argv,
            env=env | dict(request.account_env),
            stdin=request.prompt.encode("utf-8", "replace"),
            stop_signals=(("SIGINT", 10.0), ("SIGTERM", 5.0)),
        )

    def read_line(self, line: bytes) -> list[OutputEvent]:
        """What a line means; never raises."""
        return read_claude_line(line)

    def write_account(self, folder: Path, *, config_json: str, credentials: str) -> dict[str, str]:
        """Write `.claude.json` and `.credentials.json` and return the account's environment.

        `credentials` may be the login file's JSON, an API key or a long-lived token; an "env" object in `config_json`
        becomes environment. The CLI refreshes its login in place: a file made from the same text is left alone.
        """
        config, env = _read_config(config_json)
        credentials = credentials.strip()
        login = ""
        if credentials.startswith("{"):
            login = _check_login(credentials)
        elif credentials:
            if len(credentials.split()) != 1:
                raise Invalid(
                    "These credentials are neither JSON nor a key.",
                    {"credentials": ["Paste .credentials.json, an API key or a long-lived token."]},
                )
            oauth = credentials.startswith("sk-ant-oat")
            env["CLAUDE_CODE_OAUTH_TOKEN" if oauth else "ANTHROPIC_API_KEY"] = credentials
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_once(folder, LOGIN_FILE, login)
        _write_once(folder, CONFIG_FILE, json.dumps(config) if config else "")
        _share_sessions(folder)
        return env


def _read_config(config_json: str) -> tuple[dict[str, object], dict[str, str]]:
    """The configuration without its "env", and that env. Raises Invalid."""
    try:
        config = json.loads(config_json) if config_json.strip() else {}
    except (ValueError, RecursionError) as error:
        raise Invalid("The configuration is not valid JSON.", {"config_json": [f"Not JSON: {error}."]}) from error
    if not isinstance(config, dict):
        raise Invalid("The configuration is not an object.", {"config_json": ["It must be a JSON object."]})
    return config, check_environment(config.pop("env", {}))


def _check_login(credentials: str) -> str:
    """The login file's text, if it is one. Raises Invalid."""
    try:
        parsed = json.loads(credentials)
    except (ValueError, RecursionError) as error:
        raise Invalid("The credentials are not valid JSON.", {"credentials": [f"Not JSON: {error}."]}) from error
    if not isinstance(parsed, dict) or not parsed:
        raise Invalid("The credentials hold no login.", {"credentials": ["Paste the whole .credentials.json."]})
    return credentials


def _write_once(folder: Path, name: str, text: str) -> None:
    """Write the file unless it was already made from this very text: since then the CLI may have refreshed it, and
    the older token in our text would log the account out. An empty text removes what we wrote before."""
    record = folder / f".cw-{name.strip('.')}.sha256"
    digest = hashlib.sha256(text.encode()).hexdigest()
    written = record.read_text() if record.exists() else ""
    if not text:
        if written:
            (folder / name).unlink(missing_ok=True)
            record.unlink()
        return
    if written == digest and (folder / name).exists():
        return
    write_private_file(folder / name, text.encode())
    write_private_file(record, digest.encode())


def _share_sessions(folder: Path) -> None:
    """All accounts of a pool keep their conversations in one place, so that a session can go on with another."""
    shared = folder.parent / "claude-sessions"
    shared.mkdir(exist_ok=True, mode=0o700)
    projects = folder / "projects"
    if not projects.exists() and not projects.is_symlink():
        projects.symlink_to(Path("..") / shared.name, target_is_directory=True)


def native_binary(launcher: Path) -> str | None:
    """The real program behind an npm launcher, if it can be found: killing only the launcher would leave it alive."""
    real = launcher.resolve()
    machine = MACHINES.get(platform.machine().lower())
    scope = next((parent for parent in real.parents if parent.name == "@anthropic-ai"), None)
    if machine is None or scope is None or _is_elf(real):
        return None
    package = real.relative_to(scope).parts[0]
    for root in (scope, scope / package / "node_modules" / "@anthropic-ai"):
        for flavour in ("", "-musl"):
            binary = root / f"claude-code-linux-{machine}{flavour}" / "claude"
            if is_program(binary):
                return str(binary)
    return None


def _is_elf(path: Path) -> bool:
    """Whether the file is a native program already."""
    try:
        with open(path, "rb") as file:
            return file.read(4) == b"\x7fELF"
    except OSError:
        return False
