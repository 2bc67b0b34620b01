"""Every operation asks who calls, and what their token may do."""

import json
import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cw_site.api import api
from cw_site.tokens import create_token

PATHS = api.get_openapi_schema()["paths"]
OPERATIONS = sorted(
    (method.upper(), path.removeprefix("/api"))
    for path, methods in PATHS.items()
    for method, operation in methods.items()
    if operation["operationId"].startswith("initiatives_api_")
)


def address(path: str) -> str:
    return "/api" + re.sub(r"\{[^}]+\}", "nothing", path)


def test_the_paths_of_the_contract_are_there() -> None:
    wanted = """
        GET /projects, POST /projects, GET /projects/{}, PATCH /projects/{}, DELETE /projects/{}, POST /projects/{}/sync
        GET /initiatives, POST /initiatives, GET /initiatives/{}, PATCH /initiatives/{}, DELETE /initiatives/{}
        POST /initiatives/{}/queue-all, GET /initiatives/{}/phases, POST /initiatives/{}/phases
        GET /phases/{}, PATCH /phases/{}, DELETE /phases/{}, POST /phases/{}/approve, POST /phases/{}/queue
        POST /phases/{}/dependencies, DELETE /phases/{}/dependencies, GET /phases/{}/tasks, POST /phases/{}/tasks
        GET /tasks/{}, PATCH /tasks/{}, DELETE /tasks/{}, POST /tasks/{}/complete, POST /tasks/{}/retry
        GET /initiatives/{}/pages, POST /initiatives/{}/pages, GET /pages/{}, PATCH /pages/{}, DELETE /pages/{}
    """
    there = {f"{method} {re.sub(r'{[^}]+}', '{}', path)}" for method, path in OPERATIONS}
    assert {" ".join(line.split()) for line in re.split(r",|\n", wanted) if line.strip()} - there == set()


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_nobody_may_do_anything_without_signing_in(method: str, path: str) -> None:
    response = Client().generic(method, address(path), data=b"{}", content_type="application/json")
    assert response.status_code == 401
    assert json.loads(response.content)["code"] == "unauthenticated"


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_a_token_may_do_what_its_scope_says(method: str, path: str, person: User) -> None:
    scope = "comment" if method == "GET" else "read"
    token = create_token(person, scopes=[scope])
    body = json.dumps({"name": "x", "url": "x", "title": "x", "summary": "x", "depends_on_phase_id": "x"})
    response = Client(headers={"Authorization": f"Bearer {token}"}).generic(
        method, address(path), data=body.encode(), content_type="application/json"
    )
    assert (response.status_code, json.loads(response.content)["code"]) == (403, "forbidden")


def test_every_operation_declares_how_it_refuses() -> None:
    for method, path in OPERATIONS:
        declared = set(PATHS[f"/api{path}"][method.lower()]["responses"])
        assert {400, 401, 403, 404, 409, 422} <= {int(code) for code in declared}, path
