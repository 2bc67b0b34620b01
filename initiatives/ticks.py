"""What moves by itself here: lost syncs are asked for again, and phases start when their turn has come."""

import logging
from datetime import timedelta

from cw_site.foundation.clock import now
from cw_site.foundation.errors import DomainError, LostRace
from cw_site.foundation.reconcile import request_reconcile
from initiatives.actions.branches import ensure_phase_branch
from initiatives.actions.project import ensure_synced, repeat_sync
from initiatives.models import Phase, Project
from initiatives.repositories.branch import BranchRepository
from initiatives.repositories.phase import PhaseRepository
from initiatives.repositories.project import ProjectRepository
from initiatives.repositories.task import TaskRepository
from initiatives.states import PhaseStatus, SyncState
from initiatives.waiting import why_phase_waits

logger = logging.getLogger(__name__)
SYNC_IS_LOST_AFTER = timedelta(minutes=15)
"""Longer than a fetch may take; a second fetch at the same time waits for the clone's lock anyway."""


def repeat_syncs() -> int:
    """Ask again for syncs whose engine task got lost with its worker."""
    repeated = 0
    for project in ProjectRepository().list_sync_requested():
        if project.sync_requested_at is not None and project.sync_requested_at < now() - SYNC_IS_LOST_AFTER:
            repeat_sync(project.id)
            repeated += 1
    return repeated


def start_phases() -> int:
    """Start each queued phase whose dependencies are completed: ensure its branches, then move it to in progress.

    A phase that cannot start yet gets the reason. Returns how many started.
    """
    started = 0
    phases = PhaseRepository()
    for phase in phases.list_startable():
        try:
            started += _start(phase)
        except LostRace:
            continue
        except DomainError as error:
            phases.explain(phase.id, error.message)
        except Exception as error:
            logger.exception("phase %s could not be started; the others go on", phase.id)
            phases.explain(phase.id, f"An error of our own: {type(error).__name__}. The server's log has more.")
    for phase in phases.list_waiting_queued():
        phases.explain(phase.id, why_phase_waits(phase, dependencies=phases.get_dependencies(phase.id)))
    if started:
        request_reconcile()
    return started


def _start(phase: Phase) -> bool:
    projects = ProjectRepository().find_projects_by_initiative_id(phase.initiative_id)
    progress = TaskRepository().progress_by_phase(phase.initiative_id).get(phase.id, {})
    ensure_synced([project for project in projects if project.sync_state == SyncState.NEVER])
    if _hinders(projects) or not progress:
        PhaseRepository().explain(phase.id, why_phase_waits(phase, progress=progress, projects=projects))
        return False
    if fetching := _first_fetch(phase, projects):
        PhaseRepository().explain(phase.id, f"Waits until {fetching.name} is fetched; starts by itself after that.")
        return False
    for project in projects:
        ensure_phase_branch(phase, project)
    PhaseRepository().move(phase.id, to=PhaseStatus.IN_PROGRESS, source=PhaseStatus.APPROVED)
    logger.info("phase %s started", phase.id)
    return True


def _first_fetch(phase: Phase, projects: list[Project]) -> Project | None:
    """A project that is being fetched just now, so that the initiative's branch forks off its newest commit."""
    have = {branch.project_id for branch in BranchRepository().list_for_owner("initiative", phase.initiative_id)}
    return next((row for row in projects if row.sync_requested_at and row.id not in have), None)


def _hinders(projects: list[Project]) -> bool:
    """Whether a branch cannot be made in one of the projects yet."""
    return not projects or any(project.sync_state != SyncState.READY for project in projects)
