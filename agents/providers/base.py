"""What every provider of a coding CLI offers.

A new one is a small module with this shape and a line in the registry.
"""

import os
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from agents.providers.events import OutputEvent
from cw_site.foundation.errors import DomainError, Invalid

StopSignals = tuple[tuple[str, float], ...]


class ProviderMissing(DomainError):
    """The CLI is not installed here; the message says what to install."""

    code = "provider_missing"
    status = 409


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the CLI can do. `resume`: go on with an ended session. `cost`: it reports money. `limits`: it says when a
    usage limit ends. `steering`: it takes messages while it works."""

    resume: bool
    cost: bool
    limits: bool
    steering: bool


@dataclass(frozen=True, slots=True)
class LaunchRequest:
    """One session to start or resume. `config_dir` None: the login that this machine's user has.

    `account_env` is what `write_account` returned. `max_turns` None: no cap.
    """

    prompt: str
    working_dir: Path
    session_id: str
    executable: str
    resume: bool = False
    config_dir: Path | None = None
    model: str | None = None
    account_env: Mapping[str, str] = field(default_factory=dict)
    max_turns: int | None = None


@dataclass(frozen=True, slots=True)
class Launch:
    """What to run. `env` is the provider's own part, to be added to the allow-listed environment.

    `stop_signals`: (signal name, seconds to wait after it), in order; whoever is left then is killed.
    """

    argv: list[str]
    env: dict[str, str]
    stdin: bytes
    stop_signals: StopSignals


class Provider(Protocol):
    """One kind of coding CLI."""

    name: str
    label: str
    capabilities: Capabilities

    def find_executable(self, configured: str | None) -> str:
        """The program to run: the configured path, else the one found. Raises ProviderMissing."""

    def launch(self, request: LaunchRequest) -> Launch:
        """The command for this session. Touches nothing."""

    def read_line(self, line: bytes) -> list[OutputEvent]:
        """What one line of output means. Never raises; what it cannot read comes back as `Unread`."""

    def write_account(self, folder: Path, *, config_json: str, credentials: str) -> dict[str, str]:
        """Put an account's files (0600) into `folder` and return its environment. Raises Invalid for a bad account."""


def new_session_id() -> str:
    """An id chosen by us before the start, so that it is known even if the CLI dies before its first line."""
    return str(uuid.uuid4())


def is_program(path: str | Path) -> bool:
    """Whether the path is a file that can be run."""
    return os.path.isfile(path) and os.access(path, os.X_OK)


def find_program(name: str, configured: str | None, *, advice: str) -> str:
    """The configured program, else `name` on PATH. Raises ProviderMissing with the advice."""
    if configured:
        found = shutil.which(os.path.expanduser(configured))
        if found is None:
            raise ProviderMissing(f"The configured program {configured} is not there or cannot be run. {advice}")
        return os.path.abspath(found)
    found = shutil.which(name)
    if found is None:
        raise ProviderMissing(f"{name} was not found on PATH. {advice}")
    return os.path.abspath(found)


def write_private_file(path: Path, data: bytes) -> None:
    """Write a file only its owner can read, all at once; never through a link that lies in its place."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def check_environment(values: object) -> dict[str, str]:
    """An account's extra environment, checked: names and texts only. Raises Invalid."""
    if not isinstance(values, dict):
        raise Invalid('"env" must be an object of names and texts.', {"config_json": ["env is not an object."]})
    for name, value in values.items():
        plain = isinstance(name, str) and name.isidentifier() and name.isascii()
        if not plain or not isinstance(value, str) or "\0" in value:
            raise Invalid(
                f'"env" holds {name!r}, which is not a variable with a text.',
                {"config_json": [f"env: {name!r} is not a variable with a text."]},
            )
    return dict(values)
