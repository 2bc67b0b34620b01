"""Phases start by themselves when their turn has come, once, with their branches in real git."""

from datetime import timedelta

import pytest

from cw_site.foundation.clock import now
from cw_site.git.refs import read_ref
from initiatives.actions.branches import clone_of, phase_branch_name
from initiatives.actions.phase import approve_phase, queue_phase
from initiatives.actions.project import carry_out_sync, request_sync
from initiatives.models import Initiative, Phase, Project
from initiatives.repositories.branch import BranchRepository
from initiatives.repositories.phase import PhaseRepository
from initiatives.repositories.project import ProjectRepository
from initiatives.ticks import SYNC_IS_LOST_AFTER, repeat_syncs, start_phases
from tests.factories import make_initiative, make_phase, make_project, make_task

pytestmark = pytest.mark.django_db


def make_queued(initiative: Initiative, *, tasks: int = 1, after: tuple[Phase, ...] = ()) -> Phase:
    phase = make_phase(initiative, status="approved", queued_at=now(), after=after)
    for _ in range(tasks):
        make_task(phase)
    return phase


def look(phase: Phase) -> Phase:
    return PhaseRepository().get(phase.pk)


def test_a_queued_phase_starts_once_with_its_branch(initiative: Initiative, project: Project) -> None:
    phase = make_queued(initiative)
    assert start_phases() == 1
    assert (look(phase).status, look(phase).status_reason) == ("in_progress", "")
    branch = BranchRepository().find("phase", phase.pk, project.pk)
    assert branch is not None
    assert branch.name == phase_branch_name(phase)
    assert read_ref(clone_of(project), f"refs/heads/{branch.name}") == branch.base_sha
    assert start_phases() == 0


def test_a_crash_before_the_move_is_mended_by_the_next_tick(
    initiative: Initiative, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    phase = make_queued(initiative)

    def crash(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(PhaseRepository, "move", crash)
        with pytest.raises(KeyboardInterrupt):
            start_phases()
    assert look(phase).status == "approved"
    assert start_phases() == 1
    assert len(BranchRepository().list_for_owner("phase", phase.pk)) == 1


def test_a_phase_waits_for_its_dependencies_and_says_so(initiative: Initiative) -> None:
    first = make_queued(initiative)
    second = make_queued(initiative, after=(first,))
    assert start_phases() == 1
    assert look(second).status_reason == (
        f"Waits for “{first.name}” (in progress); starts by itself once it is completed."
    )
    PhaseRepository().move(first.pk, to="completed")
    assert start_phases() == 1
    assert look(second).status == "in_progress"


def test_a_phase_without_tasks_waits(initiative: Initiative) -> None:
    phase = make_queued(initiative, tasks=0)
    assert start_phases() == 0
    assert "no task yet" in look(phase).status_reason
    make_task(phase)
    assert start_phases() == 1


def test_a_project_that_was_never_cloned_is_asked_for() -> None:
    project = make_project()
    phase = make_queued(make_initiative(projects=[project]))
    assert start_phases() == 0
    assert "Waits until" in look(phase).status_reason
    assert ProjectRepository().get(project.pk).sync_requested_at is not None


def test_one_that_cannot_start_does_not_stop_the_others(initiative: Initiative, project: Project) -> None:
    broken = make_project(sync_state="ready", default_branch="main")
    stuck = make_queued(make_initiative(projects=[broken]))
    fine = make_queued(initiative)
    assert start_phases() == 1
    assert look(fine).status == "in_progress"
    assert (look(stuck).status, look(stuck).status_reason) == (
        "approved",
        "This project has no clone yet. Sync the project first.",
    )


def test_the_first_phase_waits_for_the_fetch_that_queueing_asked_for(initiative: Initiative, project: Project) -> None:
    phase = make_phase(initiative)
    make_task(phase)
    approve_phase(phase.pk)
    queue_phase(phase.pk)
    assert start_phases() == 0
    assert look(phase).status_reason == f"Waits until {project.name} is fetched; starts by itself after that."
    carry_out_sync(project.pk)
    assert start_phases() == 1
    later = make_phase(initiative)
    make_task(later)
    approve_phase(later.pk)
    queue_phase(later.pk)
    assert start_phases() == 1


def test_nothing_starts_in_an_archived_initiative(project: Project) -> None:
    make_queued(make_initiative(projects=[project], status="archived"))
    assert start_phases() == 0


def test_a_lost_sync_is_asked_for_again() -> None:
    project = make_project()
    request_sync(project.pk)
    assert repeat_syncs() == 0
    long_ago = now() - SYNC_IS_LOST_AFTER - timedelta(minutes=1)
    ProjectRepository().update(project.pk, sync_requested_at=long_ago)
    assert repeat_syncs() == 1
    asked = ProjectRepository().get(project.pk).sync_requested_at
    assert asked is not None
    assert asked > long_ago


def test_an_error_of_our_own_in_one_phase_does_not_stop_the_others(initiative: Initiative, project: Project) -> None:
    broken = make_project(sync_state="ready", default_branch="main")
    root = clone_of(broken).root
    (root / "clone.git").mkdir(parents=True)
    (root / "view.git").write_text("a file where a folder should be")
    stuck = make_queued(make_initiative(projects=[broken]))
    fine = make_queued(initiative)
    assert start_phases() == 1
    assert look(fine).status == "in_progress"
    assert "An error of our own" in look(stuck).status_reason


def test_a_sync_that_fails_in_our_own_files_says_so() -> None:
    project = make_project()
    request_sync(project.pk)
    root = clone_of(project).root
    root.parent.mkdir(parents=True, exist_ok=True)
    root.write_text("a file where a folder should be")
    carry_out_sync(project.pk)
    failed = ProjectRepository().get(project.pk)
    assert failed.sync_requested_at is None
    assert failed.sync_state == "failed"
    assert "An error of our own" in failed.sync_reason
