import subprocess
from pathlib import Path

from cw_site.git.local_folders import has_checked_out


def test_a_folder_tells_which_branch_its_owner_works_on(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "-b", "main", str(tmp_path / "work")], check=True)
    assert has_checked_out(tmp_path / "work", "main")
    assert not has_checked_out(tmp_path / "work", "mai")
    assert not has_checked_out(tmp_path / "work", "other")


def test_a_bare_repository_and_no_repository_have_nothing_checked_out(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(tmp_path / "bare.git")], check=True)
    assert not has_checked_out(tmp_path / "bare.git", "main")
    assert not has_checked_out(tmp_path / "nothing", "main")
