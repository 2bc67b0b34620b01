import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from cw_site.context import navigation
from cw_site.foundation.events import last_event_id, publish
from cw_site.middleware import EventCursorMiddleware

pytestmark = pytest.mark.django_db


def test_a_page_follows_from_before_it_was_read(administrator: User) -> None:
    publish("hq", "changed")
    before = last_event_id()

    def view(request: HttpRequest) -> HttpResponse:
        publish("hq", "changed while the page is made")
        request.user = administrator
        return HttpResponse(str(navigation(request)["event_cursor"]))

    answer = EventCursorMiddleware(view)(RequestFactory().get("/", headers={"Accept": "text/html"}))
    assert answer.content.decode() == str(before)


def test_a_fragment_asks_for_no_cursor(administrator: User) -> None:
    request = RequestFactory().get("/", headers={"Accept": "text/html, */*", "HX-Request": "true"})
    EventCursorMiddleware(lambda _: HttpResponse())(request)
    assert not hasattr(request, "event_cursor")
