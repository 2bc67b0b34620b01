"""Which login a session runs with, and what may be done with accounts."""

from dataclasses import dataclass
from datetime import datetime

from agents.models import Account
from agents.providers.registry import get_provider
from agents.repositories.account import AccountRepository
from cw_site.foundation.clock import now
from cw_site.foundation.reconcile import request_reconcile


@dataclass(frozen=True, slots=True)
class Choice:
    """The account to run with. None with no `waits` means: the login that this machine's user has."""

    account: Account | None = None
    waits: str = ""
    until: datetime | None = None


def is_usable(account: Account) -> bool:
    """Whether the account is parked neither by a limit nor by its login."""
    limited = account.is_exhausted and (account.exhausted_until is None or account.exhausted_until > now())
    return not limited and account.login_expired_at is None


def look_for_account(provider: str) -> Choice:
    """Whether a session of the provider could run now, taking nothing."""
    accounts = AccountRepository().find_by_provider(provider)
    if not accounts:
        return Choice()
    usable = next((account for account in accounts if is_usable(account)), None)
    return Choice(usable) if usable is not None else _exhausted(provider)


def take_account(provider: str, *, preferred_id: str | None = None) -> Choice:
    """The account for a session: the one it had, where that can be used, else the least recently used."""
    repository = AccountRepository()
    if not repository.find_by_provider(provider):
        return Choice()
    preferred = repository.find_by_id(preferred_id) if preferred_id else None
    if preferred is not None and preferred.provider == provider and is_usable(preferred):
        return Choice(repository.update(preferred.id, last_used_at=now()))
    found = repository.find_next_available(provider)
    return Choice(found) if found is not None else _exhausted(provider)


def _exhausted(provider: str) -> Choice:
    label = get_provider(provider).label
    until = AccountRepository().next_reset(provider)
    if until is not None:
        return Choice(waits=f"All accounts of {label} are used up until {until:%d %b %H:%M} UTC.", until=until)
    return Choice(waits=f"No account of {label} can log in. Mend one in the admin, then mark it available.")


def mark_available(account_id: str) -> Account:
    """A person says that the account can be used again."""
    account = AccountRepository().mark_available(account_id)
    request_reconcile()
    return account
