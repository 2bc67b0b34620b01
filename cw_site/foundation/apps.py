from django.apps import AppConfig


class FoundationConfig(AppConfig):
    name = "cw_site.foundation"
    label = "foundation"
