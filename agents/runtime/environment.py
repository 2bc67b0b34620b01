"""The environment of an agent: made from nothing, by a list of what it may have. Ours is never handed on."""

import os
import pwd
import sys
from collections.abc import Mapping
from pathlib import Path

from agents.runtime.process import MARKER_NAME

FALLBACK_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def agent_environment(
    *,
    session_marker: str,
    home: Path | None,
    tmp: Path,
    path: str,
    extra: Mapping[str, str],
    git_name: str,
    git_email: str,
) -> dict[str, str]:
    """Everything an agent's process gets.

    `home` None: the home of this machine's user, for the login that lies there. `path` is PATH for the agent's
    programs. `extra` is the provider's and the account's part. The marker is last: it is how the session's processes
    are found again, and nothing may overwrite it.
    """
    home_dir, user = _machine_user()
    environment = {
        "PATH": path or FALLBACK_PATH,
        "HOME": str(home) if home is not None else home_dir,
        "USER": user,
        "LOGNAME": user,
        "SHELL": "/bin/sh",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TERM": "dumb",
        "TMPDIR": str(tmp),
        "NO_COLOR": "1",
        "CI": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": git_name,
        "GIT_AUTHOR_EMAIL": git_email,
        "GIT_COMMITTER_NAME": git_name,
        "GIT_COMMITTER_EMAIL": git_email,
    }
    return environment | dict(extra) | {MARKER_NAME: session_marker}


def agent_path(inherited: str | None = None) -> str:
    """PATH for agents: ours, without the folder of our own virtual environment and without relative entries."""
    inherited = os.environ.get("PATH", "") if inherited is None else inherited
    ours = {sys.prefix, os.environ.get("VIRTUAL_ENV", sys.prefix)} - {sys.base_prefix}
    unwanted = {os.path.join(folder, "bin") for folder in ours}
    kept = [entry for entry in inherited.split(os.pathsep) if os.path.isabs(entry) and entry not in unwanted]
    return os.pathsep.join(kept) or FALLBACK_PATH


def _machine_user() -> tuple[str, str]:
    """Home and name of the user we run as; a container may run as one without an entry."""
    try:
        name = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        name = str(os.geteuid())
    return os.path.expanduser("~"), name
