"""The steps of the review ticks, where something came in between."""

import pytest

from reviews import ticks
from reviews.actions import settle
from reviews.actions.decision import approve_review
from tests.factories import make_task
from tests.reviews.conftest import World, replace_line, task_of


def test_an_approved_phase_that_got_a_task_meanwhile_goes_back_to_work(world: World) -> None:
    """The form was open while the round was: the task is in, and nothing would ever start it or merge the phase."""
    world.do_task({"app.py": replace_line(3, "changed")})
    ticks.merge_tasks()
    ticks.close_phases()
    task = make_task(world.phase, name="Came late")
    approve_review(world.phase.pk, heads=world.heads(), person=None, person_name="ada")
    ticks.merge_phases()
    assert world.reload().status == "in_progress"
    assert "Came late" in world.reload().status_reason
    assert task_of(task).status == "pending"


def test_an_error_of_our_own_is_written_on_its_row(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    task, _ = world.do_task({"app.py": replace_line(3, "changed")})

    def fail(agent: object) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(settle, "merge_task", fail)
    assert ticks.merge_tasks() == 0
    assert "OSError" in task_of(task).status_reason
