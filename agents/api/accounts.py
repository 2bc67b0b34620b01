from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from agents.actions.accounts import create_account, delete_account, edit_account, mark_available
from agents.api.schemas import AccountIn, AccountList, AccountOut, AccountPatch
from agents.models import Account
from agents.repositories.account import AccountRepository
from cw_site.foundation.access import require_scope
from cw_site.foundation.paging import DEFAULT_LIMIT, page_of
from cw_site.foundation.schemas import ERRORS, IdPath, Limit, Offset
from initiatives.api.output import columns_of

router = Router(tags=["accounts"])
SECRETS = ("credentials", "config_json")


def account_out(account: Account) -> dict[str, Any]:
    """An account without what it logs in with."""
    shown = {name: value for name, value in columns_of(account).items() if name not in SECRETS}
    return shown | {"has_credentials": bool(account.credentials), "has_config": bool(account.config_json)}


@router.get("/accounts", response={200: AccountList, **ERRORS}, summary="The pool")
def list_accounts(request: HttpRequest, limit: Limit = DEFAULT_LIMIT, offset: Offset = 0) -> dict[str, Any]:
    require_scope(request, "admin")
    rows = AccountRepository().find_all()
    return page_of([account_out(row) for row in rows[offset : offset + limit]], len(rows))


@router.post("/accounts", response={201: AccountOut, **ERRORS}, summary="Add an account")
def post_account(request: HttpRequest, body: AccountIn) -> Status[dict[str, Any]]:
    """Credentials are write-only: no answer ever holds them."""
    require_scope(request, "admin")
    return Status(201, account_out(create_account(**body.dict())))


@router.get("/accounts/{account_id}", response={200: AccountOut, **ERRORS}, summary="An account")
def get_account(request: HttpRequest, account_id: IdPath) -> dict[str, Any]:
    require_scope(request, "admin")
    return account_out(AccountRepository().get(account_id))


@router.patch("/accounts/{account_id}", response={200: AccountOut, **ERRORS}, summary="Change an account")
def patch_account(request: HttpRequest, account_id: IdPath, body: AccountPatch) -> dict[str, Any]:
    require_scope(request, "admin")
    return account_out(edit_account(account_id, **body.dict(exclude_unset=True)))


@router.delete("/accounts/{account_id}", response={204: None, **ERRORS}, summary="Remove an account and its login")
def remove_account(request: HttpRequest, account_id: IdPath) -> Status[None]:
    require_scope(request, "admin")
    delete_account(account_id)
    return Status(204, None)


@router.post("/accounts/{account_id}/mark-available", response={200: AccountOut, **ERRORS}, summary="Use it again")
def post_mark_available(request: HttpRequest, account_id: IdPath) -> dict[str, Any]:
    require_scope(request, "admin")
    return account_out(mark_available(account_id))
