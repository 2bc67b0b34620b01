from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from cw_site.foundation.clock import now
from cw_site.foundation.errors import Invalid
from cw_site.models import ApiToken
from cw_site.tokens import create_token, find_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice", password="a long password")


def test_only_the_hash_of_a_token_is_stored(alice: User) -> None:
    secret = create_token(alice, scopes=["read"])
    row = ApiToken.objects.get()
    assert secret not in repr(ApiToken.objects.values().get())
    assert secret.startswith(row.prefix)
    assert find_token(secret) == row


def test_an_unknown_scope_is_refused(alice: User) -> None:
    with pytest.raises(Invalid):
        create_token(alice, scopes=["everything"])


@pytest.mark.parametrize("change", ["revoked", "expired", "inactive", "mistyped"])
def test_a_token_that_is_over_opens_nothing(alice: User, client: Client, change: str) -> None:
    secret = create_token(alice, scopes=["read"])
    if change == "revoked":
        ApiToken.objects.update(revoked_at=now())
    elif change == "expired":
        ApiToken.objects.update(expires_at=now() - timedelta(seconds=1))
    elif change == "inactive":
        User.objects.update(is_active=False)
    else:
        secret = secret[:-1] + ("a" if secret[-1] != "a" else "b")
    assert find_token(secret) is None
    answer = client.get("/api/projects", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 401
    assert answer.json()["code"] == "unauthenticated"


def test_a_bad_token_is_not_rescued_by_the_session(alice: User, client: Client) -> None:
    client.force_login(alice)
    assert client.get("/api/projects").status_code == 200
    assert client.get("/api/projects", headers={"Authorization": "Bearer cw_nothing"}).status_code == 401


def test_a_token_in_the_address_opens_nothing(alice: User, client: Client) -> None:
    secret = create_token(alice, scopes=["read"])
    assert client.get("/api/projects", {"token": secret}).status_code == 401


def test_a_token_without_the_scope_is_told_which(alice: User, client: Client) -> None:
    secret = create_token(alice, scopes=["comment"])
    answer = client.get("/api/projects", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 403
    assert "read" in answer.json()["detail"]


def test_a_session_needs_the_csrf_token_and_a_bearer_does_not(alice: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    assert strict.post("/api/projects", {}, content_type="application/json").status_code == 403
    secret = create_token(alice, scopes=["admin"])
    answer = Client(enforce_csrf_checks=True).post(
        "/api/projects", {}, content_type="application/json", headers={"Authorization": f"Bearer {secret}"}
    )
    assert answer.status_code == 422


def test_the_command_prints_a_token_that_works(alice: User, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_token", "alice", "--scope", "read")
    assert find_token(capsys.readouterr().out.strip()) is not None


def test_the_command_says_who_is_missing() -> None:
    with pytest.raises(CommandError, match="no user 'bob'"):
        call_command("create_token", "bob", "--scope", "read")
