import subprocess
from pathlib import Path

import pytest

from cw_site.git.errors import FolderInUse
from cw_site.git.seeds import create_repository


def test_a_new_repository_holds_exactly_the_files(tmp_path: Path) -> None:
    path = tmp_path / "new.git"
    sha = create_repository(path, files={"a.txt": "one\n", "dir/ü.txt": ""}, branch="main", message="Begin")
    listed = subprocess.run(
        ["git", f"--git-dir={path}", "ls-tree", "-r", "-z", "--name-only", sha], capture_output=True, check=True
    )
    assert listed.stdout.split(b"\0") == [b"a.txt", "dir/ü.txt".encode(), b""]
    head = subprocess.run(["git", f"--git-dir={path}", "rev-parse", "main"], capture_output=True, check=True)
    assert head.stdout.decode().strip() == sha


def test_what_is_there_already_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "new.git").mkdir()
    with pytest.raises(FolderInUse):
        create_repository(tmp_path / "new.git", files={}, branch="main", message="Begin")
