"""Who asks, and what they may: people may all, tokens what their scopes say."""

from enum import StrEnum
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest

from cw_site.foundation.errors import DomainError


class Scope(StrEnum):
    """What a token may do; each includes nothing of the others, but `admin`, which includes all."""

    READ = "read"
    COMMENT = "comment"
    RUN = "run"
    REVIEW = "review"
    ADMIN = "admin"


SCOPES = {
    Scope.READ: "every GET but those of accounts: plans, diffs, logs, messages, live events",
    Scope.COMMENT: "write, change and delete one's comments on diffs; resolve and reopen threads",
    Scope.RUN: "plan (initiatives, phases, tasks, pages), approve and queue phases, complete checkpoints, retry; "
    "answer, stop, resume and dismiss agents; chat; ask for a sync",
    Scope.REVIEW: "approve a review, ask for changes, finish an initiative; decide on what agents propose",
    Scope.ADMIN: "everything; alone: projects, accounts, and deleting anything but one's comments",
}
"""The rule that every operation follows; tests/api/test_permissions.py has the whole table."""


def describe_scopes() -> str:
    """The scopes as a Markdown list."""
    return "\n".join(f"- `{scope}`: {words}." for scope, words in SCOPES.items())


class Forbidden(DomainError):
    """Known, but not allowed to."""

    code = "forbidden"
    status = 403


def require_scope(request: HttpRequest, scope: str) -> None:
    """Raise Forbidden where the request came with a token that lacks the scope; `admin` includes every other."""
    scopes: Any = getattr(getattr(request, "auth", None), "scopes", None)
    if scopes is None or scope in scopes or Scope.ADMIN in scopes:
        return
    raise Forbidden(f"This token lacks the scope “{scope}”. Make one with --scope {scope}.")


def person_of(request: HttpRequest) -> AbstractBaseUser | None:
    """The signed-in user, or the token's owner; None for an agent."""
    user = getattr(request, "user", None)
    return user if isinstance(user, AbstractBaseUser) else None


def name_of(request: HttpRequest) -> str:
    """The name to write beside a decision or comment."""
    person = person_of(request)
    return person.get_username() if person is not None else "you"
