"""Asking for the ticks to run soon: the engine task is named in settings, so that no app imports upwards."""

from django.conf import settings
from django.utils.module_loading import import_string


def request_reconcile() -> None:
    """Enqueue `reconcile` in the present transaction: it runs if and only if that commits."""
    import_string(settings.CW_RECONCILE_TASK).enqueue()
