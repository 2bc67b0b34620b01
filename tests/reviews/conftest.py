"""A real project with real branches: what the review pages and ticks work on."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from agents.models import Agent
from agents.repositories import AgentRepository
from cw_site.foundation.clock import now
from cw_site.git.refs import read_ref
from initiatives.actions.branches import clone_of, ensure_initiative_branch, ensure_phase_branch, ensure_task_branch
from initiatives.actions.project import carry_out_sync
from initiatives.models import Branch, Initiative, Phase, Project, Task
from initiatives.repositories import PhaseRepository, ProjectRepository, TaskRepository
from reviews import file_views
from reviews.diffs.highlight_cache import HighlightCache
from tests.factories import make_agent, make_initiative, make_phase, make_project, make_task, run_git

FILES = {
    "app.py": "".join(f"line {number}\n" for number in range(1, 21)),
    "README.md": "# The project\n",
}


type Files = Mapping[str, str | bytes | None] | Mapping[bytes, str | bytes | None]


@pytest.fixture(autouse=True)
def _own_colours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test had coloured is not at hand for another."""
    kept = HighlightCache(tmp_path / "highlight")
    monkeypatch.setattr(file_views, "_cache", lambda: kept)


def commit_on(project: Project, branch: str, files: Files, *, message: str = "Work") -> str:
    """Commit files (None deletes) on a branch of our clone, as an agent's worktree would; returns the commit."""
    clone = clone_of(project)
    index = clone.root / f"index-{os.getpid()}"
    environment = {
        "PATH": os.environ["PATH"],
        "GIT_DIR": str(clone.git_dir),
        "GIT_INDEX_FILE": str(index),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "HOME": "/nonexistent",
        "GIT_AUTHOR_NAME": "brisk-otter",
        "GIT_AUTHOR_EMAIL": "agent@localhost",
        "GIT_COMMITTER_NAME": "brisk-otter",
        "GIT_COMMITTER_EMAIL": "agent@localhost",
    }

    def git(*arguments: str | bytes, data: bytes = b"") -> str:
        done = subprocess.run(["git", *arguments], env=environment, input=data, check=True, capture_output=True)
        return done.stdout.decode().strip()

    parent = git("rev-parse", f"refs/heads/{branch}")
    git("read-tree", parent)
    entries = b""
    for name, content in files.items():
        path = name if isinstance(name, bytes) else name.encode()
        if content is None:
            entries += b"0 " + b"0" * 40 + b"\t" + path + b"\0"
            continue
        data = content if isinstance(content, bytes) else content.encode()
        oid = git("hash-object", "-w", "--stdin", data=data)
        entries += f"100644 {oid}\t".encode() + path + b"\0"
    git("update-index", "-z", "--index-info", data=entries)
    commit = git("commit-tree", git("write-tree"), "-p", parent, "-m", message)
    git("update-ref", f"refs/heads/{branch}", commit, parent)
    index.unlink()
    return commit


def tip(project: Project, branch: str) -> str:
    """Where a branch of our clone is."""
    commit = read_ref(clone_of(project), f"refs/heads/{branch}")
    assert commit is not None, f"{branch} is missing"
    return commit


def replace_line(number: int, text: str) -> str:
    """app.py with one line changed."""
    lines = FILES["app.py"].splitlines(keepends=True)
    lines[number - 1] = f"{text}\n"
    return "".join(lines)


@dataclass
class World:
    """One project, one initiative, one phase in progress with its branches."""

    source: Path
    project: Project
    initiative: Initiative
    phase: Phase
    initiative_branch: Branch
    phase_branch: Branch

    def add_phase(self, **fields: Any) -> tuple[Phase, Branch]:
        """Another phase in progress."""
        phase = make_phase(self.initiative, status="in_progress", **fields)
        return phase, ensure_phase_branch(phase, self.project)

    def do_task(
        self, files: Files, *, phase: Phase | None = None, summary: str = "Did it.", **fields: Any
    ) -> tuple[Task, Agent]:
        """A task whose agent has committed the files on its branch and says that it is done."""
        task = make_task(phase or self.phase, status="in_progress", **fields)
        branch = ensure_task_branch(task, self.project)
        commit_on(self.project, branch.name, files, message=f"Do {task.name}")
        return task, self.finish_agent(task, summary=summary)

    def finish_agent(self, task: Task, *, summary: str = "Did it.") -> Agent:
        """The task's agent, done."""
        folder = settings.CW_DATA_DIR / "agents" / task.pk / "work"
        (folder / ".cw" / "output").mkdir(parents=True, exist_ok=True)
        result = json.dumps({"status": "done", "summary": summary})
        return make_agent(task, status="idle", result=result, worktree_id=str(folder))

    def reload(self) -> Phase:
        """The phase as it is stored."""
        return PhaseRepository().get(self.phase.pk)

    def tip(self) -> str:
        """The head of the phase's branch."""
        return tip(self.project, self.phase_branch.name)

    def heads(self) -> dict[str, str]:
        """What a person who looks now would approve."""
        return {self.project.pk: self.tip()}


_template: list[Path] = []


def _synced_project(path: Path) -> Project:
    """A project whose repository and clone are copies of those that the first test made: a tenth of the time."""
    if not _template:
        first = make_project(path, files=FILES)
        carry_out_sync(first.pk)
        kept = Path(tempfile.mkdtemp(dir=settings.CW_DATA_DIR, prefix="template-"))
        shutil.copytree(path, kept / "source", symlinks=True)
        shutil.copytree(clone_of(first).root, kept / "clone", symlinks=True)
        _template.append(kept)
        return ProjectRepository().get(first.pk)
    shutil.copytree(_template[0] / "source", path, symlinks=True)
    project = make_project(url=str(path), sync_state="ready", last_fetched_at=now())
    shutil.copytree(_template[0] / "clone", clone_of(project).root, symlinks=True)
    return project


def make_world(path: Path, *, bare: bool = True, **fields: Any) -> World:
    """A project at `path` (bare, as a server has it) with an initiative of one running phase."""
    project = _synced_project(path)
    if bare:
        run_git(path, "checkout", "--quiet", "--detach")
    initiative = make_initiative(projects=[project], **fields)
    initiative_branch = ensure_initiative_branch(initiative, project)
    phase = make_phase(initiative, status="in_progress")
    return World(path, project, initiative, phase, initiative_branch, ensure_phase_branch(phase, project))


@pytest.fixture
def world(db: None, tmp_path: Path) -> World:
    """A world whose phase is in progress and has no task yet."""
    return make_world(tmp_path / "source")


def task_of(task: Task) -> Task:
    """The task as it is stored."""
    return TaskRepository().get(task.pk)


def agent_of(agent: Agent) -> Agent:
    """The agent as it is stored."""
    return AgentRepository().get(agent.pk)
