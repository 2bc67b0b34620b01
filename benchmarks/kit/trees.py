"""Test repositories, made from sources that are on every machine with our environment: Django and Python's library."""

import random
import shutil
import sysconfig
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import django

from tests.factories import run_git

LARGE = 7000
"""Files of the large tree at scale 1, as Django's own repository has."""
LARGEST_FILE = 400_000
_ENDINGS = {".py", ".pyi", ".txt", ".html", ".js", ".css", ".po", ".svg", ".toml", ".cfg", ".md", ".json"}


def make_tiny(path: Path) -> Path:
    """A repository of five files on the branch main."""
    path.mkdir(parents=True)
    for number in range(5):
        (path / f"file_{number}.py").write_text(f"NUMBER = {number}\n" * 20)
    return _commit_all(path)


def make_large(path: Path, *, files: int = LARGE) -> Path:
    """A repository of real sources on the branch main."""
    for root, source in islice(_sources(), files):
        target = path / root.name / source.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    return _commit_all(path)


def branch_with_edits(
    path: Path,
    branch: str,
    *,
    files: int,
    hunks: int,
    removed: int = 3,
    added: int = 5,
    lines: tuple[int, int] = (0, 0),
) -> str:
    """A branch off main on which that many Python files are edited in several places; returns its commit.

    `lines`: only files with a length between these. The same edits every time.
    """
    chance = random.Random(branch)
    run_git(path, "checkout", "--quiet", "-B", branch, "main")
    edited = 0
    for file in sorted(path.rglob("*.py")):
        text = file.read_bytes().decode("utf-8", "surrogateescape").split("\n")
        if len(text) < (lines[0] or 20) or (lines[1] and len(text) > lines[1]):
            continue
        file.write_bytes("\n".join(_edit(text, chance, hunks, removed, added)).encode("utf-8", "surrogateescape"))
        edited += 1
        if edited == files:
            break
    return _commit(path, f"Edit {edited} files")


def branch_with_file(path: Path, branch: str) -> str:
    """A branch off main with one more file; returns its commit."""
    run_git(path, "checkout", "--quiet", "-B", branch, "main")
    (path / f"{branch}.py").write_text(f"NAME = {branch!r}\n")
    return _commit(path, f"Add {branch}")


def _sources() -> Iterator[tuple[Path, Path]]:
    """(root, file) of Django, then the standard library, then whatever else is installed."""
    package = Path(django.__file__).parent
    paths = sysconfig.get_paths()
    library, installed = Path(paths["stdlib"]), Path(paths["purelib"])
    for root in (package, library, installed):
        for file in sorted(root.rglob("*")):
            again = root != package and file.is_relative_to(package)
            inside = root == library and "site-packages" in file.parts
            if again or inside or "__pycache__" in file.parts or file.suffix not in _ENDINGS:
                continue
            if file.is_file() and not file.is_symlink() and file.stat().st_size <= LARGEST_FILE:
                yield root, file


def _edit(text: list[str], chance: random.Random, hunks: int, removed: int, added: int) -> list[str]:
    """Replace `removed` lines by `added` changed ones at `hunks` places, last place first."""
    places = sorted((chance.randrange(len(text)) for _ in range(hunks)), reverse=True)
    for at in places:
        source = chance.randrange(max(1, len(text) - added))
        text[at : at + removed] = [f"{line}  # edited" for line in text[source : source + added]]
    return text


def _commit_all(path: Path) -> Path:
    run_git(path, "init", "--quiet", "--initial-branch=main")
    run_git(path, "config", "gc.auto", "0")
    _commit(path, "Begin")
    return path


def _commit(path: Path, message: str) -> str:
    run_git(path, "add", "--all", "--force")
    run_git(path, "commit", "--quiet", f"--message={message}")
    return run_git(path, "rev-parse", "HEAD")
