"""The product by WSGI, for comparison."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cw_site.settings")
application = get_wsgi_application()
