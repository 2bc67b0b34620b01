import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cw_site.git import refs
from cw_site.git.errors import LockBusy
from cw_site.git.layout import VIEW_CONFIG, display_path, ensure_view, lock
from tests.factories_git import Lab
from tests.waiting import wait_until


def test_the_lock_lets_one_in_at_a_time(lab: Lab) -> None:
    inside, seen = 0, []

    def work() -> None:
        nonlocal inside
        for _ in range(5):
            with lock(lab.clone):
                inside += 1
                seen.append(inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1] * 40


def test_the_lock_gives_up_with_a_sentence(lab: Lab) -> None:
    with lock(lab.clone), pytest.raises(LockBusy, match="Try again"), lock(lab.clone, timeout=0.05):
        pass


def test_the_lock_of_a_killed_process_is_free(lab: Lab) -> None:
    program = (
        "import sys, time; from pathlib import Path; from cw_site.git.layout import Clone, lock\n"
        "with lock(Clone(Path(sys.argv[1]))):\n    Path(sys.argv[2]).touch(); time.sleep(60)"
    )
    held = lab.root / "held"
    holder = subprocess.Popen([sys.executable, "-c", program, str(lab.clone.root), str(held)], cwd=Path.cwd())
    wait_until(held.exists)
    with pytest.raises(LockBusy), lock(lab.clone, timeout=0.05):
        pass
    holder.kill()
    holder.wait()
    with lock(lab.clone, timeout=5):
        pass


def test_the_viewer_is_put_right_before_each_use(lab: Lab) -> None:
    view = lab.clone.view_dir
    (view / "config").write_text('[core]\n\tfsmonitor = "touch fired"\n')
    (view / "HEAD").write_text("ref: refs/heads/main\n")
    (view / "commondir").write_text("/tmp\n")
    (view / "hooks").mkdir()
    (view / "hooks" / "post-checkout").write_text("")
    (view / "info" / "attributes").write_text("* filter=x\n")
    (view / "refs").unlink()
    (view / "refs").symlink_to("/tmp")
    assert refs.list_refs(lab.clone, "refs/heads/")
    assert (view / "config").read_bytes() == VIEW_CONFIG
    assert not any(os.path.lexists(view / name) for name in ("commondir", "hooks", "info/attributes"))


def test_a_viewer_that_is_right_is_not_written(lab: Lab) -> None:
    ensure_view(lab.clone)
    before = {path: path.lstat().st_mtime_ns for path in lab.clone.view_dir.rglob("*")}
    ensure_view(lab.clone)
    assert {path: path.lstat().st_mtime_ns for path in lab.clone.view_dir.rglob("*")} == before


def test_only_we_may_enter_the_folders(lab: Lab) -> None:
    assert lab.clone.view_dir.stat().st_mode & 0o077 == 0
    assert lab.clone.git_dir.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("raw", "text"), [(b"a/b", "a/b"), ("ü".encode(), "ü"), (b"\xff\xfe", "\\xff\\xfe"), (b"a\xc3", "a\\xc3")]
)
def test_a_path_as_text_is_always_valid(raw: bytes, text: str) -> None:
    assert display_path(raw) == text
