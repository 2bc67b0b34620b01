"""The schema that /api/openapi.json answers: valid, whole, and true about names and errors."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.contrib.auth.models import User
from django.test import Client
from ninja import Schema

from cw_site.api import api
from tests.api.operations import OPERATIONS, SCHEMA, STREAMS, Operation, resolve

CONTRACT = """
    GET /health, GET /events, GET /attention
    GET POST /projects, GET PATCH DELETE /projects/{}, POST /projects/{}/sync
    GET POST /initiatives, GET PATCH DELETE /initiatives/{}, POST /initiatives/{}/queue-all
    GET /initiatives/{}/diff, GET /initiatives/{}/mergeability
    POST /initiatives/{}/request-changes, POST /initiatives/{}/finish
    GET POST /initiatives/{}/phases, GET PATCH DELETE /phases/{}
    POST /phases/{}/approve, POST /phases/{}/queue, POST DELETE /phases/{}/dependencies
    GET POST /phases/{}/tasks, GET PATCH DELETE /tasks/{}, POST /tasks/{}/complete, POST /tasks/{}/retry
    GET /phases/{}/diff, GET /phases/{}/diff/file, GET /phases/{}/rounds, GET /phases/{}/interdiff
    POST /phases/{}/request-changes, POST /phases/{}/approve-review
    GET POST /phases/{}/comments, PATCH DELETE /review-comments/{}
    POST /review-comments/{}/resolve, POST /review-comments/{}/unresolve
    GET /agents, GET DELETE /agents/{}, GET /agents/{}/log, GET /agents/{}/stream, GET /agents/{}/questions
    POST /agents/{}/answer, POST /agents/{}/stop, POST /agents/{}/resume, POST /agents/{}/dismiss
    GET /initiatives/{}/proposals, POST /proposals/{}/dismiss, POST /agents/{}/proposals/dismiss
    GET /initiatives/{}/change-sets
    GET POST /initiatives/{}/pages, GET PATCH DELETE /pages/{}
    GET POST /chat-sessions, GET POST /chat-sessions/{}/messages, POST /chat-sessions/{}/close
    GET POST /conversations, GET /conversations/{}, POST /conversations/{}/answer
    GET /messages, POST /messages/{}/reply
    GET POST /accounts, GET PATCH DELETE /accounts/{}, POST /accounts/{}/mark-available
"""
"""The names that scripts rely on. A new feature adds its paths here; none may be taken away."""
FIELDS = {
    "POST /projects": "name url default_branch",
    "POST /initiatives": "name project_ids execution_mode branch",
    "POST /initiatives/{}/finish": "action head",
    "POST /initiatives/{}/phases": "name content depends_on",
    "POST /phases/{}/tasks": "name description type category priority depends_on parent_task_id provider model",
    "POST /tasks/{}/complete": "summary",
    "POST /phases/{}/approve-review": "head",
    "POST /phases/{}/comments": "file_path line_number line_type body parent_comment_id project_id",
    "POST /agents/{}/answer": "answers",
    "POST /initiatives/{}/pages": "title content parent_page_id",
    "POST /chat-sessions": "target_type target_id",
    "POST /conversations": "to_agent task_id phase_id question",
    "POST /accounts": "email provider credentials config_json",
}
QUERIES = {
    "GET /agents": "status limit offset",
    "GET /agents/{}/log": "after",
    "GET /phases/{}/diff/file": "project path",
    "GET /phases/{}/interdiff": "from to",
    "GET /initiatives/{}/proposals": "status",
    "GET /pages/{}": "format",
    "GET /conversations/{}": "wait",
    "GET /messages": "recipient requires_response",
    "GET /events": "after",
}
each = pytest.mark.parametrize("operation", OPERATIONS, ids=str)


def named(operation: Operation) -> str:
    return f"{operation.method} {re.sub(r'{[^}]+}', '{}', operation.path)}"


BY_NAME = {named(operation): operation for operation in OPERATIONS}


def test_the_schema_is_valid() -> None:
    loaded = schemathesis.openapi.from_dict(SCHEMA)
    loaded.validate()
    assert SCHEMA["openapi"].startswith("3.1")


def test_every_path_of_the_contract_is_there() -> None:
    wanted = set()
    for entry in re.split(r",|\n", CONTRACT):
        *methods, path = entry.split() or [""]
        wanted |= {f"{method} {path}" for method in methods}
    assert wanted - set(BY_NAME) == set()


def test_bodies_and_queries_have_the_fields_of_the_contract() -> None:
    for name, fields in FIELDS.items():
        body = BY_NAME[name].body_schema
        assert body is not None, name
        assert set(fields.split()) <= set(body["properties"]), name
    for name, fields in QUERIES.items():
        queries = {item["name"] for item in BY_NAME[name].spec["parameters"] if item["in"] == "query"}
        assert set(fields.split()) <= queries, name


def test_operation_ids_are_unique() -> None:
    counts = Counter(operation.spec["operationId"] for operation in OPERATIONS)
    assert [name for name, count in counts.items() if count > 1] == []


def test_no_two_schemas_share_a_name() -> None:
    """In OpenAPI the second would silently take the place of the first."""
    homes: dict[str, set[str]] = {}
    for schema in subclasses(Schema):
        if (
            not schema.__module__.startswith(("ninja.", "pydantic."))
            and schema.__name__ in SCHEMA["components"]["schemas"]
        ):
            homes.setdefault(schema.__name__, set()).add(schema.__module__)
    assert {name: modules for name, modules in homes.items() if len(modules) > 1} == {}


def subclasses(schema: type) -> Iterator[type]:
    children: list[type] = schema.__subclasses__()
    for child in children:
        yield child
        yield from subclasses(child)


@each
def test_every_operation_says_what_it_does(operation: Operation) -> None:
    assert operation.spec["summary"]
    assert not operation.spec["summary"].endswith(".")
    assert operation.spec["tags"]


@each
def test_every_operation_declares_how_it_refuses(operation: Operation) -> None:
    responses = operation.spec["responses"]
    if operation.is_public:
        assert operation.path == "/health"
        assert set(responses) == {"200"}
        return
    wanted = {"400", "401", "403", "404", "409", "422"} | ({"413", "415"} if operation.body_schema else set())
    assert wanted <= set(responses)
    for code in wanted:
        assert responses[code]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/ErrorOut"}


def test_the_error_shape_is_detail_and_code() -> None:
    error = SCHEMA["components"]["schemas"]["ErrorOut"]
    assert error["required"] == ["detail", "code"]
    assert error["properties"]["detail"]["type"] == error["properties"]["code"]["type"] == "string"


@each
def test_creating_answers_201_deleting_204_and_streams_say_so(operation: Operation) -> None:
    (success,) = [code for code in operation.spec["responses"] if code.startswith("2")]
    content = operation.spec["responses"][success].get("content", {})
    assert set(content) == (
        {"text/event-stream"} if str(operation) in STREAMS else set() if success == "204" else {"application/json"}
    )
    if operation.method == "DELETE" and not operation.path.endswith("/dependencies"):
        assert success == "204"
    if operation.method != "POST":
        assert success != "201"


@each
def test_lists_have_one_shape_and_are_paged(operation: Operation) -> None:
    answer = operation.spec["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
    properties = resolve(answer).get("properties", {}) if answer else {}
    if "items" not in properties:
        return
    assert properties["count"]["type"] == "integer"
    queries = {item["name"]: item["schema"] for item in operation.spec["parameters"] if item["in"] == "query"}
    if operation.method == "GET" and not operation.path.endswith(("/log", "/questions")):
        assert {"limit", "offset"} <= set(queries)
        assert (queries["limit"]["minimum"], queries["limit"]["maximum"]) == (1, 500)


@each
def test_every_text_that_comes_in_is_bounded(operation: Operation) -> None:
    for item in operation.spec["parameters"]:
        for part in strings(item["schema"]):
            assert part.keys() & {"maxLength", "pattern", "enum", "const"}, item["name"]
    body = operation.body_schema
    for name, schema in (body or {}).get("properties", {}).items():
        if name != "content":  # rich text: bounded by what is stored, initiatives/richtext.py
            for part in strings(schema):
                assert part.keys() & {"maxLength", "pattern", "enum", "const"}, name


def strings(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The string schemas that a value may be of."""
    schema = SCHEMA["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else schema
    if schema.get("type") == "string":
        yield schema
    parts = [*schema.get("anyOf", []), schema.get("items"), schema.get("additionalProperties")]
    for part in parts:
        if isinstance(part, dict):
            yield from strings(part)


@pytest.mark.parametrize("path", ["/api/openapi.json", "/api/docs"])
def test_schema_and_documentation_are_for_those_who_may_use_the_api(
    path: str, person_client: Client, person: User
) -> None:
    answer = Client().get(path)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert person_client.get(path).status_code == 200
    assert Client().get(path, headers={"Authorization": "Bearer cw_nothing"}).status_code == 401


def test_the_description_tells_of_every_scope() -> None:
    assert all(f"- `{scope}`: " in api.description for scope in ("read", "comment", "run", "review", "admin"))
