"""The product under Django's own ASGI handler, for comparison."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cw_site.settings")
application = get_asgi_application()
