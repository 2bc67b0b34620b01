"""The ASGI application of benchmarks.kit.bare_site."""

import os

from django.core.asgi import get_asgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.kit.bare_settings"
asgi = get_asgi_application()
