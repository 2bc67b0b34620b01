from typing import Any

from django.http import HttpRequest
from ninja import Router

from cw_site.foundation.access import require_scope
from cw_site.foundation.paging import DEFAULT_LIMIT, page_of
from cw_site.foundation.schemas import ERRORS, Limit, Offset
from reviews.api.schemas import AttentionList
from reviews.attention import as_json, list_attention

router = Router(tags=["attention"])


@router.get("/attention", response={200: AttentionList, **ERRORS}, summary="What waits for a person, oldest first")
def attention(request: HttpRequest, limit: Limit = DEFAULT_LIMIT, offset: Offset = 0) -> dict[str, Any]:
    require_scope(request, "read")
    items = list_attention()
    return page_of([as_json(item) for item in items[offset : offset + limit]], len(items))
