"""Who may do what: the whole table of scopes, and what keeps others out.

- read: every GET but those of accounts.
- comment: everything about one's comments and their threads.
- run: plan, start and steer the work, answer agents, chat.
- review: decide what is merged, and what becomes of proposals.
- admin: everything; alone projects, accounts, and every deletion but that of one's comments.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from cw_site.foundation.access import Scope
from cw_site.tokens import create_token
from tests.api.operations import OPERATIONS, STREAMS, Operation
from tests.conftest import BACKEND
from tests.factories import make_user
from tests.factories_api import SECRET, Workspace

SCOPES = {
    "comment": """
        POST /phases/{phase_id}/comments
        PATCH /review-comments/{comment_id}
        DELETE /review-comments/{comment_id}
        POST /review-comments/{comment_id}/resolve
        POST /review-comments/{comment_id}/unresolve
    """,
    "run": """
        POST /projects/{project_id}/sync
        POST /initiatives
        PATCH /initiatives/{initiative_id}
        POST /initiatives/{initiative_id}/queue-all
        POST /initiatives/{initiative_id}/phases
        PATCH /phases/{phase_id}
        POST /phases/{phase_id}/approve
        POST /phases/{phase_id}/withdraw
        POST /phases/{phase_id}/queue
        POST /phases/{phase_id}/dependencies
        DELETE /phases/{phase_id}/dependencies
        POST /phases/{phase_id}/tasks
        PATCH /tasks/{task_id}
        POST /tasks/{task_id}/complete
        POST /tasks/{task_id}/retry
        POST /initiatives/{initiative_id}/pages
        PATCH /pages/{page_id}
        POST /agents/{name}/answer
        POST /agents/{name}/stop
        POST /agents/{name}/resume
        POST /agents/{name}/dismiss
        POST /conversations
        POST /conversations/{conversation_id}/answer
        POST /messages/{message_id}/reply
        POST /chat-sessions
        POST /chat-sessions/{chat_id}/messages
        POST /chat-sessions/{chat_id}/close
    """,
    "review": """
        POST /phases/{phase_id}/request-changes
        POST /phases/{phase_id}/approve-review
        POST /initiatives/{initiative_id}/request-changes
        POST /initiatives/{initiative_id}/finish
        POST /proposals/{proposal_id}/dismiss
        POST /agents/{agent_id}/proposals/dismiss
    """,
    "admin": """
        POST /projects
        PATCH /projects/{project_id}
        DELETE /projects/{project_id}
        DELETE /initiatives/{initiative_id}
        DELETE /phases/{phase_id}
        DELETE /tasks/{task_id}
        DELETE /pages/{page_id}
        DELETE /agents/{name}
        GET /accounts
        POST /accounts
        GET /accounts/{account_id}
        PATCH /accounts/{account_id}
        DELETE /accounts/{account_id}
        POST /accounts/{account_id}/mark-available
    """,
}
NEEDED = {line.strip(): scope for scope, lines in SCOPES.items() for line in lines.strip().splitlines()}
PRIVATE = [operation for operation in OPERATIONS if not operation.is_public]
each = pytest.mark.parametrize("operation", PRIVATE, ids=str)
changing = pytest.mark.parametrize("operation", [item for item in PRIVATE if item.method != "GET"], ids=str)


def needed(operation: Operation) -> str:
    return NEEDED.get(str(operation), "read")


@pytest.fixture(scope="module")
def tokens(workspace: Workspace) -> dict[str, str]:
    """A token of each scope, all of one person."""
    owner = make_user("script")
    return {scope: create_token(owner, scopes=[scope]) for scope in Scope}


@pytest.fixture
def signed_in(undone: Workspace) -> Client:
    """A person's browser, which must send the CSRF token."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user("somebody"), backend=BACKEND)
    return client


def code_of(answer: Any) -> str:
    return str(json.loads(answer.content)["code"])


def test_the_table_knows_every_operation_that_does_not_only_read() -> None:
    others = {str(operation) for operation in PRIVATE if operation.method != "GET"}
    assert {name for name in NEEDED if not name.startswith("GET")} == others
    assert {name for name in NEEDED if name.startswith("GET")} <= {str(operation) for operation in PRIVATE}


@each
def test_nobody_may_do_anything_without_credentials(operation: Operation, undone: Workspace) -> None:
    for authorization in ({}, {"Authorization": "Bearer cw_x"}, {"Authorization": "Basic cm9vdDpyb290"}):
        answer = operation.call(Client(enforce_csrf_checks=True), undone.ids, **authorization)
        assert (answer.status_code, code_of(answer)) == (401, "unauthenticated"), authorization


@each
def test_a_token_may_do_what_its_scope_says_and_no_more(
    operation: Operation, undone: Workspace, tokens: dict[str, str]
) -> None:
    wanted = {Scope(needed(operation)), Scope.ADMIN}
    for scope in set(Scope) - wanted:
        answer = operation.call(Client(), undone.ids, Authorization=f"Bearer {tokens[scope]}")
        assert (answer.status_code, code_of(answer)) == (403, "forbidden"), scope
        assert f"“{needed(operation)}”" in json.loads(answer.content)["detail"]
    for scope in wanted:
        answer = operation.call(Client(), undone.ids, Authorization=f"Bearer {tokens[scope]}")
        assert answer.status_code not in {401, 403}, scope
        assert answer.status_code < 500, answer.content


@changing
def test_a_session_needs_the_csrf_token(operation: Operation, undone: Workspace, signed_in: Client) -> None:
    answer = operation.call(signed_in, undone.ids)
    assert (answer.status_code, code_of(answer)) == (403, "forbidden")


@changing
def test_another_site_is_refused_whatever_it_sends(operation: Operation, undone: Workspace, signed_in: Client) -> None:
    answer = operation.call(signed_in, undone.ids, **{"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, code_of(answer)) == (403, "forbidden")


def test_a_session_with_the_csrf_token_may_do_everything(undone: Workspace, signed_in: Client) -> None:
    token = "a" * 32
    signed_in.cookies[settings.CSRF_COOKIE_NAME] = token
    path = f"/api/initiatives/{undone.ids['initiative_id']}/pages"
    answer = signed_in.post(path, {"title": "A"}, content_type="application/json", headers={"X-CSRFToken": token})
    assert answer.status_code == 201


@pytest.mark.parametrize("operation", [item for item in PRIVATE if item.body_schema], ids=str)
def test_only_json_is_read(operation: Operation, undone: Workspace, tokens: dict[str, str]) -> None:
    """A form of another site can send text or form fields, but no JSON."""
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        answer = Client().generic(
            operation.method,
            operation.address(undone.ids),
            b'{"name": "x"}',
            content_type=content_type,
            headers={"Authorization": f"Bearer {tokens['admin']}"},
        )
        assert (answer.status_code, code_of(answer)) == (415, "unsupported_media_type"), content_type


@pytest.mark.parametrize(
    "operation", [item for item in PRIVATE if item.method == "GET" and str(item) not in STREAMS], ids=str
)
def test_no_answer_holds_an_accounts_credentials(
    operation: Operation, undone: Workspace, tokens: dict[str, str]
) -> None:
    answer = operation.call(Client(), undone.ids, Authorization=f"Bearer {tokens['admin']}")
    assert answer.status_code in {200, 404, 409}
    assert SECRET not in answer.content.decode()


def test_changing_an_account_answers_without_its_credentials(undone: Workspace, tokens: dict[str, str]) -> None:
    headers = {"Authorization": f"Bearer {tokens['admin']}"}
    path = f"/api/accounts/{undone.ids['account_id']}"
    for method, address, body in account_changes(path):
        answer = Client().generic(method, address, json.dumps(body).encode(), "application/json", headers=headers)
        assert answer.status_code in {200, 201, 422}, answer.content
        assert "canary" not in answer.content.decode()


def account_changes(path: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    yield "PATCH", path, {"email": "b@example.org"}
    yield "PATCH", path, {"credentials": f'{{"a": "{SECRET}"}}'}
    yield "PATCH", path, {"config_json": f'{{"canary": "{SECRET}"'}
    yield "POST", f"{path}/mark-available", {}
    yield "POST", "/api/accounts", {"email": "c@example.org", "provider": "claude", "credentials": SECRET}
    yield "POST", "/api/accounts", {"email": "canary\0", "provider": SECRET, "credentials": SECRET}


def test_a_token_of_a_person_who_left_opens_nothing(undone: Workspace, tokens: dict[str, str]) -> None:
    User.objects.filter(username="script").update(is_active=False)
    answer = Client().get("/api/projects", headers={"Authorization": f"Bearer {tokens['admin']}"})
    assert answer.status_code == 401
