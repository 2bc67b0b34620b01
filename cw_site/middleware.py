"""What every request passes: the second look at where it comes from, and errors told in sentences."""

import logging
from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cw_site.foundation.errors import DomainError
from cw_site.foundation.events import last_event_id

logger = logging.getLogger(__name__)
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
TRUSTED_SITES = frozenset({"same-origin", "none"})


class SameOriginMiddleware:
    """Refuse what another site's page sends with the person's cookies, before and beside the CSRF check.

    Browsers say in Sec-Fetch-Site where a request comes from; a request with a token carries no cookies that count.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        site = request.headers.get("Sec-Fetch-Site", "none")
        if request.method in UNSAFE and site not in TRUSTED_SITES and "Authorization" not in request.headers:
            message = "This came from another web site, so it was refused. Open Codewalkers itself and try again."
            return render(request, "errors/403.html", {"message": message}, status=403)
        response = self.get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class PlainAddressMiddleware:
    """Refuse a page's address with a NUL in it: PostgreSQL cannot look for such a text. The API refuses them itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/api/"):
            return self.get_response(request)
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest
        return self.get_response(request)


class EventCursorMiddleware:
    """Note where the live events stand before a page reads anything.

    Read later, while the page is rendered, the number would be ahead of what the view saw: a change in between would
    never be told to that page.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "text/html" in request.headers.get("Accept", "") and "HX-Request" not in request.headers:
            request.event_cursor = last_event_id()  # type: ignore[attr-defined]
        return self.get_response(request)


class DomainErrorMiddleware:
    """Answer a DomainError: a toast for htmx, a page with the sentence otherwise."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DomainError):
            return None
        context = {"message": exception.message, "level": "error", "tag": "error", "back": _same_site_referrer(request)}
        if getattr(request, "htmx", False):
            response = render(request, "components/toast_oob.html", context, status=exception.status)
            response["HX-Reswap"] = "none"
            return response
        template = "errors/404.html" if exception.status == 404 else "errors/refused.html"
        return render(request, template, context, status=exception.status)


def _same_site_referrer(request: HttpRequest) -> str:
    referrer = request.headers.get("Referer", "")
    return referrer if referrer.startswith(f"{request.scheme}://{request.get_host()}/") else ""
