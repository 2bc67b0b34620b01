"""What every page needs: the count of what waits, and from where its live events go on."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.module_loading import import_string

from cw_site.foundation.events import last_event_id


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Lazy, so that a page that shows neither pays for neither."""
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return {}
    return {
        "attention_count": SimpleLazyObject(import_string(settings.CW_ATTENTION_COUNT)),
        "attention_url": "/hq/count/",
        "event_cursor": getattr(request, "event_cursor", None) or SimpleLazyObject(last_event_id),
    }
