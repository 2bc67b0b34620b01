"""Every waiting card says why, and what happens next by itself."""

import pytest

from initiatives.models import Initiative, Phase, Project, Task
from initiatives.waiting import why_phase_waits, why_projects_wait, why_task_waits

READY = Project(name="site", sync_state="ready")


def make(status: str, *, queued: bool = False, initiative_status: str = "active", reason: str = "") -> Phase:
    initiative = Initiative(name="All", status=initiative_status)
    phase = Phase(name="Parser", status=status, initiative=initiative, status_reason=reason)
    if queued:
        phase.queued_at = phase.created_at
    return phase


def test_a_pending_phase_waits_for_approval() -> None:
    assert why_phase_waits(make("pending")) == "Waits for your approval."


def test_an_approved_phase_says_that_it_must_be_queued() -> None:
    assert "press Queue" in why_phase_waits(make("approved"))


def test_a_queued_phase_names_what_it_waits_for() -> None:
    others = [Phase(name="A", status="completed"), Phase(name="B", status="in_progress")]
    assert why_phase_waits(make("approved", queued=True), dependencies=others) == (
        "Waits for “B” (in progress); starts by itself once it is completed."
    )
    assert "“Parser” (queued, not started)" in why_phase_waits(
        make("approved", queued=True), dependencies=[make("approved", queued=True)]
    )
    assert "“Parser” (approved, not queued)" in why_phase_waits(
        make("approved", queued=True), dependencies=[make("approved")]
    )


def test_many_dependencies_are_cut() -> None:
    others = [Phase(name=name, status="pending") for name in "ABCDE"]
    why = why_phase_waits(make("approved", queued=True), dependencies=others)
    assert "“A” (waits for your approval), “B” (waits for your approval)" in why
    assert "and 2 more; starts by itself once they are completed." in why


@pytest.mark.parametrize(
    ("projects", "words"),
    [
        ([], "has no project"),
        ([Project(name="site", sync_state="never")], "Waits until site is cloned; starts by itself"),
        ([Project(name="site", sync_state="failed", sync_reason="No host.")], "site could not be fetched: No host."),
        ([READY], "Queued; starts by itself within seconds."),
    ],
)
def test_a_queued_phase_waits_for_its_clones(projects: list[Project], words: str) -> None:
    assert words in why_phase_waits(make("approved", queued=True), progress={"pending": 1}, projects=projects)


def test_a_queued_phase_without_tasks_says_so() -> None:
    assert "no task yet" in why_phase_waits(make("approved", queued=True), progress={}, projects=[READY])


@pytest.mark.parametrize(
    ("counts", "due", "words"),
    [
        ({}, 0, "Has no task: add one."),
        ({"completed": 2}, 0, "Every task is done; the phase is closed by itself within seconds."),
        ({"completed": 1, "pending": 3}, 0, "1 of 4 tasks done; goes on by itself."),
        ({"blocked": 1, "pending": 1}, 0, "1 blocked task needs you; the rest goes on by itself."),
        ({"blocked": 2}, 1, "2 blocked tasks need you and 1 checkpoint waits for you; the rest goes on by itself."),
        ({"pending": 2}, 2, "2 checkpoints wait for you; the rest goes on by itself."),
    ],
)
def test_a_running_phase_counts(counts: dict[str, int], due: int, words: str) -> None:
    assert why_phase_waits(make("in_progress"), progress=counts, due=due) == words


def test_what_was_written_on_the_row_wins_where_nothing_is_computed() -> None:
    assert why_phase_waits(make("blocked", reason="Conflict in a.py.")) == "Conflict in a.py."
    assert why_phase_waits(make("in_progress", reason="The branch moved.")) == "The branch moved."
    assert "waits for your review" in why_phase_waits(make("pending_review"))
    assert why_phase_waits(make("completed")) == ""


def test_an_archived_initiative_explains_everything() -> None:
    assert "archived" in why_phase_waits(make("in_progress", initiative_status="archived"))
    phase = make("in_progress", initiative_status="archived")
    assert "archived" in why_task_waits(Task(name="T", status="pending"), phase=phase)


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        (make("pending"), "Waits for your approval of the phase “Parser”."),
        (make("approved"), "Waits until the phase “Parser” is queued."),
        (make("approved", queued=True), "Starts with its phase “Parser”, which is queued."),
        (make("blocked"), "Its phase “Parser” is blocked."),
        (make("pending_review"), "Its phase “Parser” is waiting for review."),
    ],
)
def test_a_task_waits_with_its_phase(phase: Phase, words: str) -> None:
    assert why_task_waits(Task(name="T", status="pending"), phase=phase) == words


def test_a_task_waits_for_tasks_a_person_or_an_agent() -> None:
    phase = make("in_progress")
    other = Task(name="Base", status="blocked")
    waiting = Task(name="T", status="pending")
    assert "“Base” (blocked)" in why_task_waits(waiting, dependencies=[other], phase=phase)
    assert "waits for you" in why_task_waits(Task(type="checkpoint:decision", status="pending"), phase=phase)
    assert "within seconds" in why_task_waits(waiting, phase=phase)
    waiting.status_reason = "All 4 places for agents are taken; starts by itself when one is free."
    assert why_task_waits(waiting, phase=phase) == waiting.status_reason


def test_a_task_that_does_not_wait() -> None:
    assert why_task_waits(Task(status="completed")) == ""
    assert why_task_waits(Task(status="in_progress")) == "An agent works on it."
    assert "Retry" in why_task_waits(Task(status="blocked"))


def test_a_project_that_failed_is_told_before_one_that_is_on_its_way() -> None:
    projects = [Project(name="docs", sync_state="never"), Project(name="site", sync_state="failed", sync_reason="No.")]
    assert why_projects_wait(projects).startswith("site could not be fetched")


def test_projects_that_are_ready_hinder_nothing() -> None:
    assert why_projects_wait([READY]) == ""
