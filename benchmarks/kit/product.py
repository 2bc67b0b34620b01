"""Codewalkers itself in this process, on a data folder of its own."""

import os
from pathlib import Path

import django
from django.core.management import call_command


def set_up(data: Path) -> None:
    """Configure Django for the data folder and lay the tables out. Before any model is imported."""
    os.environ["CW_DATA_DIR"] = str(data)
    os.environ["DJANGO_SETTINGS_MODULE"] = "cw_site.settings"
    os.environ["CW_LOG_LEVEL"] = "WARNING"
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
