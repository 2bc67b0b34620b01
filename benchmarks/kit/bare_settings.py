"""The product's settings without what surrounds a view."""

from cw_site import settings as product
from cw_site.settings import *  # noqa: F403

MIDDLEWARE = product.MIDDLEWARE[:0]
ROOT_URLCONF = "benchmarks.kit.bare_site"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]
