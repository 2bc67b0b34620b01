from django.http import HttpRequest, HttpResponse
from ninja import Router, Status

from cw_site.foundation.access import require_scope
from cw_site.foundation.paging import DEFAULT_LIMIT
from cw_site.foundation.schemas import ERRORS, IdPath, Limit, Offset
from initiatives.actions.checks import invalid
from initiatives.actions.page import create_page, delete_page, edit_page
from initiatives.api.output import answer, answer_page, page_row
from initiatives.api.schemas import Format, PageIn, PageList, PageOut, PagePatch, RichText
from initiatives.repositories.initiative import InitiativeRepository
from initiatives.repositories.page import PageRepository

router = Router(tags=["pages"])


@router.get("/initiatives/{initiative_id}/pages", response={200: PageList, **ERRORS}, summary="Pages of an initiative")
def list_pages(
    request: HttpRequest,
    initiative_id: IdPath,
    limit: Limit = DEFAULT_LIMIT,
    offset: Offset = 0,
    format: Format = "json",
) -> HttpResponse:
    require_scope(request, "read")
    InitiativeRepository().get(initiative_id)
    rows = PageRepository().find_by_initiative_id(initiative_id)
    return answer_page([page_row(row, format=format) for row in rows[offset : offset + limit]], len(rows))


@router.post("/initiatives/{initiative_id}/pages", response={201: PageOut, **ERRORS}, summary="Write a page")
def post_page(request: HttpRequest, initiative_id: IdPath, body: PageIn, format: Format = "json") -> HttpResponse:
    require_scope(request, "run")
    content = _content(body.content, format)
    page = create_page(initiative_id, title=body.title, content=content, parent_page_id=body.parent_page_id)
    return answer(page_row(page, format=format), status=201)


@router.get("/pages/{page_id}", response={200: PageOut, **ERRORS}, summary="A page")
def get_page(request: HttpRequest, page_id: IdPath, format: Format = "json") -> HttpResponse:
    require_scope(request, "read")
    return answer(page_row(PageRepository().get(page_id), format=format))


@router.patch("/pages/{page_id}", response={200: PageOut, **ERRORS}, summary="Change a page")
def patch_page(request: HttpRequest, page_id: IdPath, body: PagePatch, format: Format = "json") -> HttpResponse:
    require_scope(request, "run")
    content = _content(body.content, format)
    page = edit_page(page_id, title=body.title, content=content, parent_page_id=body.parent_page_id)
    return answer(page_row(page, format=format))


@router.delete("/pages/{page_id}", response={204: None, **ERRORS}, summary="Delete a page and those below it")
def remove_page(request: HttpRequest, page_id: IdPath) -> Status[None]:
    require_scope(request, "admin")
    delete_page(page_id)
    return Status(204, None)


def _content(content: RichText | None, format: str) -> RichText | None:
    """What was sent, of the kind that was announced."""
    if format == "markdown" and isinstance(content, dict):
        raise invalid("content", "With ?format=markdown the content is Markdown text, not a Tiptap document.")
    return content
