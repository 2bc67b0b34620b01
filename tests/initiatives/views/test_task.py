"""The page of a task, its forms, and what a person does with it."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from initiatives.models import Task
from initiatives.repositories.branch import BranchRepository
from initiatives.repositories.task import TaskRepository
from tests.factories import make_agent, make_phase, make_project, make_task
from tests.initiatives.views.conftest import Look

PAGE_QUERIES = 9


def address(task: Task, name: str = "task") -> str:
    return reverse(name, args=[task.pk])


def test_the_page_tells_everything(look: Look) -> None:
    phase = make_phase(name="Parser", status="in_progress")
    before = make_task(phase, name="Tokens")
    task = make_task(
        phase,
        name="Grammar",
        description="Write **it**.",
        status="blocked",
        status_reason="Crashed three times.",
        status_evidence={"exit_code": 3},
        after=[before],
    )
    make_task(phase, name="Later", after=[task])
    make_task(phase, name="Part", parent_task=task)
    make_agent(task, name="calm-heron", status="crashed")
    BranchRepository().ensure(
        owner_type="task",
        owner_id=task.pk,
        project_id=make_project(name="site").pk,
        name="cw-task/x/y",
        base_sha="a" * 40,
    )
    page = look(address(task))
    for words in (
        "Write <strong>it</strong>.",
        "Crashed three times.",
        "exit_code",
        "Tokens",
        "Later",
        "Part",
        "/agents/calm-heron/",
        "cw-task/x/y",
        "aaaaaaaaaa",
        address(task, "task-retry"),
        "Parser",
    ):
        assert words in page
    part = look(address(task), htmx=True)
    assert "<html" not in part
    assert f'data-live="task:{task.pk} phase:{phase.pk}"' in part


@pytest.mark.usefixtures("alone")
def test_the_page_costs_a_constant(person_client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    phase = make_phase(status="in_progress")
    before = [make_task(phase) for _ in range(5)]
    task = make_task(phase, after=before)
    for _ in range(4):
        make_agent(task, status="crashed")
        make_task(phase, after=[task])
        make_task(phase, parent_task=task)
    with django_assert_num_queries(PAGE_QUERIES):
        person_client.get(address(task))


def test_a_completed_task_shows_its_summary(look: Look) -> None:
    task = make_task(make_phase(status="completed"), status="completed", summary="Wrote `a.py`.")
    page = look(address(task))
    assert "Wrote <code>a.py</code>." in page
    assert address(task, "task-edit") not in page
    assert address(task, "task-delete") not in page


def test_adding_tasks_one_after_another(person_client: Client) -> None:
    phase = make_phase()
    url = reverse("task-create", args=[phase.pk])
    fields: dict[str, object] = {
        "name": "One",
        "type": "auto",
        "category": "execute",
        "priority": "high",
        "another": "1",
    }
    assert person_client.post(url, fields)["Location"] == url
    one = TaskRepository().find_by_phase_id(phase.pk)[0]
    fields = {**fields, "name": "Two", "depends_on": [one.pk], "parent_task_id": one.pk, "provider": "scripted"}
    del fields["another"]
    assert person_client.post(url, fields)["Location"].endswith(f"#phase-{phase.pk}")
    two = TaskRepository().find_by_phase_id(phase.pk)[1]
    assert (two.name, two.priority, two.provider, two.parent_task_id) == ("Two", "high", "scripted", one.pk)
    assert two.open_dependencies == 1


def test_a_refused_form_keeps_what_was_typed(person_client: Client) -> None:
    url = reverse("task-create", args=[make_phase().pk])
    fields = {"name": "Kept", "description": "kept too", "type": "auto", "category": "execute", "priority": "low"}
    response = person_client.post(url, fields | {"model": "two words"})
    page = response.content.decode()
    assert response.status_code == 422
    assert 'value="Kept"' in page
    assert "kept too</textarea>" in page
    assert "must be one word" in page


def test_a_phase_under_review_says_why_there_is_no_adding(person_client: Client) -> None:
    phase = make_phase(status="pending_review")
    url = reverse("task-create", args=[phase.pk])
    assert "Request changes there" in person_client.get(url).content.decode()
    fields = {"name": "Late", "type": "auto", "category": "execute", "priority": "low"}
    response = person_client.post(url, fields)
    assert response.status_code == 422
    assert 'value="Late"' in response.content.decode()


def test_editing(person_client: Client) -> None:
    phase = make_phase()
    other = make_task(phase, name="Other")
    task = make_task(phase, name="Mine", description="Old")
    url = address(task, "task-edit")
    assert "Old</textarea>" in person_client.get(url).content.decode()
    fields = {"name": "New", "type": "auto", "category": "verify", "priority": "low", "depends_on": [other.pk]}
    assert person_client.post(url, fields)["Location"] == address(task)
    edited = TaskRepository().get(task.pk)
    assert (edited.name, edited.category, edited.open_dependencies) == ("New", "verify", 1)


def test_completing_a_checkpoint(person_client: Client) -> None:
    task = make_task(make_phase(status="in_progress"), type="checkpoint:decision", name="Decide")
    assert "Complete this checkpoint" in person_client.get(address(task)).content.decode()
    empty = person_client.post(address(task, "task-complete"), {"summary": " "})
    assert empty.status_code == 422
    assert "This field is required." in empty.content.decode()
    page = person_client.post(address(task, "task-complete"), {"summary": "SQLite"}, follow=True)
    assert "“Decide” is completed." in page.content.decode()
    done = TaskRepository().get(task.pk)
    assert (done.summary, done.status_evidence) == ("SQLite", {"by": "person"})
    assert person_client.post(address(task, "task-complete"), {"summary": "x"}).status_code == 409


def test_a_checkpoint_whose_turn_has_not_come_says_why(look: Look) -> None:
    task = make_task(make_phase(name="Later"), type="checkpoint:decision")
    page = look(address(task))
    assert "Its phase “Later” has not started." in page
    assert 'primary" disabled' in page


def test_retry_delete_and_dependencies(person_client: Client) -> None:
    phase = make_phase(status="in_progress")
    task = make_task(phase, status="blocked")
    assert person_client.post(address(task, "task-retry"))["Location"] == address(task)
    assert TaskRepository().get(task.pk).status == "pending"
    after = make_task(phase, after=[task])
    person_client.post(reverse("task-dependency-remove", args=[after.pk, task.pk]))
    assert TaskRepository().get(after.pk).open_dependencies == 0
    assert person_client.post(address(task, "task-delete")).status_code == 303
    assert TaskRepository().find_by_id(task.pk) is None


def test_the_words_of_agents_are_escaped(look: Look) -> None:
    task = make_task(status="blocked", status_reason="<img src=x onerror=alert(1)>", summary="<script>x</script>")
    page = look(address(task))
    assert "<img src=x" not in page
    assert "<script>x" not in page
