from pathlib import Path

import pytest

from tests.factories_git import Lab, copy_lab, make_lab


@pytest.fixture(scope="session")
def template_lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return make_lab(tmp_path_factory.mktemp("git-template"))


@pytest.fixture
def lab(template_lab: Lab, tmp_path: Path) -> Lab:
    """A person's repository and our clone of it."""
    return copy_lab(template_lab, tmp_path)
