"""The demo's beginning: a real git repository in the data folder, and the plan in the database."""

from django.conf import settings

from agents.providers.registry import get_provider
from cw_site.demo.content import FILES, INITIATIVE_NAME, PHASES, PROJECT_NAME, PhasePlan
from cw_site.foundation.ids import new_id
from cw_site.foundation.reconcile import request_reconcile
from cw_site.git.seeds import create_repository
from initiatives.actions.initiative import create_initiative
from initiatives.actions.phase import approve_phase, create_phase, queue_phase
from initiatives.actions.project import add_project
from initiatives.actions.task import create_task
from initiatives.models import Initiative, Phase, Task
from initiatives.repositories import ProjectRepository

PACE_SECONDS = 0.6


def set_up_demo(*, pace: float = PACE_SECONDS) -> Initiative:
    """Make the project and the initiative, and queue every phase; `pace` is the seconds between an agent's steps.

    Played again, it makes a second project and initiative beside the first.
    """
    get_provider("scripted")
    name = _free_name()
    path = settings.CW_DATA_DIR / "demo" / f"{new_id()}.git"
    create_repository(path, files=FILES, branch="main", message="Read seconds")
    project = add_project(name=name, url=str(path), default_branch="main")
    initiative = create_initiative(
        name=INITIATIVE_NAME, project_ids=[project.id], execution_mode="review_per_phase", provider="scripted"
    )
    phases: dict[str, Phase] = {}
    for plan in PHASES:
        after = [phases[other].id for other in plan.after]
        phases[plan.name] = phase = create_phase(initiative.id, name=plan.name, depends_on=after)
        _add_tasks(phase, plan, pace=pace)
    for phase in phases.values():
        approve_phase(phase.id)
        queue_phase(phase.id)
    request_reconcile()
    return initiative


def _add_tasks(phase: Phase, plan: PhasePlan, *, pace: float) -> None:
    tasks: dict[str, Task] = {}
    for order, step in enumerate(plan.tasks):
        tasks[step.name] = create_task(
            phase.id,
            name=step.name,
            description=step.description(pace=pace),
            depends_on=[tasks[other].id for other in step.after],
            order=order,
        )


def _free_name() -> str:
    projects, name, count = ProjectRepository(), PROJECT_NAME, 1
    while projects.find_by_name(name) is not None:
        count += 1
        name = f"{PROJECT_NAME} {count}"
    return name
