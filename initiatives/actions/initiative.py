"""Initiatives: making, changing and archiving them, and queueing everything that is approved."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from cw_site.foundation.clock import now
from cw_site.foundation.reconcile import request_reconcile
from cw_site.git.errors import BadName
from cw_site.git.refs import branch_ref, branch_slug
from initiatives.actions.branches import INITIATIVE_PREFIX, PHASE_PREFIX, TASK_PREFIX
from initiatives.actions.checks import (
    checked_choice,
    checked_name,
    checked_provider,
    checked_text,
    checked_word,
    invalid,
)
from initiatives.actions.project import ensure_synced
from initiatives.models import Initiative, Phase, Project
from initiatives.policies import (
    check_can_archive,
    check_can_change_plan,
    check_can_change_projects,
    check_can_delete_initiative,
    check_can_queue_all,
    check_can_restore,
)
from initiatives.repositories.branch import BranchRepository
from initiatives.repositories.initiative import InitiativeRepository
from initiatives.repositories.phase import PhaseRepository
from initiatives.repositories.project import ProjectRepository
from initiatives.repositories.task import TaskRepository
from initiatives.states import ExecutionMode, InitiativeStatus, PhaseStatus, TaskCategory

INTEGRATION = "Integration"
_INTEGRATION_TASK = """The phases {names} are merged into this branch. See that they work together:

- read what changed, run the whole test suite and the checks of the project,
- mend what the phases broke for one another, and add the tests that were missing for it,
- do not start new features.
"""


def create_initiative(
    *,
    name: str,
    project_ids: Sequence[str],
    execution_mode: str = ExecutionMode.REVIEW_PER_PHASE,
    branch: str | None = None,
    provider: str = "",
    model: str = "",
) -> Initiative:
    """A new active initiative; its branch name is made from its name unless one is given."""
    checked = checked_name(name)
    projects = _projects(project_ids)
    fields: dict[str, Any] = {
        "name": checked,
        "execution_mode": checked_choice(execution_mode, ExecutionMode, field="execution_mode"),
        "provider": checked_provider(provider),
        "model": checked_word(model, field="model"),
    }
    with transaction.atomic():
        fields["branch"] = _given_branch(branch, projects) if branch else _free_branch(checked)
        initiative = InitiativeRepository().create(**fields)
        ProjectRepository().set_initiative_projects(initiative.id, [project.id for project in projects])
    return initiative


def edit_initiative(
    initiative_id: str,
    *,
    name: str | None = None,
    project_ids: Sequence[str] | None = None,
    execution_mode: str | None = None,
    provider: str | None = None,
    model: str | None = None,
) -> Initiative:
    """Change what is given. The branch keeps its name; the projects are fixed once a phase has started."""
    initiative = InitiativeRepository().get(initiative_id)
    check_can_change_plan(initiative)
    fields: dict[str, Any] = {}
    if name is not None:
        fields["name"] = checked_name(name)
    if execution_mode is not None:
        fields["execution_mode"] = checked_choice(execution_mode, ExecutionMode, field="execution_mode")
    if provider is not None:
        fields["provider"] = checked_provider(provider)
    if model is not None:
        fields["model"] = checked_word(model, field="model")
    with transaction.atomic():
        if project_ids is not None:
            _change_projects(initiative, project_ids)
        if fields:
            initiative = InitiativeRepository().update(initiative_id, **fields)
        request_reconcile()
    return initiative


def archive_initiative(initiative_id: str) -> Initiative:
    """Put it away: nothing new starts. Agents that run now finish what they do."""
    check_can_archive(InitiativeRepository().get(initiative_id))
    return InitiativeRepository().move(initiative_id, to=InitiativeStatus.ARCHIVED, reason="Archived by a person.")


def restore_initiative(initiative_id: str) -> Initiative:
    """Bring an archived initiative back as active; the ticks move it on from there."""
    check_can_restore(InitiativeRepository().get(initiative_id))
    with transaction.atomic():
        initiative = InitiativeRepository().move(initiative_id, to=InitiativeStatus.ACTIVE, reason="Restored.")
        request_reconcile()
    return initiative


def delete_initiative(initiative_id: str) -> None:
    """Delete the rows. Its branches and commits stay in our clones, reachable as before."""
    initiative = InitiativeRepository().get(initiative_id)
    check_can_delete_initiative(initiative, TaskRepository().find_by_initiative_id(initiative_id))
    InitiativeRepository().delete(initiative_id)


def queue_all(initiative_id: str) -> list[Phase]:
    """Queue every approved phase; returns those queued now.

    Where several phases end the graph, an Integration phase that depends on all of them is added first (once).
    """
    initiative = InitiativeRepository().get(initiative_id)
    with transaction.atomic():
        phases = PhaseRepository().find_by_initiative_id(initiative_id)
        check_can_queue_all(initiative, phases)
        added = _add_integration(initiative, phases)
        waiting = [phase for phase in [*phases, *added] if phase.status == PhaseStatus.APPROVED and not phase.queued_at]
        queued = [PhaseRepository().update(phase.id, queued_at=now()) for phase in waiting]
        ask_for_first_sync(initiative)
        request_reconcile()
    return queued


def ask_for_first_sync(initiative: Initiative) -> None:
    """Fetch the projects in which the initiative has no branch yet, so that it forks off what is there now."""
    projects = ProjectRepository().find_projects_by_initiative_id(initiative.id)
    have = {branch.project_id for branch in BranchRepository().list_for_owner("initiative", initiative.id)}
    ensure_synced([project for project in projects if project.id not in have])


def _add_integration(initiative: Initiative, phases: Sequence[Phase]) -> list[Phase]:
    edges = PhaseRepository().list_edges(initiative.id)
    needed = {depends_on for _, depends_on in edges}
    ends = [phase for phase in phases if phase.id not in needed and phase.status != PhaseStatus.COMPLETED]
    if len(ends) < 2:
        return []
    integration, added = _find_integration(ends), []
    if integration is None:
        integration = PhaseRepository().create(initiative_id=initiative.id, name=INTEGRATION)
        PhaseRepository().move(integration.id, to=PhaseStatus.APPROVED, reason="Approved with Queue all.")
        names = ", ".join(f"“{phase.name}”" for phase in ends)
        TaskRepository().create(
            phase_id=integration.id,
            initiative_id=initiative.id,
            name="Integrate and verify",
            description=_INTEGRATION_TASK.format(names=names),
            category=TaskCategory.VERIFY,
        )
        integration = PhaseRepository().get(integration.id)
        added.append(integration)
    for phase in ends:
        if phase.id != integration.id:
            PhaseRepository().create_dependency(integration.id, phase.id)
    return added


def _find_integration(ends: Sequence[Phase]) -> Phase | None:
    """An Integration phase that is there already and can still take dependencies."""
    open_states = {PhaseStatus.PENDING, PhaseStatus.APPROVED}
    return next((phase for phase in ends if phase.name == INTEGRATION and phase.status in open_states), None)


def _projects(project_ids: Sequence[str]) -> list[Project]:
    found = {project.id: project for project in ProjectRepository().find_all()} if project_ids else {}
    for project_id in project_ids:
        if project_id not in found:
            raise invalid("project_ids", f"There is no project “{project_id[:40]}”.")
    return [found[project_id] for project_id in dict.fromkeys(project_ids)]


def _change_projects(initiative: Initiative, project_ids: Sequence[str]) -> None:
    projects = _projects(project_ids)
    present = {project.id for project in ProjectRepository().find_projects_by_initiative_id(initiative.id)}
    if present != {project.id for project in projects}:
        check_can_change_projects(initiative, PhaseRepository().find_by_initiative_id(initiative.id))
        ProjectRepository().set_initiative_projects(initiative.id, [project.id for project in projects])


def _given_branch(name: str, projects: Sequence[Project]) -> str:
    branch = checked_text(name, field="branch", limit=200)
    try:
        branch_ref(branch)
    except BadName as error:
        raise invalid("branch", error.message) from error
    if branch.startswith((PHASE_PREFIX, TASK_PREFIX)):
        raise invalid("branch", f"Names that start with {PHASE_PREFIX} or {TASK_PREFIX} are used for phases and tasks.")
    if any(branch == project.default_branch for project in projects):
        raise invalid("branch", f"{branch} is the default branch of a project. An initiative needs its own.")
    if _is_taken(branch):
        raise invalid("branch", f"There is already an initiative on the branch {branch}.")
    return branch


def _free_branch(name: str) -> str:
    slug, number = branch_slug(name, "initiative"), 1
    while _is_taken(candidate := f"{INITIATIVE_PREFIX}{slug}" + (f"-{number}" if number > 1 else "")):
        number += 1
    return candidate


def _is_taken(branch: str) -> bool:
    """By an initiative, or by the branch that a deleted one left in a clone."""
    return InitiativeRepository().find_by_branch(branch) is not None or bool(BranchRepository().find_by_name(branch))
