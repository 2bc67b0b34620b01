"""Talking to the API as a signed-in person; every answer is held against the schema."""

import json
import re
from typing import Any

import jsonschema_rs
import pytest
from django.test import Client

from cw_site.api import api as whole_api

OPENAPI = whole_api.get_openapi_schema()


def check_answer(method: str, path: str, status: int, content: Any) -> None:
    """Raise where an answer is not what OpenAPI says of the operation."""
    bare = path.partition("?")[0]
    templates = [name for name in OPENAPI["paths"] if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", name), f"/api{bare}")]
    assert len(templates) == 1, (path, templates)
    responses = OPENAPI["paths"][templates[0]][method.lower()]["responses"]
    declared = responses.get(status) or responses[str(status)]
    if "content" in declared:
        schema = declared["content"]["application/json"]["schema"]
        jsonschema_rs.validate({**schema, "components": OPENAPI["components"]}, content)


class Api:
    """Calls below /api; each checks the status and answers the JSON."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def call(self, method: str, path: str, status: int, body: dict[str, Any] | None = None) -> Any:
        extra = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        response = self.client.generic(method, f"/api{path}", **extra)  # type: ignore[arg-type]
        assert response.status_code == status, response.content.decode()[:2000]
        content = json.loads(response.content) if response.content else None
        check_answer(method, path, status, content)
        return content

    def get(self, path: str, *, status: int = 200) -> Any:
        return self.call("GET", path, status)

    def post(self, path: str, body: dict[str, Any] | None = None, *, status: int = 200) -> Any:
        return self.call("POST", path, status, body)

    def patch(self, path: str, body: dict[str, Any], *, status: int = 200) -> Any:
        return self.call("PATCH", path, status, body)

    def delete(self, path: str, body: dict[str, Any] | None = None, *, status: int = 204) -> Any:
        return self.call("DELETE", path, status, body)


@pytest.fixture
def api(person_client: Client) -> Api:
    """The API as `person` uses it."""
    return Api(person_client)
