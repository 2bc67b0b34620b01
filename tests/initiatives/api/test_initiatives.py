"""Initiatives through the API."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.factories import make_initiative, make_phase, make_project, make_task
from tests.initiatives.api.conftest import Api

LIST_QUERIES = 6


def test_from_nothing_to_nothing(api: Api) -> None:
    project = make_project()
    fields = {"name": "User auth", "project_ids": [project.pk], "execution_mode": "yolo", "provider": "scripted"}
    made = api.post("/initiatives", fields, status=201)
    assert (made["status"], made["branch"], made["project_ids"]) == ("active", "cw/user-auth", [project.pk])
    assert (made["progress"], made["provider"]) == ({}, "scripted")
    path = f"/initiatives/{made['id']}"
    assert api.patch(path, {"name": "Auth", "project_ids": []})["project_ids"] == []
    assert api.patch(path, {"status": "archived"})["status"] == "archived"
    assert "Restore it first" in api.patch(path, {"name": "x"}, status=409)["detail"]
    restored = api.patch(path, {"status": "active", "name": "Again"})
    assert (restored["status"], restored["name"]) == ("active", "Again")
    api.delete(path)
    api.get(path, status=404)


def test_a_change_is_made_whole_or_not_at_all(api: Api) -> None:
    path = f"/initiatives/{make_initiative(name='Old').pk}"
    api.patch(path, {"name": "New", "status": "active"}, status=409)
    assert api.get(path)["name"] == "Old"


def test_a_branch_can_be_named(api: Api) -> None:
    assert api.post("/initiatives", {"name": "X", "branch": "feature/x"}, status=201)["branch"] == "feature/x"
    refused = api.post("/initiatives", {"name": "X", "branch": "feature/x"}, status=422)
    assert list(refused["fields"]) == ["branch"]


def test_the_list_by_status_with_progress(api: Api) -> None:
    phase = make_phase(status="in_progress")
    make_task(phase, status="completed")
    make_task(phase)
    make_initiative(status="archived")
    page = api.get("/initiatives?status=active")
    assert [row["progress"] for row in page["items"]] == [{"completed": 1, "pending": 1}]
    assert api.get("/initiatives")["count"] == 2
    api.get("/initiatives?status=nonsense", status=422)


@pytest.mark.parametrize("count", [1, 10])
def test_the_list_costs_the_same_for_any_number(
    count: int, person_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(count):
        make_task(make_phase(make_initiative(projects=[make_project()])))
    with django_assert_num_queries(LIST_QUERIES):
        person_client.get("/api/initiatives")


def test_queue_all_answers_what_it_queued(api: Api) -> None:
    initiative = make_initiative()
    for name in "AB":
        make_phase(initiative, name=name, status="approved")
    path = f"/initiatives/{initiative.pk}/queue-all"
    queued = api.post(path)
    assert [row["name"] for row in queued["items"]] == ["A", "B", "Integration"]
    assert len(queued["items"][2]["depends_on"]) == 2
    assert api.post(path, status=409)["detail"] == "Every approved phase is queued already."


def test_malformed_and_unknown(api: Api) -> None:
    assert api.client.post("/api/initiatives", "{", content_type="application/json").status_code == 400
    assert "provider" in api.post("/initiatives", {"name": "X", "provider": "hal"}, status=422)["fields"]
    assert "project_ids" in api.post("/initiatives", {"name": "X", "project_ids": ["gone"]}, status=422)["fields"]
