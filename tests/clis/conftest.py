"""The real CLIs: found on this machine by a setting, else installed from npm at a pinned version, never skipped."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CLAUDE_PACKAGE = "@anthropic-ai/claude-code-linux-x64@2.1.330"


@pytest.fixture(scope="session")
def claude_executable() -> str:
    """The native Claude Code binary. Fails, and does not skip, where it cannot be had."""
    named = os.environ.get("CW_CLAUDE", "")
    if named:
        return named
    home = Path(__file__).resolve().parent.parent.parent / ".venv" / "clis" / CLAUDE_PACKAGE.rsplit("@", 1)[1]
    binary = home / "node_modules" / "@anthropic-ai" / "claude-code-linux-x64" / "claude"
    if not binary.exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.fail("Neither Claude Code nor npm is here: install npm, or name the binary in CW_CLAUDE.")
        home.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [npm, "install", "--prefix", home, "--no-save", "--ignore-scripts", "--no-audit", CLAUDE_PACKAGE],
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=600,
        )
    return str(binary)
