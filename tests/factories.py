"""Rows and repositories for tests: every argument has a default, names are unique, all go through the repositories."""

import os
import subprocess
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User

from agents.models import Account, Agent, AgentSession
from agents.repositories import AccountRepository, AgentRepository
from cw_site.foundation.ids import new_id
from initiatives.models import Initiative, Phase, Project, Task
from initiatives.repositories import InitiativeRepository, PhaseRepository, ProjectRepository, TaskRepository

_numbers = count(1)
PASSWORD = "correct horse battery"


def make_user(username: str = "", *, password: str = PASSWORD, **fields: Any) -> User:
    """A person who can sign in with `password`."""
    return User.objects.create_user(username or f"person-{next(_numbers)}", password=password, **fields)


def make_project(path: Path | None = None, *, files: Mapping[str, str] | None = None, **fields: Any) -> Project:
    """A project; with a path also its repository, made there with `files` on the branch main."""
    number = next(_numbers)
    if path is not None:
        make_git_repo(path, files=files)
        fields.setdefault("url", str(path))
    return ProjectRepository().create(
        **{"name": f"project-{number}", "url": f"https://git.example.org/project-{number}.git", **fields}
    )


def make_initiative(*, projects: Iterable[Project] = (), **fields: Any) -> Initiative:
    """An active initiative with its branch, over `projects`."""
    number = next(_numbers)
    initiative = InitiativeRepository().create(
        **{"name": f"Initiative {number}", "branch": f"cw/initiative-{number}", **fields}
    )
    ProjectRepository().set_initiative_projects(initiative.pk, [project.pk for project in projects])
    return initiative


def make_phase(initiative: Initiative | None = None, *, after: Iterable[Phase] = (), **fields: Any) -> Phase:
    """A phase that waits for the phases `after`."""
    owner = initiative or make_initiative()
    phase = PhaseRepository().create(**{"initiative": owner, "name": f"Phase {next(_numbers)}", **fields})
    for other in after:
        PhaseRepository().create_dependency(phase.pk, other.pk)
    return phase


def make_task(phase: Phase | None = None, *, after: Iterable[Task] = (), **fields: Any) -> Task:
    """A task of a phase (in progress where none is given) that waits for the tasks `after`."""
    owner = phase or make_phase(status="in_progress")
    task = TaskRepository().create(**{"phase": owner, "name": f"Task {next(_numbers)}", **fields})
    for other in after:
        TaskRepository().create_dependency(task.pk, other.pk)
    return TaskRepository().get(task.pk)


def make_account(**fields: Any) -> Account:
    """An available account."""
    return AccountRepository().create(**{"email": f"account-{next(_numbers)}@example.org", **fields})


def make_agent(task: Task | None = None, **fields: Any) -> Agent:
    """An agent; of a task, its phase and initiative where one is given."""
    number = next(_numbers)
    if task is not None:
        fields = {"task": task, "phase": task.phase, "initiative": task.initiative, **fields}
    return AgentRepository().create(
        **{"name": f"brisk-otter-{number}", "worktree_id": f"agents/{new_id()}", "provider": "scripted", **fields}
    )


def make_session(agent: Agent | None = None, **fields: Any) -> AgentSession:
    """A session of an agent, queued unless `status` says otherwise; further columns are written as given."""
    owner = agent or make_agent()
    named = {name: fields.pop(name) for name in ("kind", "prompt", "purpose", "not_before") if name in fields}
    repository = AgentRepository()
    session = repository.create_session(owner.pk, **{"kind": "spawn", "prompt": "Do it.", **named})
    wanted = fields.pop("status", "queued")
    for status in ("starting", "live", "ended", "settled"):
        if session.status == wanted:
            break
        session = repository.move_session(session.pk, to=status)
    return repository.update_session(session.pk, **fields) if fields else session


def make_git_repo(path: Path, files: Mapping[str, str] | None = None, *, branch: str = "main") -> Path:
    """A repository with one commit of `files` (default: a README) on `branch`."""
    path.mkdir(parents=True, exist_ok=True)
    run_git(path, "init", "--quiet", f"--initial-branch={branch}")
    return commit_files(path, files or {"README.md": "# A project\n"}, message="Begin")


def commit_files(path: Path, files: Mapping[str, str], *, message: str = "Change") -> Path:
    """Write the files and commit everything on the branch that is checked out."""
    for name, content in files.items():
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    run_git(path, "add", "--all")
    run_git(path, "commit", "--quiet", "--allow-empty", f"--message={message}")
    return path


def run_git(path: Path, *arguments: str) -> str:
    """What git prints, without the last newline; knows nothing of this machine's configuration."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "Test Person",
        "GIT_AUTHOR_EMAIL": "person@example.org",
        "GIT_COMMITTER_NAME": "Test Person",
        "GIT_COMMITTER_EMAIL": "person@example.org",
        "LC_ALL": "C.UTF-8",
    }
    command = ["git", "-C", str(path), *arguments]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=60)
    return done.stdout.rstrip("\n")
