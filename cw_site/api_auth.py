"""Who may speak to the JSON API: a token's owner, or a person who is signed in."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja.errors import AuthenticationError
from ninja.security import HttpBearer
from ninja.security import SessionAuth as NinjaSessionAuth

from cw_site.models import ApiToken
from cw_site.tokens import find_token


class TokenAuth(HttpBearer):
    """`Authorization: Bearer`. A request that brings a token is judged by it alone: its cookies count for nothing."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken:
        found = find_token(token)
        if found is None:
            raise AuthenticationError
        request.user = found.user
        return found


class SessionAuth(NinjaSessionAuth):
    """The cookie of a signed-in person, with the CSRF token on what changes something.

    Who is not signed in is told so (401), not that a CSRF token is missing.
    """

    def __call__(self, request: HttpRequest) -> Any:
        return super().__call__(request) if request.user.is_authenticated else None


AUTHENTICATIONS = [TokenAuth(), SessionAuth()]


def known_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Schema and documentation are for those who may use the API; raises AuthenticationError for others."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        from cw_site.api import api

        try:
            known = any(authenticate(request) for authenticate in AUTHENTICATIONS)
        except AuthenticationError:
            known = False
        return view(request, *args, **kwargs) if known else api.on_exception(request, AuthenticationError())

    return guarded
