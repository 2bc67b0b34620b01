"""The JSON API: one NinjaAPI that mounts each app's router, one shape for every error."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer, django_auth

from cw_site.foundation.errors import DomainError, Invalid
from cw_site.models import ApiToken
from cw_site.tokens import find_token

ROUTERS = ("initiatives.api.router", "agents.api.router", "reviews.api.router")


class TokenAuth(HttpBearer):
    """`Authorization: Bearer`. A request that brings a token is judged by it alone: its cookies count for nothing."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken:
        found = find_token(token)
        if found is None:
            raise AuthenticationError
        request.user = found.user
        return found


def known_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Schema and documentation are for those who may use the API."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            known = TokenAuth()(request) is not None or request.user.is_authenticated
        except AuthenticationError:
            known = False
        return view(request, *args, **kwargs) if known else _unauthenticated(request)

    return guarded


class Health(Schema):
    """That the server answers."""

    status: str


api = NinjaAPI(
    title="Codewalkers",
    version="1",
    description="Plan work, let agents do it, review it. Tokens: `manage.py create_token USER --scope …`.",
    auth=[TokenAuth(), django_auth],
    docs_decorator=known_only,
    urls_namespace="api",
)


def _unauthenticated(request: HttpRequest) -> HttpResponse:
    detail = "Sign in, or send a valid token: Authorization: Bearer cw_…"
    return api.create_response(request, {"detail": detail, "code": "unauthenticated"}, status=401)


@api.exception_handler(DomainError)
def on_domain_error(request: HttpRequest, error: DomainError) -> HttpResponse:
    body: dict[str, Any] = {"detail": error.message, "code": error.code}
    if isinstance(error, Invalid) and error.fields:
        body["fields"] = error.fields
    return api.create_response(request, body, status=error.status)


@api.exception_handler(ValidationError)
def on_validation_error(request: HttpRequest, error: ValidationError) -> HttpResponse:
    fields = {".".join(str(part) for part in item["loc"][1:]): [str(item["msg"])] for item in error.errors}
    names = ", ".join(name for name in fields if name) or "the body"
    body = {"detail": f"Cannot take these fields: {names}.", "code": "invalid", "fields": fields}
    return api.create_response(request, body, status=422)


@api.exception_handler(AuthenticationError)
def on_authentication_error(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return _unauthenticated(request)


@api.exception_handler(HttpError)
def on_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    codes = {400: "malformed", 403: "forbidden", 404: "not_found", 405: "method_not_allowed"}
    body = {"detail": error.message, "code": codes.get(error.status_code, "error")}
    return api.create_response(request, body, status=error.status_code)


@api.get("/health", auth=None, response=Health, tags=["site"], summary="Whether the server answers")
def health(request: HttpRequest) -> dict[str, str]:
    return {"status": "ok"}


for name in ROUTERS:
    api.add_router("", import_string(name))
