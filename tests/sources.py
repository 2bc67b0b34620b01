"""The files of this project as git knows them, for the tests that read them."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@cache
def project_files() -> list[Path]:
    """Every file that is tracked or about to be, relative to the root."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout.decode().split("\0")
    return sorted(Path(name) for name in set(names) if name and (ROOT / name).is_file())


def python_files(*folders: str) -> list[Path]:
    """Our Python below these folders (all of it where none is named), migrations left out."""
    return [
        path
        for path in project_files()
        if path.suffix == ".py" and "migrations" not in path.parts and (not folders or path.parts[0] in folders)
    ]


def text_of(path: Path) -> str:
    """What the file says."""
    return (ROOT / path).read_text(encoding="utf-8")


def nodes(path: Path) -> Iterator[ast.AST]:
    """Every node of the file's syntax tree."""
    yield from ast.walk(ast.parse(text_of(path), filename=str(path)))
