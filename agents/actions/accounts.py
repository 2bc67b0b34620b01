"""Which login a session runs with, and what may be done with accounts. Credentials go in here and never come out."""

import shutil
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from agents.models import Account
from agents.providers.registry import PROVIDERS, get_provider
from agents.repositories.account import AccountRepository
from agents.repositories.agent import AgentRepository
from agents.runtime.paths import account_folder
from agents.states import SessionState
from cw_site.foundation.clock import now
from cw_site.foundation.errors import Invalid, NotAllowed
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


def check_account(*, provider: str, config_json: str, credentials: str) -> None:
    """Whether the provider takes this account; raises Invalid with the field that is wrong."""
    if provider not in PROVIDERS:
        known = ", ".join(sorted(PROVIDERS))
        raise Invalid(f'There is no provider "{provider}".', {"provider": [f"Known are: {known}."]})
    with tempfile.TemporaryDirectory(prefix="cw-account-") as folder:
        get_provider(provider).write_account(Path(folder) / "account", config_json=config_json, credentials=credentials)


def create_account(
    *, email: str, provider: str, credentials: str = "", config_json: str = "", sort_order: int = 0
) -> Account:
    """A new account of the pool. Raises Invalid by field."""
    if not email.strip():
        raise Invalid("An account needs a name or an e-mail address.", {"email": ["Write one."]})
    check_account(provider=provider, config_json=config_json, credentials=credentials)
    account = AccountRepository().create(
        email=email.strip(),
        provider=provider,
        credentials=credentials or None,
        config_json=config_json or None,
        sort_order=sort_order,
    )
    request_reconcile()
    return account


def edit_account(account_id: str, **changes: Any) -> Account:
    """Change what is given. Credentials and configuration that are left out, or empty, stay as they are; new ones
    mend an expired login."""
    repository = AccountRepository()
    account = repository.get(account_id)
    secrets = {name: changes[name] for name in ("credentials", "config_json") if changes.get(name)}
    fields = {name: value for name, value in changes.items() if name in {"email", "sort_order"} and value is not None}
    if secrets:
        check_account(
            provider=account.provider,
            config_json=secrets.get("config_json") or account.config_json or "",
            credentials=secrets.get("credentials") or account.credentials or "",
        )
        fields |= secrets | {"login_expired_at": None, "login_reason": ""}
    account = repository.update(account_id, **fields)
    request_reconcile()
    return account


def delete_account(account_id: str) -> None:
    """Remove the account and its folder, logins included. Raises NotAllowed while a session runs with it."""
    running = AgentRepository().list_sessions([SessionState.STARTING, SessionState.LIVE])
    if any(session.account_id == account_id for session in running):
        raise NotAllowed("An agent runs with this account. Stop it, or wait until it has ended.")
    AccountRepository().delete(account_id)
    shutil.rmtree(account_folder(account_id), ignore_errors=True)
