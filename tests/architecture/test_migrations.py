import pytest
from django.core.management import call_command


@pytest.mark.django_db
@pytest.mark.databases
def test_the_migrations_say_what_the_models_say() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=1)
