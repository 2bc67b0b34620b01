"""Projects through the API."""

from pathlib import Path

from initiatives.models import Project
from tests.factories import make_git_repo, make_initiative, make_project
from tests.initiatives.api.conftest import Api


def test_from_nothing_to_nothing(api: Api, repository: Path) -> None:
    made = api.post("/projects", {"name": "site", "url": str(make_git_repo(repository))}, status=201)
    assert (made["name"], made["sync_state"]) == ("site", "never")
    assert made["sync_requested_at"].endswith("Z")
    assert api.get("/projects") == {"items": [api.get(f"/projects/{made['id']}")], "count": 1}
    changed = api.patch(f"/projects/{made['id']}", {"name": "web", "default_branch": "stable"})
    assert (changed["name"], changed["default_branch"]) == ("web", "stable")
    api.delete(f"/projects/{made['id']}")
    assert api.get(f"/projects/{made['id']}", status=404)["code"] == "not_found"


def test_sync_is_asked_for_once(api: Api) -> None:
    project = make_project()
    assert api.post(f"/projects/{project.pk}/sync")["sync_requested_at"]
    refused = api.post(f"/projects/{project.pk}/sync", status=409)
    assert refused == {"detail": f"{project.name} is being synced already.", "code": "not_allowed"}


def test_bad_fields_are_named(api: Api) -> None:
    refused = api.post("/projects", {"name": "site", "url": "http://example.org/x"}, status=422)
    assert refused["code"] == "invalid"
    assert list(refused["fields"]) == ["url"]
    assert "not encrypted" in refused["detail"]
    assert list(api.post("/projects", {"name": ""}, status=422)["fields"]) == ["name", "url"]


def test_a_project_in_use_stays(api: Api, project: Project) -> None:
    make_initiative(projects=[project])
    assert "is used by" in api.delete(f"/projects/{project.pk}", status=409)["detail"]


def test_pages_of_the_list(api: Api) -> None:
    for name in "abc":
        make_project(name=name)
    page = api.get("/projects?limit=1&offset=1")
    assert ([row["name"] for row in page["items"]], page["count"]) == (["b"], 3)
    api.get("/projects?limit=501", status=422)
    api.get("/projects?offset=-1", status=422)


def test_odd_ids_are_refused(api: Api) -> None:
    api.get("/projects/%00", status=422)
    api.get("/projects/" + "x" * 33, status=422)
