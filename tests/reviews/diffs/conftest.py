import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import pytest

GIT_ENV = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}


@dataclass(frozen=True)
class Repo:
    """A real repository whose working files are committed as they stand."""

    root: Path

    def git(self, *arguments: str) -> bytes:
        done = subprocess.run(["git", *arguments], cwd=self.root, env=GIT_ENV, capture_output=True, check=True)
        return done.stdout

    def commit(self) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "x")
        return self.git("rev-parse", "HEAD").decode().strip()

    def patch(self, old: str, new: str, *paths: str, context: int = 3) -> bytes:
        return self.git("diff", "--no-color", "--no-ext-diff", "-M", f"-U{context}", old, new, "--", *paths)


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    root = tmp_path / "repo"
    root.mkdir()
    made = Repo(root)
    made.git("init", "-q", "-b", "main")
    made.git("config", "core.autocrlf", "false")
    return made


@pytest.fixture
def patch_of(repo: Repo) -> Callable[[bytes | None, bytes | None], bytes]:
    """git's patch from one content of a file to another; None: no such file."""

    def make(old: bytes | None, new: bytes | None, context: int = 3) -> bytes:
        commits = []
        for content in (old, new):
            file = repo.root / "file.txt"
            file.unlink(missing_ok=True)
            if content is not None:
                file.write_bytes(content)
            commits.append(repo.commit())
        return repo.patch(*commits, context=context)

    return make


class Page(HTMLParser):
    """What a browser would see: the tags and attributes, and the text of every code cell."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.rows: list[dict[str, str | None]] = []
        self.cells: list[str] = []
        self.codes: list[str] = []
        self._cell = ""
        self.feed(html)
        self.close()
        self._end_cell()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag in ("tr", "td"):
            self._end_cell()
        if tag == "tr":
            self.rows.append(dict(attrs))
        if tag == "td":
            self._cell = dict(attrs).get("class") or "-"
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "tr", "tbody", "table"):
            self._end_cell()

    def handle_data(self, data: str) -> None:
        if self._cell:
            self.cells[-1] += data

    def _end_cell(self) -> None:
        if self._cell == "code":
            self.codes.append(self.cells[-1].removesuffix("\n"))
        self._cell = ""

    @property
    def lines(self) -> list[dict[str, str | None]]:
        return [row for row in self.rows if (row.get("class") or "").startswith("line ")]


@pytest.fixture
def read_page() -> Callable[[str], Page]:
    return Page
