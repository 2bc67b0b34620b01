"""The JSON API: one NinjaAPI that mounts each app's router, one shape for every error."""

from typing import Annotated, Any

from django.http import HttpRequest, StreamingHttpResponse
from django.utils.module_loading import import_string
from ninja import NinjaAPI, Query, Schema
from ninja.openapi.schema import OpenAPISchema

from cw_site.api_auth import AUTHENTICATIONS, known_only
from cw_site.api_body import StrictParser
from cw_site.api_errors import handle_errors
from cw_site.foundation.access import describe_scopes, require_scope
from cw_site.foundation.events import resume_point
from cw_site.foundation.schemas import ERRORS, event_stream
from cw_site.live import stream_response

ROUTERS = ("initiatives.api.router", "agents.api.router", "reviews.api.router")
DESCRIPTION = f"""Plan work, let agents do it, review it.

Send a token as `Authorization: Bearer TOKEN`; `manage.py create_token USER --scope …` prints one. Its scopes say what
it may do:

{describe_scopes()}

Lists answer `{{"items": […], "count": n}}`. Errors answer `{{"detail": "a sentence", "code": "a_word"}}`.
"""


class Api(NinjaAPI):
    """The API whose schema also tells what its parser refuses."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        error = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorOut"}}}}
        for methods in schema["paths"].values():
            for operation in methods.values():
                if "requestBody" in operation:
                    _without_null(operation["requestBody"]["content"]["application/json"])
                    operation["responses"][413] = {"description": "Request Entity Too Large", **error}
                    operation["responses"][415] = {"description": "Unsupported Media Type", **error}
        return schema


def _without_null(content: dict[str, Any]) -> None:
    """A body that may be left out: it is left out, or an object, but never null."""
    parts = [part for part in content["schema"].get("anyOf", []) if part.get("type") != "null"]
    if parts:
        (content["schema"],) = parts


class Health(Schema):
    """That the server answers."""

    status: str


api = Api(
    title="Codewalkers",
    version="1",
    description=DESCRIPTION,
    auth=AUTHENTICATIONS,
    docs_decorator=known_only,
    parser=StrictParser(),
    urls_namespace="api",
)
handle_errors(api)


@api.get("/health", auth=None, response=Health, tags=["site"], summary="Whether the server answers")
def health(request: HttpRequest) -> dict[str, str]:
    return {"status": "ok"}


@api.get(
    "/events",
    response={200: None, **ERRORS},
    tags=["site"],
    summary="Everything that happens (SSE)",
    openapi_extra=event_stream(),
)
def events(
    request: HttpRequest,
    after: Annotated[int | None, Query(ge=0, le=2**53, description="The last event that is known")] = None,
    topics: Annotated[str, Query(max_length=4000, description="Only these, as phase:ID,agent:ID")] = "",
) -> StreamingHttpResponse:
    """Each event has an id: a client that comes back with it in Last-Event-ID (or `after`) misses none."""
    require_scope(request, "read")
    wanted = frozenset(topic for topic in topics.split(",") if topic)
    return stream_response(topics=wanted, after=resume_point(request.headers.get("Last-Event-ID"), after))


for name in ROUTERS:
    api.add_router("", import_string(name))
