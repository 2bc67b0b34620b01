"""Looking at pages as a browser does."""

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

Look = Callable[..., str]


@pytest.fixture
def look(person_client: Client) -> Look:
    """GET a page; its text, after the status was checked."""

    def get(url: str, *, status: int = 200, htmx: bool = False) -> str:
        response = person_client.get(url, headers={"HX-Request": "true"} if htmx else {})
        assert response.status_code == status, response.content.decode()[:2000]
        return response.content.decode()

    return get


@pytest.fixture
def alone(settings: Settings) -> None:
    """Pages without the count of what waits for the person, whose queries are its own affair."""
    settings.CW_ATTENTION_COUNT = "builtins.int"
