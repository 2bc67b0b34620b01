"""A plain Django site with one view and no middleware: what any page costs at the least under the same server.

The bytes that it answers come from the file named in CW_BENCH_BYTES. `product_wsgi` is the product itself by WSGI.
"""

import os
from pathlib import Path

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

PLAIN = "CW_BENCH_BYTES" in os.environ

if PLAIN and not settings.configured:
    settings.configure(
        ALLOWED_HOSTS=["*"], DATABASES={}, INSTALLED_APPS=[], MIDDLEWARE=[], ROOT_URLCONF=__name__, SECRET_KEY="plain"
    )
elif not PLAIN:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cw_site.settings")

BODY = Path(os.environ["CW_BENCH_BYTES"]).read_bytes() if PLAIN else b""
CONTENT_TYPE = os.environ.get("CW_BENCH_TYPE", "text/html; charset=utf-8")


@csrf_exempt
def answer(request: HttpRequest) -> HttpResponse:
    """The same bytes as the product's answer."""
    return HttpResponse(BODY, content_type=CONTENT_TYPE)


urlpatterns = [path("<path:anything>", lambda request, anything: answer(request)), path("", answer)]
if PLAIN:
    asgi = get_asgi_application()
    wsgi = get_wsgi_application()
else:
    product_wsgi = get_wsgi_application()
