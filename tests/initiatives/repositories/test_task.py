import pytest

from cw_site.foundation.errors import InvalidTransition, LostRace, NotAllowed, NotFound
from initiatives.models import Task
from initiatives.repositories import TaskRepository
from tests.factories import make_initiative, make_phase, make_task

pytestmark = [pytest.mark.databases, pytest.mark.django_db]


def test_a_task_of_a_phase_belongs_to_its_initiative() -> None:
    phase, other = make_phase(), make_phase()
    task = TaskRepository().create(phase_id=phase.pk, name="Write it")

    assert task.initiative_id == phase.initiative_id
    assert TaskRepository().update(task.pk, phase=other).initiative_id == other.initiative_id
    with pytest.raises(NotFound):
        TaskRepository().create(phase_id="gone", name="Nowhere")


def test_finding_is_in_order() -> None:
    phase = make_phase()
    second = make_task(phase, order=2)
    first = make_task(phase, order=1)
    child = make_task(phase, order=3, parent_task=first)
    make_task()

    repository = TaskRepository()
    assert repository.find_by_phase_id(phase.pk) == [first, second, child]
    assert repository.find_by_initiative_id(phase.initiative_id) == [first, second, child]
    assert repository.find_by_parent_task_id(first.pk) == [child]
    assert len(repository.find_by_status("pending")) == 4
    assert repository.get(first.pk).phase == phase


def test_dependencies_are_read_from_both_ends_and_counted() -> None:
    phase = make_phase()
    done = make_task(phase, status="completed")
    first = make_task(phase)
    second = make_task(phase, after=[done, first])

    repository = TaskRepository()
    assert repository.get_dependencies(second.pk) == [done, first]
    assert repository.get_dependents(first.pk) == [second]
    assert set(repository.list_edges(phase.pk)) == {(second.pk, done.pk), (second.pk, first.pk)}
    assert set(repository.list_edges_of_initiative(phase.initiative_id)) == set(repository.list_edges(phase.pk))
    assert second.open_dependencies == 1


def test_bad_dependencies_are_refused_with_a_sentence() -> None:
    initiative = make_initiative()
    phase = make_phase(initiative)
    a = make_task(phase, name="A")
    b = make_task(phase, name="B", after=[a])
    neighbour = make_task(make_phase(initiative), name="N")
    loose = TaskRepository().create(name="Loose")

    create = TaskRepository().create_dependency
    with pytest.raises(NotAllowed, match="“A” cannot wait for itself"):
        create(a.pk, a.pk)
    with pytest.raises(NotAllowed, match="“B” already waits for “A”"):
        create(b.pk, a.pk)
    with pytest.raises(NotAllowed, match="B → A"):
        create(a.pk, b.pk)
    with pytest.raises(NotAllowed, match="different phases"):
        create(a.pk, neighbour.pk)
    with pytest.raises(NotAllowed, match="different initiatives"):
        create(a.pk, make_task().pk)
    with pytest.raises(NotAllowed, match="of an initiative"):
        create(loose.pk, a.pk)
    with pytest.raises(NotFound):
        create(a.pk, "gone")
    assert TaskRepository().get(a.pk).open_dependencies == 0


def test_tasks_of_an_initiative_without_a_phase_may_wait_for_each_other() -> None:
    initiative = make_initiative()
    first = TaskRepository().create(initiative=initiative, name="First")
    second = TaskRepository().create(initiative=initiative, name="Second")

    TaskRepository().create_dependency(second.pk, first.pk)

    with pytest.raises(NotAllowed, match="circle"):
        TaskRepository().create_dependency(first.pk, second.pk)
    assert TaskRepository().list_ready() == [first]


def test_a_task_with_dependencies_stays_in_its_phase() -> None:
    phase = make_phase()
    first = make_task(phase)
    make_task(phase, after=[first])

    with pytest.raises(NotAllowed, match="has dependencies"):
        TaskRepository().update(first.pk, phase_id=make_phase(phase.initiative).pk)


def test_removing_a_dependency_frees_the_task() -> None:
    phase = make_phase()
    first = make_task(phase)
    second = make_task(phase, after=[first])

    TaskRepository().remove_dependency(second.pk, first.pk)

    assert TaskRepository().get(second.pk).open_dependencies == 0
    with pytest.raises(NotFound, match="does not wait"):
        TaskRepository().remove_dependency(second.pk, first.pk)


def test_completing_stores_the_summary_and_frees_what_waits() -> None:
    phase = make_phase()
    first = make_task(phase, status="in_progress")
    second = make_task(phase, after=[first])

    done = TaskRepository().complete(first.pk, summary="Wrote it.", source="in_progress", evidence={"commit": "abc"})

    assert (done.status, done.summary, done.status_evidence) == ("completed", "Wrote it.", {"commit": "abc"})
    assert TaskRepository().get(second.pk).open_dependencies == 0
    with pytest.raises(InvalidTransition):
        TaskRepository().complete(first.pk, summary="Again.")
    with pytest.raises(LostRace):
        TaskRepository().complete(second.pk, summary="Not begun.", source="in_progress")


def test_a_retry_leaves_the_counts_of_others_as_they_are() -> None:
    phase = make_phase()
    first = make_task(phase)
    second = make_task(phase, after=[first])

    TaskRepository().move(first.pk, to="blocked", reason="It crashed three times.")
    TaskRepository().move(first.pk, to="pending")

    assert TaskRepository().get(second.pk).open_dependencies == 1


def test_deleting_takes_children_along_and_frees_what_waited_for_any_of_them() -> None:
    phase = make_phase()
    parent = make_task(phase)
    child = make_task(phase, parent_task=parent)
    grandchild = make_task(phase, parent_task=child)
    waiting = make_task(phase, after=[parent, grandchild])
    done = make_task(phase, status="completed")
    other = make_task(phase, after=[done])

    TaskRepository().delete(parent.pk)
    TaskRepository().delete(done.pk)

    assert set(TaskRepository().find_all()) == {waiting, other}
    assert TaskRepository().get(waiting.pk).open_dependencies == 0
    assert TaskRepository().get(other.pk).open_dependencies == 0


def test_ready_is_by_priority_then_order_then_age() -> None:
    phase = make_phase(status="in_progress")
    late = make_task(phase, order=2)
    early = make_task(phase, order=1)
    low = make_task(phase, priority="low")
    high = make_task(phase, priority="high", order=9)

    assert TaskRepository().list_ready(10) == [high, early, late, low]
    assert TaskRepository().list_ready(limit=1) == [high]


def test_ready_is_only_what_an_agent_may_start() -> None:
    phase = make_phase(status="in_progress")
    ready = make_task(phase)
    make_task(phase, after=[ready])
    make_task(phase, status="blocked")
    make_task(make_phase(phase.initiative, status="approved"))
    make_task(make_phase(make_initiative(status="archived"), status="in_progress"))
    loose = TaskRepository().create(initiative=phase.initiative, name="Loose")
    TaskRepository().create(name="Nobody's")
    checkpoint = make_task(phase, type="checkpoint:human-verify")

    assert TaskRepository().list_ready() == [ready, loose]
    assert TaskRepository().list_ready_checkpoints() == [checkpoint]


def test_progress_counts_by_phase_and_by_initiative() -> None:
    phase = make_phase()
    make_task(phase)
    make_task(phase)
    make_task(phase, status="completed")
    other = make_phase(phase.initiative)
    make_task(other, status="blocked")

    repository = TaskRepository()
    by_phase = repository.progress_by_phase(phase.initiative_id)
    assert by_phase == {phase.pk: {"pending": 2, "completed": 1}, other.pk: {"blocked": 1}}
    by_initiative = repository.progress_by_initiative([phase.initiative_id, "gone"])
    assert by_initiative == {phase.initiative_id: {"pending": 2, "completed": 1, "blocked": 1}}


def test_a_task_is_told_to_every_page_that_shows_it() -> None:
    task = make_task()
    initiative_id = Task.objects.values_list("initiative_id", flat=True).get(pk=task.pk)

    assert TaskRepository().topics(task) == [
        f"task:{task.pk}",
        f"phase:{task.phase_id}",
        f"initiative:{initiative_id}",
        "hq",
    ]
    assert TaskRepository().topics(Task(id="alone")) == ["task:alone", "hq"]
