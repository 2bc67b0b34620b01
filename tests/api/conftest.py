"""One filled workspace for all tests of a module; each undoes what it did."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from tests.factories_api import Workspace, fill_workspace


@pytest.fixture(scope="module")
def workspace(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workspace]:
    """A database with a row of every kind."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield fill_workspace(tmp_path_factory.mktemp("api"))
        transaction.set_rollback(True)


@pytest.fixture
def undone(workspace: Workspace, db: None) -> Workspace:
    """The workspace; what the test changes is undone."""
    return workspace
