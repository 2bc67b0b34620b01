from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "cw_site"
    verbose_name = "Codewalkers"
