from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.db import connection

from agents.models import Account
from agents.repositories import AccountRepository
from cw_site.foundation.errors import NotFound
from tests.factories import make_account
from tests.threads import run_together

pytestmark = [pytest.mark.databases, pytest.mark.django_db]
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def take(provider: str = "claude", at: datetime | None = None) -> str:
    account = AccountRepository().find_next_available(provider, at)
    return account.email if account else ""


def test_accounts_are_taken_in_turn() -> None:
    for email in ("a", "b", "c"):
        make_account(email=email)

    assert [take() for _ in range(5)] == ["a", "b", "c", "a", "b"]


def test_among_unused_accounts_the_sort_order_decides() -> None:
    make_account(email="second", sort_order=2)
    make_account(email="first", sort_order=1)
    make_account(email="other", provider="scripted")

    assert [take(), take()] == ["first", "second"]
    assert take("gemini") == ""
    assert [account.email for account in AccountRepository().find_by_provider("claude")] == ["first", "second"]


def test_taking_twice_at_one_instant_still_moves_the_time_on() -> None:
    account = make_account()

    first = AccountRepository().find_next_available("claude", NOON)
    second = AccountRepository().find_next_available("claude", NOON)

    assert first is not None
    assert second is not None
    assert (first.pk, first.last_used_at) == (account.pk, NOON)
    assert second.last_used_at == NOON + timedelta(microseconds=1)


def test_an_exhausted_account_is_skipped_until_its_reset() -> None:
    a, b = make_account(email="a"), make_account(email="b")
    AccountRepository().mark_exhausted(a.pk, NOON)
    AccountRepository().mark_exhausted(b.pk, NOON + HOUR)

    assert take(at=NOON - HOUR) == ""
    assert AccountRepository().next_reset("claude") == NOON
    assert AccountRepository().next_reset("scripted") is None
    assert take(at=NOON) == "a"
    found = AccountRepository().get(a.pk)
    assert (found.is_exhausted, found.exhausted_until) == (False, None)


def test_clearing_frees_only_what_has_reset() -> None:
    a, b = make_account(), make_account()
    AccountRepository().mark_exhausted(a.pk, NOON)
    AccountRepository().mark_exhausted(b.pk, NOON + HOUR)

    assert AccountRepository().clear_expired_exhaustion(NOON - HOUR) == 0
    assert AccountRepository().clear_expired_exhaustion(NOON) == 1
    assert AccountRepository().get(b.pk).is_exhausted
    assert AccountRepository().clear_expired_exhaustion(NOON) == 0


def test_an_account_whose_login_expired_waits_for_a_person() -> None:
    account = make_account()
    AccountRepository().mark_exhausted(account.pk, NOON)
    AccountRepository().mark_login_expired(account.pk, "Please run /login")

    assert take(at=NOON + HOUR) == ""
    assert AccountRepository().next_reset("claude") is None
    freed = AccountRepository().mark_available(account.pk)
    assert (freed.login_expired_at, freed.login_reason, freed.is_exhausted) == (None, "", False)
    assert take() == account.email


def test_a_missing_account_is_not_found() -> None:
    for mark in (partial(AccountRepository().mark_exhausted, until=NOON), AccountRepository().mark_available):
        with pytest.raises(NotFound, match="no such account"):
            mark("gone")


def test_credentials_are_unreadable_at_rest() -> None:
    account = make_account(credentials='{"key": "sk-secret"}', config_json='{"env": {}}')

    with connection.cursor() as cursor:
        cursor.execute("SELECT credentials, config_json FROM accounts WHERE id = %s", [account.pk])
        stored = cursor.fetchone()
    assert "secret" not in stored[0]
    assert "env" not in stored[1]
    assert AccountRepository().get(account.pk).credentials == '{"key": "sk-secret"}'


@pytest.mark.django_db(transaction=True)
def test_callers_at_one_instant_take_different_accounts() -> None:
    for _ in range(5):
        Account.objects.all().delete()
        emails = {make_account().email for _ in range(4)}

        taken = run_together([take] * 4)

        assert set(taken) == emails


@pytest.mark.django_db(transaction=True)
def test_the_only_account_is_shared() -> None:
    only = make_account()

    assert run_together([take] * 4) == [only.email] * 4
