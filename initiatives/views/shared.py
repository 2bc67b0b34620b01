"""What the views have in common: answering a form, sending the browser on, and pages of lists."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from cw_site.foundation.errors import DomainError, Invalid

PAGE_SIZE = 50
LAST_PAGE = 1_000_000


class SeeOther(HttpResponseRedirect):
    """After a POST the browser gets the next page."""

    status_code = 303


def go_to(request: HttpRequest, name: str, *args: str, fragment: str = "", say: str = "") -> HttpResponse:
    """Answer a POST that succeeded with the page to look at next, and a sentence to show there."""
    if say:
        messages.success(request, say)
    url = reverse(name, args=args) + (f"#{fragment}" if fragment else "")
    return HttpResponseClientRedirect(url) if is_htmx(request) else SeeOther(url)


def is_htmx(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of a page."""
    return bool(getattr(request, "htmx", False))


def submit[T](form: forms.Form, action: Callable[..., T], *args: Any, **extra: Any) -> T | None:
    """Carry out the action with what was typed. None where it refuses: the form then says why, field by field."""
    if not form.is_valid():
        return None
    try:
        return action(*args, **form.cleaned_data, **extra)
    except Invalid as error:
        for name, sentences in (error.fields or {"": [error.message]}).items():
            for sentence in sentences:
                form.add_error(name if name in form.fields else None, sentence)
    except DomainError as error:
        form.add_error(None, error.message)
    return None


def status_of(form: forms.Form) -> int:
    """200 for a form as it is first shown, 422 for one that was refused."""
    return 422 if form.is_bound and form.errors else 200


@dataclass(frozen=True)
class Pages:
    """Where a page stands among all pages, in the words of Django's paginator, which wants a queryset."""

    number: int
    num_pages: int

    @property
    def paginator(self) -> "Pages":
        return self

    @property
    def has_other_pages(self) -> bool:
        return self.num_pages > 1

    @property
    def has_previous(self) -> bool:
        return self.number > 1

    @property
    def has_next(self) -> bool:
        return self.number < self.num_pages

    @property
    def previous_page_number(self) -> int:
        return self.number - 1

    @property
    def next_page_number(self) -> int:
        return self.number + 1


def read_page[T](
    request: HttpRequest, read: Callable[..., tuple[list[T], int]], **filters: Any
) -> tuple[Sequence[T], Pages, int]:
    """The rows of the page that ?page= names, where it stands, and how many rows there are."""
    text = request.GET.get("page", "1")
    number = min(max(int(text), 1), LAST_PAGE) if text.isascii() and text.isdigit() and len(text) < 9 else 1
    items, count = read(limit=PAGE_SIZE, offset=(number - 1) * PAGE_SIZE, **filters)
    return items, Pages(number, max(-(-count // PAGE_SIZE), 1)), count
