import os

from django.core.asgi import get_asgi_application

from cw_site.process import ENDS_WITH_PARENT, end_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cw_site.settings")
if ENDS_WITH_PARENT in os.environ:
    # this is the web server's own child, which would outlive a kill -9 of it and keep port and data folder
    end_with_parent()
application = get_asgi_application()
