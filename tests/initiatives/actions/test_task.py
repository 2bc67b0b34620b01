"""Planning tasks, and what a person does with them."""

import pytest

from cw_site.foundation.errors import Invalid, NotAllowed
from initiatives.actions.task import (
    add_task_dependency,
    complete_checkpoint,
    create_task,
    delete_task,
    edit_task,
    remove_task_dependency,
    retry_task,
)
from initiatives.repositories.phase import PhaseRepository
from initiatives.repositories.task import TaskRepository
from tests.factories import make_initiative, make_phase, make_task

pytestmark = pytest.mark.django_db


def waits_for(task_id: str) -> list[str]:
    return [task.name for task in TaskRepository().get_dependencies(task_id)]


def test_a_new_task_stands_last_and_is_pending() -> None:
    phase = make_phase()
    one = create_task(phase.pk, name="1")
    two = create_task(
        phase.pk,
        name="2",
        description="Do\r\nit",
        type="checkpoint:decision",
        category="verify",
        priority="high",
        depends_on=[one.pk],
        parent_task_id=one.pk,
        provider="scripted",
        model="m",
    )
    assert (one.order, two.order, two.initiative_id) == (0, 1, phase.initiative_id)
    assert (two.status, two.description, two.parent_task_id) == ("pending", "Do\nit", one.pk)
    assert (two.open_dependencies, waits_for(two.pk)) == (1, ["1"])
    assert create_task(phase.pk, name="0", order=-1).order == -1


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", {"name": " \n "}),
        ("description", {"description": "x" * 200_001}),
        ("description", {"description": "\x1b[31m"}),
        ("type", {"type": "robot"}),
        ("category", {"category": "fun"}),
        ("priority", {"priority": "urgent"}),
        ("provider", {"provider": "hal9000"}),
        ("depends_on", {"depends_on": ["gone"]}),
        ("parent_task_id", {"parent_task_id": "gone"}),
        ("order", {"order": 10**9}),
    ],
)
def test_bad_fields_are_refused_by_name(field: str, values: dict[str, object]) -> None:
    phase = make_phase()
    with pytest.raises(Invalid) as refused:
        create_task(phase.pk, **{"name": "T", **values})  # type: ignore[arg-type]
    assert list(refused.value.fields) == [field]
    assert TaskRepository().find_by_phase_id(phase.pk) == []


@pytest.mark.parametrize(
    ("status", "words"), [("pending_review", "Request changes"), ("completed", "Add another phase")]
)
def test_a_phase_that_is_done_takes_no_task(status: str, words: str) -> None:
    with pytest.raises(NotAllowed, match=words):
        create_task(make_phase(status=status).pk, name="Late")


def test_editing_changes_what_is_given_and_replaces_dependencies() -> None:
    phase = make_phase()
    one, two = make_task(phase, name="1"), make_task(phase, name="2")
    task = create_task(phase.pk, name="T", description="D", depends_on=[one.pk])
    edited = edit_task(task.pk, name="New", depends_on=[two.pk], order=7)
    assert (edited.name, edited.description, edited.order, waits_for(task.pk)) == ("New", "D", 7, ["2"])
    with pytest.raises(NotAllowed, match="circle"):
        edit_task(two.pk, depends_on=[task.pk])


def test_a_task_in_work_or_done_is_not_edited() -> None:
    with pytest.raises(NotAllowed, match="Stop the agent"):
        edit_task(make_task(status="in_progress").pk, name="X")
    with pytest.raises(NotAllowed, match="completed"):
        edit_task(make_task(status="completed").pk, name="X")


def test_dependencies_one_by_one() -> None:
    phase = make_phase()
    one, two = make_task(phase, name="1"), make_task(phase, name="2")
    assert add_task_dependency(two.pk, depends_on_task_id=one.pk).open_dependencies == 1
    assert remove_task_dependency(two.pk, depends_on_task_id=one.pk).open_dependencies == 0
    with pytest.raises(Invalid, match="no task"):
        add_task_dependency(two.pk, depends_on_task_id=make_task().pk)


def test_deleting_frees_what_waited() -> None:
    phase = make_phase()
    one = make_task(phase)
    two = make_task(phase, after=[one])
    delete_task(one.pk)
    assert TaskRepository().get(two.pk).open_dependencies == 0


def test_a_task_with_a_running_part_stays() -> None:
    phase = make_phase(status="in_progress")
    parent = make_task(phase)
    make_task(phase, parent_task=parent, status="in_progress")
    with pytest.raises(NotAllowed, match="sub-task"):
        delete_task(parent.pk)


def test_a_task_with_a_running_part_of_a_part_stays() -> None:
    task = make_task()
    part = make_task(task.phase, parent_task=task)
    make_task(task.phase, parent_task=part, status="in_progress")
    with pytest.raises(NotAllowed, match="sub-task"):
        delete_task(task.pk)


def test_a_checkpoint_is_completed_with_a_note_and_frees_what_waits() -> None:
    phase = make_phase(status="in_progress")
    checkpoint = make_task(phase, type="checkpoint:decision")
    after = make_task(phase, after=[checkpoint])
    with pytest.raises(Invalid, match="Write a note"):
        complete_checkpoint(checkpoint.pk, summary="  ", by="anna")
    done = complete_checkpoint(checkpoint.pk, summary="Use SQLite.", by="anna")
    assert (done.status, done.summary, done.status_evidence) == ("completed", "Use SQLite.", {"by": "anna"})
    assert TaskRepository().get(after.pk).open_dependencies == 0
    with pytest.raises(NotAllowed, match="completed already"):
        complete_checkpoint(checkpoint.pk, summary="Again", by="anna")


def test_a_checkpoint_waits_for_its_turn() -> None:
    phase = make_phase(status="in_progress")
    first = make_task(phase)
    with pytest.raises(NotAllowed, match="An agent carries out"):
        complete_checkpoint(first.pk, summary="x", by="anna")
    waiting = make_task(phase, type="checkpoint:human-verify", after=[first])
    with pytest.raises(NotAllowed, match="not completed yet"):
        complete_checkpoint(waiting.pk, summary="x", by="anna")
    early = make_task(make_phase(), type="checkpoint:human-action")
    with pytest.raises(NotAllowed, match="has not started"):
        complete_checkpoint(early.pk, summary="x", by="anna")


def test_only_a_blocked_task_is_retried_and_starts_afresh() -> None:
    task = make_task(status="blocked", retry_count=2, status_reason="Crashed.")
    again = retry_task(task.pk)
    assert (again.status, again.retry_count, again.status_reason) == ("pending", 0, "")
    with pytest.raises(NotAllowed, match="only a blocked task"):
        retry_task(task.pk)


def test_retrying_frees_a_blocked_phase() -> None:
    phase = make_phase(status="blocked")
    retry_task(make_task(phase, status="blocked").pk)
    assert PhaseRepository().get(phase.pk).status == "in_progress"


def test_nothing_moves_in_an_archived_initiative() -> None:
    phase = make_phase(make_initiative(status="archived"), status="in_progress")
    with pytest.raises(NotAllowed, match="archived"):
        retry_task(make_task(phase, status="blocked").pk)
    with pytest.raises(NotAllowed, match="archived"):
        create_task(phase.pk, name="X")
