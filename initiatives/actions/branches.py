"""The branches of initiatives, phases and tasks: each function ensures the row and the ref, however often it runs.

The row is written first, with the commit where the branch starts; the ref is made from the row. A crash between the
two is mended by calling again.
"""

from django.conf import settings

from cw_site.foundation.errors import NotAllowed
from cw_site.git.layout import Clone
from cw_site.git.refs import branch_ref, branch_slug, create_ref, read_ref
from initiatives.models import Branch, Initiative, Phase, Project, Task
from initiatives.repositories.branch import BranchRepository
from initiatives.repositories.phase import PhaseRepository
from initiatives.states import BranchOwner

INITIATIVE_PREFIX = "cw/"
PHASE_PREFIX = "cw-phase/"
TASK_PREFIX = "cw-task/"


def clone_of(project: Project) -> Clone:
    """Our bare clone of the project, in the data folder under the project's id. It may not be there yet."""
    return Clone(settings.CW_DATA_DIR / "repos" / project.id)


def initiative_slug(initiative: Initiative) -> str:
    """The part of branch names that all branches of an initiative share."""
    branch = (initiative.branch or "").removeprefix(INITIATIVE_PREFIX)
    return branch_slug(branch or initiative.name, initiative.id[:6].lower())


def phase_branch_name(phase: Phase) -> str:
    """cw-phase/<initiative>/<phase>-<id>; git cannot have both `cw/x` and `cw/x/y`, hence a prefix of its own."""
    return f"{PHASE_PREFIX}{initiative_slug(phase.initiative)}/{branch_slug(phase.name, 'phase')}-{phase.id[:6]}"


def task_branch_name(task: Task, initiative: Initiative) -> str:
    """cw-task/<initiative>/<task>-<id>."""
    return f"{TASK_PREFIX}{initiative_slug(initiative)}/{branch_slug(task.name, 'task')}-{task.id[:6]}"


def tip_of(project: Project, branch: str) -> str:
    """The commit that a branch of our clone points to. Raises NotAllowed where there is no such branch."""
    commit = read_ref(clone_of(project), branch_ref(branch))
    if commit is None:
        raise NotAllowed(f"{project.name} has no branch {branch}. Sync the project, or check its default branch.")
    return commit


def ensure_initiative_branch(initiative: Initiative, project: Project) -> Branch:
    """The initiative's branch in a project; it forks off the project's default branch as we last fetched it."""
    existing = BranchRepository().find(BranchOwner.INITIATIVE, initiative.id, project.id)
    if existing is None:
        name = initiative.branch or f"{INITIATIVE_PREFIX}{initiative_slug(initiative)}"
        existing = _record(BranchOwner.INITIATIVE, initiative.id, project, name, base_from=project.default_branch)
    return _ensure_ref(existing, project)


def ensure_phase_branch(phase: Phase, project: Project) -> Branch:
    """The phase's branch in a project; it forks off the initiative's branch as it is when the phase starts."""
    existing = BranchRepository().find(BranchOwner.PHASE, phase.id, project.id)
    if existing is None:
        parent = ensure_initiative_branch(phase.initiative, project)
        existing = _record(BranchOwner.PHASE, phase.id, project, phase_branch_name(phase), base_from=parent.name)
    return _ensure_ref(existing, project)


def ensure_task_branch(task: Task, project: Project) -> Branch:
    """The task's branch in a project; it forks off the phase's branch (the initiative's where it has no phase)."""
    existing = BranchRepository().find(BranchOwner.TASK, task.id, project.id)
    if existing is None:
        parent, initiative = _parent_branch(task, project)
        name = task_branch_name(task, initiative)
        existing = _record(BranchOwner.TASK, task.id, project, name, base_from=parent.name)
    return _ensure_ref(existing, project)


def _parent_branch(task: Task, project: Project) -> tuple[Branch, Initiative]:
    if task.phase_id is not None:
        phase = PhaseRepository().get(task.phase_id)
        return ensure_phase_branch(phase, project), phase.initiative
    if task.initiative is None:
        raise NotAllowed("This task belongs to no phase and no initiative, so it has no branch to start from.")
    return ensure_initiative_branch(task.initiative, project), task.initiative


def _record(owner_type: BranchOwner, owner_id: str, project: Project, name: str, *, base_from: str) -> Branch:
    """Write the row of a new branch. Raises NotAllowed where the clone has a branch of that name which is not ours."""
    base = tip_of(project, base_from)
    if read_ref(clone_of(project), branch_ref(name)) not in {None, base}:
        raise NotAllowed(f"{project.name} has a branch {name} already that holds other work. Rename that branch first.")
    return BranchRepository().ensure(
        owner_type=owner_type, owner_id=owner_id, project_id=project.id, name=name, base_sha=base
    )


def _ensure_ref(branch: Branch, project: Project) -> Branch:
    clone, ref = clone_of(project), branch_ref(branch.name)
    if read_ref(clone, ref) is None:
        create_ref(clone, ref, branch.head_sha or branch.base_sha)
    return branch
