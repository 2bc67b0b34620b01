"""Two callers at the same instant, each in a thread and transaction of its own."""

from collections.abc import Callable
from functools import partial

import pytest

from cw_site.foundation.errors import LostRace, NotAllowed
from initiatives.models import Branch, InitiativeProject, Page, PhaseDependency, Task
from initiatives.repositories import (
    BranchRepository,
    PageRepository,
    PhaseRepository,
    ProjectRepository,
    TaskRepository,
)
from initiatives.repositories.edges import find_path
from tests.factories import make_initiative, make_phase, make_project, make_task
from tests.threads import run_together

pytestmark = [pytest.mark.databases, pytest.mark.django_db(transaction=True)]
ROUNDS = 5


def test_no_circle_of_phases_comes_about_between_two_callers() -> None:
    for _ in range(ROUNDS):
        initiative = make_initiative()
        phases = [make_phase(initiative).pk for _ in range(3)]
        pairs = [(phases[0], phases[1]), (phases[1], phases[2]), (phases[2], phases[0])]

        answers = run_together([partial(PhaseRepository().create_dependency, *pair) for pair in pairs])

        assert sum(isinstance(answer, NotAllowed) for answer in answers) == 1
        edges = PhaseRepository().list_edges(initiative.pk)
        assert len(edges) == 2
        assert not any(find_path(edges, start=target, goal=source) for source, target in edges)


def test_the_same_phase_dependency_is_made_once() -> None:
    initiative = make_initiative()
    first, second = make_phase(initiative), make_phase(initiative)

    answers = run_together([partial(PhaseRepository().create_dependency, second.pk, first.pk)] * 4)

    assert sum(isinstance(answer, PhaseDependency) for answer in answers) == 1
    assert sum(isinstance(answer, NotAllowed) for answer in answers) == 3


def test_no_circle_of_tasks_comes_about_between_two_callers() -> None:
    for _ in range(ROUNDS):
        phase = make_phase()
        first, second = make_task(phase).pk, make_task(phase).pk
        create = TaskRepository().create_dependency

        answers = run_together([partial(create, first, second), partial(create, second, first)])

        assert sum(isinstance(answer, NotAllowed) for answer in answers) == 1
        assert sorted(Task.objects.filter(phase=phase).values_list("open_dependencies", flat=True)) == [0, 1]


def test_a_dependency_made_while_the_other_task_completes_is_counted_right() -> None:
    for _ in range(ROUNDS):
        phase = make_phase()
        first, second = make_task(phase, status="in_progress"), make_task(phase)
        tasks = TaskRepository()
        calls: list[Callable[[], object]] = [
            partial(tasks.complete, first.pk, summary="Done."),
            partial(tasks.create_dependency, second.pk, first.pk),
        ]

        run_together(calls)

        assert tasks.get(second.pk).open_dependencies == 0


def test_several_dependencies_completing_at_once_free_the_task() -> None:
    phase = make_phase()
    before = [make_task(phase, status="in_progress") for _ in range(4)]
    last = make_task(phase, after=before)

    run_together([partial(TaskRepository().complete, task.pk, summary="Done.") for task in before])

    assert TaskRepository().get(last.pk).open_dependencies == 0


def test_of_two_moves_one_wins_and_one_is_told() -> None:
    task = make_task()

    answers = run_together([partial(TaskRepository().move, task.pk, to="in_progress", source="pending")] * 4)

    assert sum(isinstance(answer, Task) for answer in answers) == 1
    assert sum(isinstance(answer, LostRace) for answer in answers) == 3


def test_two_callers_get_one_root_page() -> None:
    initiative = make_initiative()

    pages = run_together([partial(PageRepository().get_or_create_root_page, initiative.pk)] * 4)

    assert Page.objects.count() == 1
    assert pages == [Page.objects.get()] * 4


def test_two_callers_ensure_one_branch() -> None:
    project, phase = make_project(), make_phase()
    ensure = partial(BranchRepository().ensure, owner_type="phase", owner_id=phase.pk, project_id=project.pk)

    branches = run_together([partial(ensure, name="cw-phase/x/y-123456", base_sha="a" * 40)] * 4)

    assert branches == [Branch.objects.get()] * 4


def test_setting_the_same_projects_twice_at_once_makes_each_link_once() -> None:
    initiative = make_initiative()
    projects = [make_project().pk for _ in range(3)]

    answers = run_together([partial(ProjectRepository().set_initiative_projects, initiative.pk, projects)] * 3)

    assert not any(isinstance(answer, Exception) for answer in answers)
    assert InitiativeProject.objects.count() == 3
