"""The working folder of an agent: one worktree for each project, and `.cw/` beside or in it.

What was laid out is written to `workspace.json`, so that an initiative whose projects change later does not move the
ground under an agent that works.
"""

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agents.models import Agent
from agents.repositories.agent import AgentRepository
from agents.runtime.paths import agent_folder, private_folder
from cw_site.foundation.errors import DomainError, NotAllowed
from cw_site.git import Clone, refs, worktrees
from cw_site.git.errors import WorktreeDirty
from initiatives.actions.branches import clone_of, ensure_initiative_branch, ensure_phase_branch, ensure_task_branch
from initiatives.models import Project, Task
from initiatives.repositories.branch import BranchRepository
from initiatives.repositories.project import ProjectRepository
from initiatives.states import BranchOwner

LAYOUT = "workspace.json"


@dataclass(frozen=True, slots=True)
class Tree:
    """One worktree. `branch` is empty where it is detached (an agent that only looks)."""

    project_id: str
    path: Path
    branch: str


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where an agent works: its current folder and the worktrees in it."""

    cwd: Path
    trees: tuple[Tree, ...]


def ensure_workspace(agent: Agent) -> Workspace:
    """The agent's folder with all its worktrees, made where something is missing; the same one every time.

    Raises NotAllowed where there is nothing to work on, GitError where git refuses.
    """
    work = private_folder(agent_folder(agent.id) / "work")
    known = read_workspace(agent)
    projects = _projects(agent, known)
    cwd = known.cwd if known else (work / projects[0].id if len(projects) == 1 else work)
    names = _folder_names(projects)
    trees = []
    for project in projects:
        path = cwd if cwd.name == project.id else work / names[project.id]
        trees.append(_ensure_tree(agent, project, path))
    workspace = Workspace(cwd, tuple(trees))
    if workspace != known:
        _write_layout(agent, workspace)
    return workspace


def read_workspace(agent: Agent) -> Workspace | None:
    """What was laid out for the agent, None before its first session or after its worktrees were released."""
    try:
        value = json.loads((agent_folder(agent.id) / LAYOUT).read_text())
    except FileNotFoundError:
        return None
    trees = tuple(Tree(item["project_id"], Path(item["path"]), item["branch"]) for item in value["trees"])
    return Workspace(Path(value["cwd"]), trees)


def folders_of(workspace: Workspace) -> dict[str, str]:
    """The folder of each project by the project's name; empty where the one project is the current folder."""
    projects = ProjectRepository()
    inside = [tree for tree in workspace.trees if tree.path != workspace.cwd]
    return {projects.get(tree.project_id).name: tree.path.name for tree in inside}


def check_work(agent: Agent) -> list[str]:
    """What is not committed on the agent's branches, a sentence for each project; empty when all is well.

    Commits on another branch, or on none, that go on from the agent's branch are taken over to it.
    """
    problems = []
    for tree, project, clone in _each_tree(agent):
        if not tree.branch:
            continue
        state = worktrees.status(clone, tree.path)
        if state.merging:
            problems.append(f"{project.name}: a merge has begun and is not committed.")
        elif state.dirty:
            names = ", ".join(state.dirty[:5]) + (" and more" if len(state.dirty) > 5 else "")
            problems.append(f"{project.name}: {len(state.dirty)} uncommitted: {names}.")
        if state.branch != tree.branch and state.head and not _take_over(clone, tree.branch, state.head):
            where = state.branch or "no branch"
            problems.append(f"{project.name}: the work lies on {where} and not on {tree.branch}.")
    return problems


def record_heads(agent: Agent) -> dict[str, str]:
    """Write the tips of the agent's branches to their rows; returns them by project id."""
    heads = {}
    branches = BranchRepository()
    for tree, project, clone in _each_tree(agent):
        tip = refs.read_ref(clone, refs.branch_ref(tree.branch)) if tree.branch else None
        branch = branches.find(BranchOwner.TASK, agent.task_id, project.id) if agent.task_id else None
        if tip and branch is not None:
            branches.record_head(branch.id, tip)
            heads[project.id] = tip
    return heads


def snapshot_work(agent: Agent, *, message: str) -> list[str]:
    """Keep what is not committed as a commit on a kept ref, for each project; returns the commits."""
    kept = []
    for tree, _, clone in _each_tree(agent):
        commit = worktrees.snapshot(clone, tree.path, keep_name=_keep_name(agent, tree), message=message)
        if commit:
            kept.append(commit)
    return kept


def release(agent: Agent) -> None:
    """Remove the agent's worktrees, everything in them reachable from kept refs first. Raises where that fails."""
    # those whose folder is gone too: a removal that was cut off has set it aside, and goes on
    for tree, _, clone in _each_tree(agent, gone=True):
        worktrees.remove_worktree(clone, tree.path, keep_name=_keep_name(agent, tree))
    (agent_folder(agent.id) / LAYOUT).unlink(missing_ok=True)


def _keep_name(agent: Agent, tree: Tree) -> str:
    return f"agents/{agent.id}/{tree.project_id}"


def _each_tree(agent: Agent, *, gone: bool = False) -> list[tuple[Tree, Project, Clone]]:
    workspace = read_workspace(agent)
    if workspace is None:
        return []
    found = []
    projects = ProjectRepository()
    for tree in workspace.trees:
        project = projects.find_by_id(tree.project_id)
        if project is not None and (gone or tree.path.exists()):
            found.append((tree, project, clone_of(project)))
    return found


def _projects(agent: Agent, known: Workspace | None) -> list[Project]:
    """The projects laid out before, else those of the initiative."""
    repository = ProjectRepository()
    if known is not None:
        return [repository.get(tree.project_id) for tree in known.trees]
    projects = repository.find_projects_by_initiative_id(agent.initiative_id) if agent.initiative_id else []
    if not projects:
        raise NotAllowed("Its initiative has no project to work on. Add one to the initiative.")
    return projects


def _folder_names(projects: list[Project]) -> dict[str, str]:
    """A readable folder for each project; where two would share one, both carry their id."""
    slugs = {project.id: refs.branch_slug(project.name, project.id) for project in projects}
    shared = {slug for slug in slugs.values() if list(slugs.values()).count(slug) > 1}
    return {key: f"{slug}-{key}" if slug in shared else slug for key, slug in slugs.items()}


def _ensure_tree(agent: Agent, project: Project, path: Path) -> Tree:
    clone = clone_of(project)
    if agent.task is not None:
        branch = ensure_task_branch(agent.task, project)
        _free_branch(agent, agent.task)
        worktrees.ensure_worktree(clone, path, branch=branch.name, start=branch.base_sha)
        return Tree(project.id, path, branch.name)
    if agent.phase is not None:
        seen = ensure_phase_branch(agent.phase, project)
    elif agent.initiative is not None:
        seen = ensure_initiative_branch(agent.initiative, project)
    else:
        raise NotAllowed("This agent belongs to no initiative, so there is nothing for it to look at.")
    # what it wrote there stays: then it goes on looking at the commit it has
    with suppress(WorktreeDirty):
        worktrees.ensure_detached(clone, path, commit=refs.branch_ref(seen.name))
    return Tree(project.id, path, "")


def _free_branch(agent: Agent, task: Task) -> None:
    """Release the worktrees of agents that worked on the task before: git checks a branch out in one place only."""
    agents = AgentRepository()
    for other in agents.find_by_task_id(task.id):
        if other.id == agent.id or other.worktree_released_at is not None or read_workspace(other) is None:
            continue
        if agents.open_session(other.id) is not None:
            raise NotAllowed(f"{other.name} still works on this task. Stop it first.")
        release(other)


def _take_over(clone: Clone, branch: str, head: str) -> bool:
    """Move the agent's branch to `head` where that only adds to it."""
    ref = refs.branch_ref(branch)
    tip = refs.read_ref(clone, ref)
    if tip is None or not refs.is_ancestor(clone, tip, head):
        return tip == head
    try:
        refs.move_ref(clone, ref, new=head, old=tip)
    except DomainError:
        return False
    return True


def _write_layout(agent: Agent, workspace: Workspace) -> None:
    trees = [{"project_id": tree.project_id, "path": str(tree.path), "branch": tree.branch} for tree in workspace.trees]
    path = agent_folder(agent.id) / LAYOUT
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps({"cwd": str(workspace.cwd), "trees": trees}))
    os.replace(temporary, path)
