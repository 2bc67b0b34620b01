"""Whatever is sent: an answer below 500, and an error that is one, on both databases."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cw_site.tokens import create_token
from tests.api.bodies import body_for, ids_for
from tests.api.operations import OPERATIONS, Operation, resolve
from tests.factories import make_user
from tests.factories_api import Workspace, rolled_back

pytestmark = pytest.mark.django_db
NOT_NOW = {
    "POST /tasks/{task_id}/complete": "its phase has not started",
    "POST /initiatives/{initiative_id}/finish": "the initiative has open phases",
    "POST /initiatives/{initiative_id}/request-changes": "the initiative has open phases",
}
TEXTS = [
    "",
    " \t\n",
    "\0",
    "a\0b",
    "\ud800",
    "a\udfffb",
    "\ufeff\ufffe\uffff",
    "\U0010ffff\U000e0001",
    "\u202eevil\u202c",
    "\u2066\u2067\u2068\u2069\u200b\u200d",
    "\x01\x08\x1b[31m\x7f",
    "\x85\u2028\u2029",
    "a\r\nX-Header: y",
    "x" * 100_000,
    "\N{LATIN SMALL LETTER E}\u0301\u0302" * 30_000,
    "\N{FAMILY}" * 300,
    "../../../etc/passwd",
    "/etc/passwd",
    "-oProxyCommand=x",
    "--upload-pack=touch x",
    "ext::sh -c x",
    "file:///etc/passwd",
    "https://user:pass@git.example.org/x.git",
    "refs/heads/a..b",
    "@{upstream}",
    "HEAD^{/x}",
    "a b~1:c?*[\\",
    "'; DROP TABLE tasks; --",
    '"\\',
    "%00%ff%s%n{0}{{7*7}}${x}",
    "<script>alert(1)</script><img src=x onerror=y>",
    "[x](javascript:alert(1)) ![](data:text/html,x)",
    "> " * 2_000 + "x",
    "* " * 2_000 + "x",
    "[" * 5_000,
    "`" * 5_001,
    '{"type":"doc","content":[{"type":"text"}]}',
    "null",
    "-1",
    "1e400",
    "\N{FULLWIDTH DIGIT ONE}",
    "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}ß\N{LATIN SMALL LETTER DOTLESS I}",
]
VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    2**31,
    2**63,
    10**30,
    -(10**30),
    0.5,
    1e308,
    [],
    {},
    ["x"],
    {"a": "b"},
    [[]] * 3,
]
RAW = {
    "nothing": b"",
    "spaces": b"  ",
    "not JSON": b"{",
    "more than JSON": b"{} {}",
    "a list": b"[]",
    "a text": b'"x"',
    "null": b"null",
    "a number": b"1",
    "half an escape": b'{"name": "\\u00"}',
    "an unknown escape": b'{"name": "\\x00"}',
    "a bare control character": b'{"name": "\x00"}',
    "a key with NUL": b'{"na\\u0000me": "x"}',
    "a key that is half a pair": b'{"\\ud800": "x"}',
    "raw half of a pair": b'{"name": "\xed\xa0\x80"}',
    "not UTF-8": b'{"name": "\xff"}',
    "overlong NUL": b'{"name": "\xc0\x80"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"name": "x"}',
    "NaN": b'{"name": NaN, "order": NaN}',
    "Infinity": b'{"name": "x", "order": -Infinity}',
    "a number beyond floats": b'{"name": "x", "order": 1e999, "content": {"a": 1e999}}',
    "many digits": b'{"name": "x", "order": ' + b"9" * 5_000 + b"}",
    "deep lists": b'{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"name": ' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}",
    "the same key twice": b'{"name": "x", "name": {}}',
    "unknown fields": b'{"name": "x", "__proto__": {"a": 1}, "id": "x", "status": "completed"}',
    "too much": b'{"name": "' + b"x" * (2 * 1024 * 1024) + b'"}',
}
NUMBERS = ["-1", "0", "501", "1e3", "1.5", "NaN", "inf", "9" * 40, "9" * 5_000, "", " ", "x", "%00", "１", "0x10"]
PLACES = [
    "%00",
    "a%00b",
    "%ff",
    "%ed%a0%80",
    "..",
    "..%2f..%2fetc",
    "x" * 3_000,
    "%E2%80%AE",
    "'",
    "a%20b",
    "%0a",
    "~",
    "None",
]
WITH_BODY = [item for item in OPERATIONS if item.body_schema is not None]


@pytest.fixture(scope="module")
def client(workspace: Workspace) -> Client:
    """A script that may do everything and looks at every answer."""
    owner: User = make_user("script")
    token = create_token(owner, scopes=["admin"])
    return Client(raise_request_exception=False, headers={"Authorization": f"Bearer {token}"})


def check(answer: Any, what: object) -> None:
    """Below 500, JSON that any reader takes, and for an error its shape."""
    if answer.streaming:
        assert answer.status_code == 200
        return
    shown = f"{what!r:.200} → {answer.status_code} {answer.content[:300]!r}"
    assert answer.status_code < 500, shown
    if answer.status_code == 204:
        return
    body = json.loads(answer.content.decode("utf-8"), parse_constant=lambda name: pytest.fail(f"{name}: {shown}"))
    if answer.status_code >= 400:
        assert {"detail", "code"} <= set(body), shown
        assert isinstance(body["detail"], str), shown
        assert body["detail"], shown
        assert len(body["detail"]) < 5_000, shown
    else:
        assert answer.status_code in {200, 201}, shown


@pytest.mark.parametrize("operation", WITH_BODY, ids=str)
def test_the_bodies_that_the_corpus_is_put_into_are_accepted(
    operation: Operation, undone: Workspace, client: Client
) -> None:
    answer = operation.call(client, ids_for(operation, undone), body_for(operation, undone))
    assert answer.status_code in ({409} if str(operation) in NOT_NOW else {200, 201}), answer.content


@pytest.mark.databases
@pytest.mark.parametrize("operation", WITH_BODY, ids=str)
def test_no_value_of_any_field_breaks_it(operation: Operation, workspace: Workspace, client: Client) -> None:
    base, ids = body_for(operation, workspace), ids_for(operation, workspace)
    for name, value in hostile_fields(operation):
        with rolled_back():
            check(operation.call(client, ids, base | {name: value}), (name, value))


@pytest.mark.parametrize("operation", WITH_BODY, ids=str)
def test_no_body_breaks_it(operation: Operation, workspace: Workspace, client: Client) -> None:
    for what, raw in RAW.items():
        with rolled_back():
            answer = operation.call(client, ids_for(operation, workspace), raw)
            check(answer, what)
            expected = {"too much": 413, "not JSON": 400, "NaN": 400, "deep lists": 400, "a list": 422, "null": 422}
            assert answer.status_code == expected.get(what, answer.status_code), what


@pytest.mark.parametrize("operation", [item for item in OPERATIONS if "{" in item.path], ids=str)
def test_no_place_in_a_path_breaks_it(operation: Operation, workspace: Workspace, client: Client) -> None:
    ids = ids_for(operation, workspace)
    for place in PLACES:
        with rolled_back():
            hostile = dict.fromkeys(operation.path_names, place)
            answer = operation.call(client, ids | hostile, body_for(operation, workspace))
            check(answer, place)
            assert answer.status_code in {404, 405, 422}, place


@pytest.mark.databases
@pytest.mark.parametrize("operation", [item for item in OPERATIONS if item.queries], ids=str)
def test_no_query_breaks_it(operation: Operation, workspace: Workspace, client: Client) -> None:
    address = operation.address(ids_for(operation, workspace))
    body = json.dumps(body_for(operation, workspace)).encode() if operation.body_schema else b""
    for name, value in hostile_queries(operation):
        with rolled_back():
            joined = f"{address}{'&' if '?' in address else '?'}{quote(name)}={value}"
            check(client.generic(operation.method, joined, body, "application/json"), (name, value))


def test_an_unknown_path_and_method_are_refused_as_everything_else(workspace: Workspace, client: Client) -> None:
    for method, path, status in (
        ("GET", "/api/nothing", 404),
        ("GET", "/api/projects/", 404),
        ("PUT", "/api/projects", 405),
        ("TRACE", "/api/projects", 405),
        ("BREW", "/api/projects", 405),
    ):
        answer = client.generic(method, path)
        check(answer, path)
        assert answer.status_code == status
    assert set(client.put("/api/projects")["Allow"].split(", ")) == {"GET", "POST"}


def test_another_host_is_refused_as_everything_else(workspace: Workspace, client: Client) -> None:
    answer = client.get("/api/projects", headers={"Host": "evil.example"})
    check(answer, "host")
    assert answer.status_code == 400


def hostile_fields(operation: Operation) -> Iterator[tuple[str, Any]]:
    """Every field with every value; text fields get texts, fields with texts inside get them inside."""
    for name, schema in (operation.body_schema or {})["properties"].items():
        yield from ((name, value) for value in VALUES)
        kind = resolve(schema).get("type")
        for text in TEXTS:
            if kind == "array":
                yield name, [text]
            elif kind == "object":
                yield name, {text: "x"}
                yield name, {"q1": text}
            if kind in {"string", "object"}:
                yield name, text


def hostile_queries(operation: Operation) -> Iterator[tuple[str, str]]:
    """Every query parameter with every value; none that an operation would wait for."""
    for name in operation.queries:
        yield from ((name, value) for value in [*NUMBERS, *PLACES] if (name, value) != ("wait", "1.5"))
