"""The JSON API of reviews: the fixed names, the scopes, and 409 where a head has moved."""

import json
from typing import Any

import pytest
from django.test import Client

from cw_site.tokens import create_token
from initiatives.repositories import InitiativeRepository
from reviews import ticks
from reviews.repositories import ProposalRepository, ReviewCommentRepository
from tests.factories import make_agent, make_initiative, make_phase, make_user
from tests.reviews.conftest import World, commit_on, replace_line


class Api:
    """A caller with a token."""

    def __init__(self, scopes: list[str]) -> None:
        self.client = Client()
        token = create_token(make_user(), scopes=scopes)
        self.headers = {"Authorization": f"Bearer {token}"}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body)
        address, kind = f"/api{path}", "application/json"
        return self.client.generic(method, address, data or "", content_type=kind, headers=self.headers)

    def get(self, path: str) -> Any:
        response = self.call("GET", path)
        assert response.status_code == 200, response.content
        return json.loads(response.content)

    def post(self, path: str, body: Any = None, *, status: int = 200) -> Any:
        response = self.call("POST", path, body)
        assert response.status_code == status, response.content
        return json.loads(response.content)


@pytest.fixture
def api(db: None) -> Api:
    """May do everything."""
    return Api(["admin"])


@pytest.fixture
def waiting(world: World) -> World:
    """A phase in review."""
    world.do_task({"app.py": replace_line(3, "changed"), "new.py": "x = 1\n", "README.md": None})
    ticks.merge_tasks()
    ticks.close_phases()
    return world


def test_the_diff_names_commits_and_files(api: Api, waiting: World) -> None:
    (project,) = api.get(f"/phases/{waiting.phase.pk}/diff")["projects"]
    assert project["project_id"] == waiting.project.pk
    assert (project["base"], project["head"]) == (waiting.phase_branch.base_sha, waiting.tip())
    assert {row["path"]: (row["status"], row["additions"], row["deletions"]) for row in project["files"]} == {
        "app.py": ("M", 1, 1),
        "new.py": ("A", 1, 0),
        "README.md": ("D", 0, 1),
    }
    query = f"?project={waiting.project.pk}&path=app.py"
    found = api.get(f"/phases/{waiting.phase.pk}/diff/file{query}")
    lines = [line for line in found["hunks"][0]["lines"] if line["type"] != "context"]
    assert [(line["type"], line["text"]) for line in lines] == [("removed", "line 3"), ("added", "changed")]
    assert api.call("GET", f"/phases/{waiting.phase.pk}/diff/file?project=x&path=app.py").status_code == 404


def test_the_review_loop(api: Api, waiting: World) -> None:
    phase = f"/phases/{waiting.phase.pk}"
    place = {"file_path": "app.py", "line_number": 3, "line_type": "added"}
    comment = api.post(f"{phase}/comments", {**place, "body": "Why?"}, status=201)
    assert (comment["author_agent_id"], comment["resolved"], comment["line_text"]) == (None, False, "changed")
    answer = api.post(f"{phase}/comments", {"parent_comment_id": comment["id"], "body": "Because", **place}, status=201)
    assert answer["parent_comment_id"] == comment["id"]
    assert api.get(f"{phase}/comments")["count"] == 2
    assert api.post(f"/review-comments/{comment['id']}/resolve")["resolved"]
    assert not api.post(f"/review-comments/{comment['id']}/unresolve")["resolved"]
    changed = api.call("PATCH", f"/review-comments/{answer['id']}", {"body": "So"})
    assert json.loads(changed.content)["body"] == "So"
    assert api.call("DELETE", f"/review-comments/{answer['id']}").status_code == 204
    task = api.post(f"{phase}/request-changes")
    assert (task["category"], task["status"]) == ("review", "pending")
    assert api.post(f"{phase}/request-changes", {"note": "again"}, status=409)["code"] == "not_allowed"
    (row,) = api.get(f"{phase}/rounds")["items"]
    assert [decision["decision"] for decision in row["decisions"]] == ["changes_requested"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"line_number": 15}, "line_number"),
        ({"file_path": "none"}, "file_path"),
        ({"file_path": None}, "file_path"),
        ({"line_type": "moved"}, "line_type"),
        ({"body": ""}, "body"),
        ({"parent_comment_id": "none"}, "parent_comment_id"),
    ],
)
def test_a_bad_comment_is_422_with_its_field(api: Api, waiting: World, changes: dict[str, Any], field: str) -> None:
    body = {"file_path": "app.py", "line_number": 3, "line_type": "added", "body": "Why?", **changes}
    answer = api.post(f"/phases/{waiting.phase.pk}/comments", body, status=422)
    assert answer["code"] == "invalid"
    assert field in json.dumps(answer["fields"])


def test_approving_needs_the_exact_head(api: Api, waiting: World) -> None:
    phase = f"/phases/{waiting.phase.pk}"
    seen = {row["project_id"]: row["head"] for row in api.get(f"{phase}/diff")["projects"]}
    commit_on(waiting.project, waiting.phase_branch.name, {"late.py": "x\n"})
    refused = api.post(f"{phase}/approve-review", {"head": seen}, status=409)
    assert waiting.project.name in refused["detail"]
    assert api.post(f"{phase}/approve-review", {"head": {}}, status=409)["code"] == "not_allowed"
    assert api.post(f"{phase}/approve-review", {"head": {waiting.project.pk: "main"}}, status=422)
    seen = {row["project_id"]: row["head"] for row in api.get(f"{phase}/diff")["projects"]}
    assert api.post(f"{phase}/approve-review", {"head": seen})["status"] == "pending_review"
    ticks.merge_phases()
    assert api.get(phase)["status"] == "completed"
    assert api.get(f"{phase}/diff")["projects"][0]["head"] == seen[waiting.project.pk]


def test_the_interdiff_of_two_rounds(api: Api, waiting: World) -> None:
    commit_on(waiting.project, waiting.phase_branch.name, {"late.py": "x\n"})
    ticks.merge_phases()
    (project,) = api.get(f"/phases/{waiting.phase.pk}/interdiff?from=1&to=2")["projects"]
    assert [row["path"] for row in project["files"]] == ["late.py"]
    assert api.call("GET", f"/phases/{waiting.phase.pk}/interdiff?from=1&to=3").status_code == 404


def test_finishing_an_initiative(api: Api, waiting: World) -> None:
    path = f"/initiatives/{waiting.initiative.pk}"
    head = {waiting.project.pk: waiting.initiative_branch.base_sha}
    assert api.post(f"{path}/finish", {"action": "merge", "head": head}, status=409)
    api.post(f"/phases/{waiting.phase.pk}/approve-review", {"head": waiting.heads()})
    ticks.merge_phases()
    ticks.close_initiatives()
    assert api.get(f"{path}/mergeability")["mergeable"] is True
    seen = {row["project_id"]: row["head"] for row in api.get(f"{path}/diff")["projects"]}
    assert api.post(f"{path}/finish", {"action": "force", "head": seen}, status=422)
    assert api.post(f"{path}/request-changes", {"note": ""}, status=422)
    assert api.post(f"{path}/finish", {"action": "merge_and_push", "head": seen})["id"] == waiting.initiative.pk
    ticks.finish_initiatives()
    assert api.get(path)["status"] == "completed"


def test_sending_an_initiative_back(api: Api, waiting: World) -> None:
    api.post(f"/phases/{waiting.phase.pk}/approve-review", {"head": waiting.heads()})
    ticks.merge_phases()
    ticks.close_initiatives()
    task = api.post(f"/initiatives/{waiting.initiative.pk}/request-changes", {"note": "Tidy"})
    assert "Tidy" in task["description"]
    assert InitiativeRepository().get(waiting.initiative.pk).status == "active"


def test_what_waits(api: Api, waiting: World) -> None:
    (item,) = api.get("/attention")["items"]
    assert (item["kind"], item["id"]) == ("review", waiting.phase.pk)
    assert item["url"] == f"/phases/{waiting.phase.pk}/review/"


def test_chat(api: Api) -> None:
    phase = make_phase(make_initiative(provider="scripted"), status="in_progress")
    chat = api.post("/chat-sessions", {"target_type": "phase", "target_id": phase.pk}, status=201)
    message = api.post(f"/chat-sessions/{chat['id']}/messages", {"content": "Hi"}, status=201)
    assert (message["role"], message["delivered_at"] is not None) == ("user", True)
    assert api.get(f"/chat-sessions/{chat['id']}/messages")["count"] == 1
    assert api.get(f"/chat-sessions?target_id={phase.pk}")["items"][0]["agent_id"]
    assert api.post(f"/chat-sessions/{chat['id']}/close")["status"] == "closed"
    assert api.post(f"/chat-sessions/{chat['id']}/messages", {"content": "Hi"}, status=409)
    assert api.post("/chat-sessions", {"target_type": "phase", "target_id": "none"}, status=404)


def test_proposals_are_listed_and_dismissed(api: Api) -> None:
    initiative, agent = make_initiative(), make_agent()
    rows = [
        ProposalRepository().create(agent_id=agent.pk, initiative_id=initiative.pk, target_type="phase", title=title)
        for title in ("One", "Two", "Three")
    ]
    assert api.get(f"/initiatives/{initiative.pk}/proposals?status=pending")["count"] == 3
    assert api.post(f"/proposals/{rows[0].pk}/dismiss")["status"] == "dismissed"
    assert api.post(f"/proposals/{rows[0].pk}/dismiss", status=409)
    assert api.post(f"/agents/{agent.pk}/proposals/dismiss") == {"dismissed": 2}
    ProposalRepository().create_change_set(
        initiative_id=initiative.pk,
        source="test",
        entries=[{"entity_type": "phase", "entity_id": "x", "action": "create", "new_state": {"name": "P"}}],
    )
    (change_set,) = api.get(f"/initiatives/{initiative.pk}/change-sets")["items"]
    assert change_set["entries"][0]["new_state"] == {"name": "P"}


def test_scopes(waiting: World) -> None:
    phase = f"/phases/{waiting.phase.pk}"
    comment = {"file_path": "app.py", "line_number": 3, "line_type": "added", "body": "Why?"}
    reader, commenter = Api(["read"]), Api(["comment"])
    assert reader.call("GET", f"{phase}/diff").status_code == 200
    assert reader.call("POST", f"{phase}/comments", comment).status_code == 403
    assert commenter.call("POST", f"{phase}/comments", comment).status_code == 201
    assert commenter.call("POST", f"{phase}/approve-review", {"head": waiting.heads()}).status_code == 403
    assert commenter.call("GET", f"{phase}/diff").status_code == 403
    assert Client().get(f"/api{phase}/diff").status_code == 401
    assert len(ReviewCommentRepository().find_by_phase_id(waiting.phase.pk)) == 1
