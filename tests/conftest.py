"""What every test may ask for."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from reviews.attention import forget_count
from tests.factories import make_user

BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture(autouse=True)
def _nothing_counted() -> None:
    """A rolled-back test gives its event ids back, so a count of an earlier test could pass for this one's."""
    forget_count()


@pytest.fixture
def person(db: None) -> User:
    """Somebody who may sign in, and is no administrator."""
    return make_user("person")


@pytest.fixture
def administrator(db: None) -> User:
    """Somebody who may open the admin."""
    return make_user("administrator", is_staff=True, is_superuser=True)


@pytest.fixture
def person_client(person: User) -> Client:
    """A browser in which `person` is signed in."""
    client = Client()
    client.force_login(person, backend=BACKEND)
    return client


@pytest.fixture
def administrator_client(administrator: User) -> Client:
    """A browser in which `administrator` is signed in."""
    client = Client()
    client.force_login(administrator, backend=BACKEND)
    return client


@pytest.fixture
def live_db(transactional_db: None) -> None:
    """A database whose rows other threads and processes see: transactions commit, and all is deleted afterwards."""
