"""Typed readers of the environment, and the keys that are generated into the data folder."""

import os
import secrets
from pathlib import Path


def text(name: str, default: str = "") -> str:
    """The variable's text, or the default where it is unset or empty."""
    return os.environ.get(name, "").strip() or default


def number(name: str, default: int) -> int:
    """The variable as a whole number; raises ValueError with the variable's name."""
    raw = text(name)
    if not raw:
        return default
    try:
        return int(raw)
    except ValueError:
        raise ValueError(f"{name} must be a whole number, not {raw!r}.") from None


def flag(name: str, *, default: bool = False) -> bool:
    """The variable as yes or no: 1, true, yes, on."""
    raw = text(name).lower()
    return default if not raw else raw in {"1", "true", "yes", "on"}


def words(name: str) -> list[str]:
    """The variable as a list, separated by commas."""
    return [word.strip() for word in text(name).split(",") if word.strip()]


def private_folder(path: Path) -> Path:
    """Make the folder, and keep it to this user (0700)."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.stat().st_mode & 0o077:
        path.chmod(0o700)
    return path


def stored_key(folder: Path, name: str) -> str:
    """A random key that is made once and kept in a file only this user can read (0600)."""
    return stored_text(folder, name, secrets.token_urlsafe(48))


def stored_text(folder: Path, name: str, first: str) -> str:
    """The text of a private file, which is `first` where the file is not there yet.

    Two processes that start at once agree: the file is linked into place and the loser reads the winner's.
    """
    target = private_folder(folder) / name
    if not target.exists():
        draft = folder / f".{name}.{os.getpid()}.{secrets.token_hex(4)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(first)
        try:
            os.link(draft, target)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return target.read_text(encoding="utf-8").strip()
