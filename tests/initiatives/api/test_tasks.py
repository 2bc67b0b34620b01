"""Tasks through the API."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.factories import make_phase, make_task
from tests.initiatives.api.conftest import Api

LIST_QUERIES = 5


def test_planning(api: Api) -> None:
    phase = make_phase()
    path = f"/phases/{phase.pk}/tasks"
    one = api.post(path, {"name": "One"}, status=201)
    fields = {
        "name": "Two",
        "description": "Do *it*.",
        "type": "checkpoint:decision",
        "category": "verify",
        "priority": "high",
        "depends_on": [one["id"]],
        "parent_task_id": one["id"],
        "provider": "scripted",
        "model": "m",
    }
    two = api.post(path, fields, status=201)
    assert {name: two[name] for name in fields} == fields
    assert (two["open_dependencies"], two["initiative_id"]) == (1, phase.initiative_id)
    assert "approval of the phase" in two["waits"]
    assert [row["name"] for row in api.get(path)["items"]] == ["One", "Two"]
    assert api.patch(f"/tasks/{two['id']}", {"depends_on": [], "order": -1})["depends_on"] == []
    assert [row["name"] for row in api.get(path)["items"]] == ["Two", "One"]
    api.delete(f"/tasks/{one['id']}")
    assert api.get(path)["count"] == 0


def test_a_checkpoint_is_completed(api: Api) -> None:
    task = make_task(make_phase(status="in_progress"), type="checkpoint:decision")
    assert api.get(f"/tasks/{task.pk}")["waits"] == "A checkpoint: waits for you to complete it with a note."
    api.post(f"/tasks/{task.pk}/complete", {"summary": ""}, status=422)
    done = api.post(f"/tasks/{task.pk}/complete", {"summary": "SQLite."})
    assert (done["status"], done["summary"], done["status_evidence"]) == ("completed", "SQLite.", {"by": "person"})
    assert api.post(f"/tasks/{task.pk}/complete", {"summary": "x"}, status=409)["code"] == "not_allowed"


def test_a_blocked_task_is_retried(api: Api) -> None:
    task = make_task(status="blocked", status_reason="Crashed.")
    assert api.get(f"/tasks/{task.pk}")["waits"] == "Crashed."
    assert api.post(f"/tasks/{task.pk}/retry")["status"] == "pending"
    assert "only a blocked task" in api.post(f"/tasks/{task.pk}/retry", status=409)["detail"]


def test_what_cannot_be_stored_is_refused_by_name(api: Api) -> None:
    path = f"/phases/{make_phase().pk}/tasks"
    assert list(api.post(path, {"name": "a\x00b"}, status=422)["fields"]) == ["name"]
    assert list(api.post(path, {"name": "a", "type": "robot"}, status=422)["fields"]) == ["type"]
    assert list(api.post(path, {"name": "a", "depends_on": ["gone"]}, status=422)["fields"]) == ["depends_on"]
    assert list(api.post(path, {"name": "a", "order": 10**30}, status=422)["fields"]) == ["order"]


@pytest.mark.parametrize("count", [1, 10])
def test_the_list_costs_the_same_for_any_number(
    count: int, person_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    phase = make_phase()
    first = make_task(phase)
    for _ in range(count):
        make_task(phase, after=[first])
    with django_assert_num_queries(LIST_QUERIES):
        person_client.get(f"/api/phases/{phase.pk}/tasks")


def test_a_page_of_a_long_list_knows_what_stands_on_other_pages(api: Api) -> None:
    phase = make_phase(status="in_progress")
    first = make_task(phase, name="First", order=0)
    make_task(phase, name="Second", order=1, after=[first])
    page = api.get(f"/phases/{phase.pk}/tasks?limit=1&offset=1")
    assert page["count"] == 2
    assert [row["depends_on"] for row in page["items"]] == [[first.pk]]
    assert "Waits for “First” (not started)" in page["items"][0]["waits"]


def test_a_list_says_the_same_as_the_task(api: Api) -> None:
    phase = make_phase(status="in_progress")
    first = make_task(phase)
    task = make_task(phase, after=[first], status_evidence={"exit_code": 3})
    listed = api.get(f"/phases/{phase.pk}/tasks")["items"]
    assert listed == [api.get(f"/tasks/{first.pk}"), api.get(f"/tasks/{task.pk}")]
