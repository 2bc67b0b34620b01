"""The stream that keeps open pages true: GET /events?topics=initiative:ID,hq&after=ID."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from cw_site.foundation.events import resume_point
from cw_site.live import stream_response


@login_not_required
async def events(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """Events of the topics, from Last-Event-ID or `after` on. A stream cannot follow a redirect: 401."""
    user = await request.auser()
    if not user.is_authenticated:
        return HttpResponse("Sign in first.", status=401, content_type="text/plain; charset=utf-8")
    topics = frozenset(topic for topic in request.GET.get("topics", "").split(",") if topic)
    after = resume_point(request.GET.get("after"))
    return stream_response(topics=topics, after=resume_point(request.headers.get("Last-Event-ID"), after))
