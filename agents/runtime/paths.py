"""Where the files of agents lie in the data folder. Paths come from ids, never from names."""

from pathlib import Path

from django.conf import settings


def agent_folder(agent_id: str) -> Path:
    """Everything of one agent."""
    return Path(settings.CW_DATA_DIR) / "agents" / agent_id


def session_folder(agent_id: str, number: int) -> Path:
    """One session: launch.json, prompt.txt, output.jsonl, stderr.log, lock, pid.json, exit.json."""
    return agent_folder(agent_id) / "sessions" / str(number)


def account_folder(account_id: str) -> Path:
    """The configuration folder that an account's sessions share."""
    return Path(settings.CW_DATA_DIR) / "accounts" / account_id


def private_folder(path: Path) -> Path:
    """Make sure that the folder is there, for its owner only."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path
