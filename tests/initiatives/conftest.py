"""What the tests of initiatives share: a project with a real repository and its clone."""

from pathlib import Path

import pytest

from initiatives.actions.project import carry_out_sync
from initiatives.models import Initiative, Project
from tests.factories import make_initiative, make_project


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Where a person's repository lies."""
    return tmp_path / "repository"


@pytest.fixture
def project(db: None, repository: Path) -> Project:
    """A project whose clone is there and up to date."""
    return carry_out_sync(make_project(repository).pk)


@pytest.fixture
def initiative(project: Project) -> Initiative:
    """An active initiative in the project."""
    return make_initiative(projects=[project])
