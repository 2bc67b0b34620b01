"""One shape for every error of the JSON API: {"detail": a sentence for a person, "code": a word for a program}.

`fields` beside them names what was wrong where several fields were sent.
"""

import json
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from cw_site.foundation.errors import DomainError, Invalid

PREFIX = "/api/"
CODES = {
    400: "malformed",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
}
_SENTENCES = {
    400: "This request cannot be read.",
    403: "This came from another web site, so it was refused.",
    404: "There is nothing at this address. The paths are in /api/docs.",
    405: "This path does not take this method.",
    500: "Something went wrong here. Nothing was half-written; try again, and look at the server's log.",
}


def handle_errors(api: NinjaAPI) -> None:
    """Answer the errors that operations raise."""

    def answer(request: HttpRequest, status: int, code: str, detail: str, **more: Any) -> HttpResponse:
        return api.create_response(request, {"detail": detail, "code": code, **more}, status=status)

    @api.exception_handler(DomainError)
    def on_domain_error(request: HttpRequest, error: DomainError) -> HttpResponse:
        fields = {"fields": error.fields} if isinstance(error, Invalid) and error.fields else {}
        return answer(request, error.status, error.code, error.message, **fields)

    @api.exception_handler(ValidationError)
    def on_validation_error(request: HttpRequest, error: ValidationError) -> HttpResponse:
        fields = {_field(item["loc"]): [str(item["msg"])] for item in error.errors}
        names = ", ".join(name for name in fields if name) or "the body"
        return answer(request, 422, "invalid", f"Cannot take these fields: {names[:500]}.", fields=fields)

    @api.exception_handler(AuthenticationError)
    def on_authentication_error(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        return answer(request, 401, CODES[401], "Sign in, or send a valid token: Authorization: Bearer cw_…")

    @api.exception_handler(HttpError)
    def on_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
        if isinstance(error.__cause__, (HttpError, DomainError)):
            # ninja calls everything that its parser raises a bad request; the parser knows better
            return api.on_exception(request, error.__cause__)
        return answer(request, error.status_code, CODES.get(error.status_code, "error"), error.message)

    @api.exception_handler(RequestDataTooBig)
    def on_large_body(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024
        return answer(request, 413, CODES[413], f"This body is too large: at most {limit} KiB are read.")


class JsonErrorMiddleware:
    """Answers below /api/ that are errors and no JSON become so: what Django and its middleware say by themselves."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code < 400 or not request.path_info.startswith(PREFIX):
            return response
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        if isinstance(response, HttpResponse) and not is_json and not (settings.DEBUG and response.status_code >= 500):
            status = response.status_code
            sentence = _SENTENCES.get(status, "This was refused.")
            response.content = json.dumps({"detail": sentence, "code": CODES.get(status, "error")}).encode()
            response.headers["Content-Type"] = "application/json; charset=utf-8"
            response.headers["Content-Length"] = str(len(response.content))
        return response


def _field(location: tuple[Any, ...]) -> str:
    """The field as it was sent, like `depends_on.0`: without the part of the request and the body's own name."""
    skipped = 2 if location[0] == "body" and len(location) > 2 else 1
    parts = [str(part) for part in location[skipped:]]
    return ".".join(part.encode("ascii", "backslashreplace").decode()[:40] for part in parts[:6])
