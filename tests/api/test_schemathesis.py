"""What the schema promises is kept: schemathesis makes requests from it, good and bad, and looks at every answer.

Seeds are fixed, so a run finds what the run before found. Two paths are left out by name: GET /events and
GET /agents/{name}/stream answer until the client goes, which no generated request does.
"""

import copy
from collections.abc import Iterator
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS

from cw_site.foundation.schemas import ID_PATTERN
from cw_site.tokens import create_token
from tests.api.operations import OPERATIONS, SCHEMA, STREAMS
from tests.factories import make_user
from tests.factories_api import Workspace, rolled_back

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
LEFT_OUT = {
    "positive_data_acceptance": "whether there is such a project, or the phase is approved, is no matter of the schema",
}
REFUSALS = ["400", "401", "403", "404", "405", "409", "413", "415", "422"]
CONFIG = {"seed": 20, "checks": {"negative_data_rejection": {"expected-statuses": REFUSALS}}}
PATTERNS = {ID_PATTERN, r"^[0-9A-Za-z_-]{1,80}$"}
ROW = "row-"
"""Stands before the name of an id of the workspace, which the schema, read before there are rows, cannot know."""


def with_rows(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema whose ids are often those of rows."""
    names = sorted({f"{ROW}{name}" for operation in OPERATIONS for name in operation.path_names})
    changed = copy.deepcopy(schema)
    waiting: list[Any] = [changed]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, dict) and node.get("pattern") in PATTERNS:
            node["anyOf"] = [{"enum": names}, {"type": "string", "pattern": node.pop("pattern")}]
        elif isinstance(node, dict):
            waiting.extend(node.values())
    return changed


def filled(value: Any, ids: dict[str, str]) -> Any:
    """The value with the ids of rows."""
    match value:
        case dict():
            return {filled(name, ids): filled(item, ids) for name, item in value.items()}
        case list():
            return [filled(item, ids) for item in value]
        case str() if value.startswith(ROW):
            return ids.get(value.removeprefix(ROW), value)
        case _:
            return value


loaded: schemathesis.BaseSchema = schemathesis.openapi.from_dict(
    with_rows(SCHEMA), config=schemathesis.Config.from_dict(CONFIG)
)
loaded.app = get_wsgi_application()
for stream in STREAMS:
    loaded = loaded.exclude(name=stream.replace(" ", " /api"))


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """As Django's own test client does it: the requests go on in the test's transaction."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for an answer to a conversation has waited long enough at once."""
    moments = count(step=1000)
    clock = SimpleNamespace(monotonic=lambda: next(moments), sleep=lambda seconds: None)
    monkeypatch.setattr("agents.api.talk.time", clock)


@pytest.fixture(scope="module")
def token(workspace: Workspace) -> str:
    """A token that may do everything."""
    return create_token(make_user("script"), scopes=["admin"])


@loaded.parametrize()
@settings(max_examples=15, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_the_schema_says(case: Any, workspace: Workspace, token: str) -> None:
    for part in ("path_parameters", "query", "body"):
        setattr(case, part, filled(getattr(case, part), workspace.ids))
    with rolled_back():
        case.call_and_validate(
            headers={"Authorization": f"Bearer {token}"}, excluded_checks=CHECKS.get_by_names(list(LEFT_OUT))
        )
