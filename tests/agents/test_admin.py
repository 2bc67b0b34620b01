"""Accounts in the Django admin: what goes in never comes out."""

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from agents.repositories import AccountRepository
from tests.factories import make_account, make_agent, make_session, make_task

SECRET = "sk-ant-zebra-quartz-7"


@pytest.fixture(autouse=True)
def nothing_waits(settings: Settings) -> None:
    settings.CW_ATTENTION_COUNT = "builtins.int"


def test_credentials_are_written_and_never_shown(administrator_client: Client) -> None:
    form = {"email": "a@example.org", "provider": "claude", "sort_order": "0", "new_credentials": SECRET}
    made = administrator_client.post("/admin/agents/account/add/", form)
    assert made.status_code == 302, made.content.decode()
    account = AccountRepository().find_all()[0]
    assert account.credentials == SECRET
    for path in ("", f"{account.id}/change/", f"{account.id}/history/"):
        assert SECRET not in administrator_client.get(f"/admin/agents/account/{path}").content.decode()


def test_empty_secrets_keep_what_is_stored_and_new_ones_mend_a_login(administrator_client: Client) -> None:
    account = make_account(provider="claude", credentials=SECRET)
    AccountRepository().mark_login_expired(account.id, "expired")
    form = {"email": "b@example.org", "provider": "claude", "sort_order": "3"}
    assert administrator_client.post(f"/admin/agents/account/{account.id}/change/", form).status_code == 302
    kept = AccountRepository().get(account.id)
    assert (kept.credentials, kept.email) == (SECRET, "b@example.org")
    assert kept.login_expired_at is not None
    form["new_credentials"] = "sk-ant-other"
    assert administrator_client.post(f"/admin/agents/account/{account.id}/change/", form).status_code == 302
    mended = AccountRepository().get(account.id)
    assert (mended.credentials, mended.login_expired_at) == ("sk-ant-other", None)


def test_a_bad_account_is_refused_without_repeating_the_secret(administrator_client: Client) -> None:
    form = {"email": "a@example.org", "provider": "claude", "sort_order": "0", "new_credentials": f"{SECRET} {SECRET}"}
    refused = administrator_client.post("/admin/agents/account/add/", form)
    assert refused.status_code == 200
    assert AccountRepository().find_all() == []


@pytest.mark.parametrize("name", ["agent", "agentsession", "agentlogchunk", "conversation", "message"])
def test_the_other_tables_are_read_only(administrator_client: Client, name: str) -> None:
    make_session(make_agent(make_task()), status="live")
    assert administrator_client.get(f"/admin/agents/{name}/").status_code == 200
    assert administrator_client.get(f"/admin/agents/{name}/add/").status_code == 403
