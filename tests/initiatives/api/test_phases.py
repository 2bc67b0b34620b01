"""Phases through the API."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.factories import make_initiative, make_phase, make_task
from tests.initiatives.api.conftest import Api

LIST_QUERIES = 8
DOCUMENT: dict[str, Any] = {
    "type": "doc",
    "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Hi"}]}],
}


def test_plan_approve_queue_withdraw(api: Api) -> None:
    initiative = make_initiative()
    phases = f"/initiatives/{initiative.pk}/phases"
    first = api.post(phases, {"name": "A", "content": DOCUMENT}, status=201)
    second = api.post(phases, {"name": "B", "depends_on": [first["id"]]}, status=201)
    assert (first["content"], first["waits"]) == (DOCUMENT, "Waits for your approval.")
    assert (second["depends_on"], second["content"]) == ([first["id"]], {"type": "doc", "content": []})
    path = f"/phases/{second['id']}"
    assert "Approve it first" in api.post(f"{path}/queue", status=409)["detail"]
    assert api.post(f"{path}/approve")["status"] == "approved"
    queued = api.post(f"{path}/queue")
    assert queued["queued_at"]
    assert "Waits for “A”" in queued["waits"]
    assert api.post(f"{path}/withdraw")["queued_at"] is None
    assert [row["name"] for row in api.get(phases)["items"]] == ["A", "B"]


def test_content_as_markdown(api: Api) -> None:
    path = f"/initiatives/{make_initiative().pk}/phases"
    made = api.post(path, {"name": "A", "content": "# Why\n\n- one"}, status=201)
    assert made["content"]["content"][0]["type"] == "heading"
    assert api.get(f"/phases/{made['id']}?format=markdown")["content"].strip() == "# Why\n\n- one"
    assert api.get(f"{path}?format=markdown")["items"][0]["content"].strip() == "# Why\n\n- one"
    api.get(f"/phases/{made['id']}?format=html", status=422)


def test_changing_one(api: Api) -> None:
    initiative = make_initiative()
    one, two = make_phase(initiative), make_phase(initiative)
    path = f"/phases/{two.pk}"
    assert api.patch(path, {"name": "New", "depends_on": [one.pk]})["depends_on"] == [one.pk]
    assert "circle" in api.patch(f"/phases/{one.pk}", {"depends_on": [two.pk]}, status=409)["detail"]
    refused = api.patch(path, {"content": {"type": "doc", "content": [{"type": "widget"}]}}, status=422)
    assert "unknown node type 'widget'" in refused["fields"]["content"][0]
    api.delete(path)
    api.get(path, status=404)


def test_dependencies(api: Api) -> None:
    initiative = make_initiative()
    one, two = make_phase(initiative), make_phase(initiative)
    path = f"/phases/{two.pk}/dependencies"
    assert api.post(path, {"depends_on_phase_id": one.pk}, status=201)["depends_on"] == [one.pk]
    assert "already waits" in api.post(path, {"depends_on_phase_id": one.pk}, status=409)["detail"]
    assert "wait for itself" in api.post(path, {"depends_on_phase_id": two.pk}, status=409)["detail"]
    stranger = api.post(path, {"depends_on_phase_id": make_phase().pk}, status=422)
    assert list(stranger["fields"]) == ["depends_on"]
    assert api.delete(path, {"depends_on_phase_id": one.pk}, status=200)["depends_on"] == []
    api.post(path, {"depends_on_phase_id": one.pk}, status=201)
    assert api.delete(f"{path}?depends_on_phase_id={one.pk}", status=200)["depends_on"] == []
    api.delete(f"{path}?depends_on_phase_id={one.pk}", status=404)
    assert list(api.delete(path, status=422)["fields"]) == ["depends_on_phase_id"]


@pytest.mark.parametrize("count", [1, 10])
def test_the_list_costs_the_same_for_any_number(
    count: int, person_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    initiative = make_initiative()
    before = make_phase(initiative)
    for _ in range(count):
        make_task(make_phase(initiative, after=[before]))
    with django_assert_num_queries(LIST_QUERIES):
        person_client.get(f"/api/initiatives/{initiative.pk}/phases")
