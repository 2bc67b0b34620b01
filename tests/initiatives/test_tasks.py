"""The engine task that fetches."""

from pathlib import Path

import pytest

from initiatives.actions.project import add_project
from initiatives.repositories.project import ProjectRepository
from initiatives.tasks import sync_project
from tests.factories import make_git_repo


@pytest.mark.django_db
def test_it_clones_and_may_run_twice(repository: Path) -> None:
    project = add_project(name="site", url=str(make_git_repo(repository)))
    for _ in range(2):
        sync_project.func(project.pk)
        assert ProjectRepository().get(project.pk).sync_state == "ready"
