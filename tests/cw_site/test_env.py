import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cw_site import env


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first = env.stored_key(tmp_path / "keys", "secret")
    assert env.stored_key(tmp_path / "keys", "secret") == first
    assert len(first) >= 48
    assert stat.S_IMODE((tmp_path / "keys" / "secret").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_processes_that_start_at_once_agree_on_the_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: env.stored_key(tmp_path / "keys", "secret"), range(64)))
    assert len(keys) == 1
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["secret"]


def test_an_open_folder_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    assert stat.S_IMODE(env.private_folder(folder).stat().st_mode) == 0o700


def test_a_number_that_is_none_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CW_PORT", "many")
    with pytest.raises(ValueError, match="CW_PORT must be a whole number"):
        env.number("CW_PORT", 1)


def test_a_text_is_remembered_as_it_was_first(tmp_path: Path) -> None:
    assert env.stored_text(tmp_path, "host_name", "brisk-otter") == "brisk-otter"
    assert env.stored_text(tmp_path, "host_name", "renamed") == "brisk-otter"
