import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cw_site.tokens import create_token

Ask = Callable[..., tuple[int, Any]]


@pytest.fixture
def ask(administrator: User) -> Ask:
    """Ask the API with a token; returns the status and what it answered."""
    tokens = {scope: create_token(administrator, scopes=[scope]) for scope in ("read", "run", "admin")}

    def call(method: str, path: str, body: object = None, *, scope: str = "admin") -> tuple[int, Any]:
        response = Client().generic(
            method,
            f"/api{path}",
            json.dumps(body) if body is not None else b"",
            content_type="application/json",
            headers={"Authorization": f"Bearer {tokens[scope]}"},
        )
        return response.status_code, json.loads(response.content) if response.content else None

    return call
