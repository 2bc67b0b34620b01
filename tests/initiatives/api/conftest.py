"""Talking to the API as a signed-in person."""

import json
from typing import Any

import pytest
from django.test import Client


class Api:
    """Calls below /api; each checks the status and answers the JSON."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def call(self, method: str, path: str, status: int, body: dict[str, Any] | None = None) -> Any:
        extra = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        response = self.client.generic(method, f"/api{path}", **extra)  # type: ignore[arg-type]
        assert response.status_code == status, response.content.decode()[:2000]
        return json.loads(response.content) if response.content else None

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
