import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from tests.sources import ROOT


def test_nothing_imports_upwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    assert lint_imports(config_filename="pyproject.toml", no_cache=True) == EXIT_STATUS_SUCCESS
