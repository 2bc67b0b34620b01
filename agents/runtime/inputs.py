"""What an agent is given to read: the plan around its work, and what was done before it."""

import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from agents.models import Agent
from agents.runtime.cw_files import InputFiles
from cw_site.git.refs import branch_slug
from initiatives.models import Task
from initiatives.repositories.page import PageRepository
from initiatives.repositories.phase import PhaseRepository
from initiatives.repositories.task import TaskRepository
from initiatives.richtext import markdown_of
from initiatives.states import TaskCategory, TaskStatus

WORK = {TaskCategory.REVIEW: "review", TaskCategory.MERGE: "conflict"}
COMMENTS = "comments.json"


def work_of(agent: Agent) -> str:
    """What kind of work it is, in the words of the input manifest."""
    if agent.task is None:
        return "chat"
    return WORK.get(TaskCategory(agent.task.category), "task")


def input_files(agent: Agent, *, folders: Mapping[str, str]) -> InputFiles:
    """The files of `.cw/input/` for the agent's next session. `folders` maps a project's name to its folder, where
    there are several."""
    extra = _extra_files(agent.task) if agent.task is not None else {}
    comments: list[dict[str, Any]] | None = json.loads(extra.pop(COMMENTS)) if COMMENTS in extra else None
    for comment in comments or []:
        if folder := folders.get(str(comment.get("project", ""))):
            comment["folder"] = folder
    return InputFiles(
        agent_id=agent.id,
        agent_name=agent.name,
        work=work_of(agent),
        initiative=_document(agent.initiative.name, "") if agent.initiative else "",
        phase=_document(agent.phase.name, markdown_of(agent.phase.content)) if agent.phase else "",
        task=_document(agent.task.name, agent.task.description or "") if agent.task else "",
        pages=_pages(agent.initiative_id) if agent.initiative_id else {},
        context=_summaries(agent) | extra,
        comments=comments,
    )


def _document(title: str, text: str) -> str:
    return f"# {title}\n\n{text}\n"


def _pages(initiative_id: str) -> dict[str, str]:
    """The initiative's documents; one without text is left out."""
    found = [(page.title, markdown_of(page.content)) for page in PageRepository().find_by_initiative_id(initiative_id)]
    return {
        f"{number:02}-{branch_slug(title, 'page')}.md": _document(title, text)
        for number, (title, text) in enumerate(found, start=1)
        if text.strip()
    }


def _extra_files(task: Task) -> dict[str, str]:
    """What the apps above add to a task's input; they are named in settings, so that nothing imports upwards."""
    files: dict[str, str] = {}
    for name in settings.CW_TASK_INPUTS:
        files |= import_string(name)(task)
    return files


def _summaries(agent: Agent) -> dict[str, str]:
    """The summaries of completed tasks: those it depends on, and those of the phases before its own."""
    before: list[Task] = []
    if agent.phase is not None:
        for phase in PhaseRepository().get_dependencies(agent.phase.id):
            before += TaskRepository().find_by_phase_id(phase.id)
    if agent.task is not None:
        before += TaskRepository().get_dependencies(agent.task.id)
    done = {task.id: task for task in before if task.status == TaskStatus.COMPLETED and task.summary}
    return {
        f"tasks/{number:02}-{branch_slug(task.name, 'task')}.md": _document(task.name, task.summary or "")
        for number, task in enumerate(done.values(), start=1)
    }
