"""A plain Django site with one view and no middleware: what any answer costs at the least under the same server.

The bytes that it answers come from the file named in CW_BENCH_BYTES.
"""

import os
from pathlib import Path

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

if not settings.configured:
    settings.configure(
        ALLOWED_HOSTS=["*"], DATABASES={}, INSTALLED_APPS=[], MIDDLEWARE=[], ROOT_URLCONF=__name__, SECRET_KEY="plain"
    )
BODY = Path(os.environ["CW_BENCH_BYTES"]).read_bytes()


def answer(request: HttpRequest) -> HttpResponse:
    """The same bytes as the product's answer."""
    return HttpResponse(BODY, content_type=os.environ["CW_BENCH_TYPE"])


urlpatterns = [path("", answer)]
asgi = get_asgi_application()
