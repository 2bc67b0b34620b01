import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from cw_site.git import run
from cw_site.git.errors import GitFailed, GitMissing, GitTimeout, TooLarge
from cw_site.git.run import Network, git, view
from tests.factories_git import Lab
from tests.waiting import wait_until


def slow_git(lab: Lab, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a program in git's place that does as the script says."""
    program = lab.root / "slow-git"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(run, "executable", lambda: str(program))


def test_a_command_that_takes_too_long_is_ended_with_its_children(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    pid_file = lab.root / "pid"
    slow_git(lab, monkeypatch, f"trap '' TERM; sleep 60 & echo $! > {pid_file}; wait")
    monkeypatch.setattr(run, "_GRACE", 0.2)
    began = time.monotonic()
    with pytest.raises(GitTimeout, match="Try again"):
        git(view(lab.clone), "status", timeout=0.3)
    assert time.monotonic() - began < 10
    child = int(pid_file.read_text())
    wait_until(lambda: not _alive(child))


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_output_past_the_limit_is_an_error_or_cut(lab: Lab) -> None:
    with pytest.raises(TooLarge, match="too much"):
        git(view(lab.clone), "cat-file", "--batch-all-objects", "--batch-check", limit=10)
    result = git(view(lab.clone), "cat-file", "--batch-all-objects", "--batch-check", limit=10, cut=True)
    assert (len(result.stdout), result.cut) == (10, True)


def test_large_input_and_output_at_once_do_not_block_each_other(lab: Lab) -> None:
    oid = git(view(lab.clone), "rev-parse", "refs/heads/main").text
    lines = git(view(lab.clone), "cat-file", "--batch-check", stdin=f"{oid}\n".encode() * 50_000).stdout
    assert lines.count(b" commit ") == 50_000


def test_a_command_that_reads_no_input_is_not_an_error(lab: Lab) -> None:
    assert git(view(lab.clone), "version", stdin=b"x" * 1_000_000).code == 0


def test_a_failure_says_what_git_said(lab: Lab) -> None:
    with pytest.raises(GitFailed, match="git cat-file failed: fatal: Not a valid object name nothing") as caught:
        git(view(lab.clone), "cat-file", "-p", "nothing")
    assert caught.value.exit_code == 128


def test_our_environment_does_not_reach_git(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "canary")
    monkeypatch.setenv("LD_PRELOAD", "")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/run/agent")
    slow_git(lab, monkeypatch, "env")
    names = {line.partition("=")[0] for line in git(view(lab.clone), "x").text.splitlines()}
    assert names.isdisjoint({"SECRET_KEY", "LD_PRELOAD", "GIT_DIR", "SSH_AUTH_SOCK", "GIT_TEMPLATE_DIR"})
    over_ssh = git(view(lab.clone), "x", network=Network("ssh")).text
    assert "SSH_AUTH_SOCK=/run/agent" in over_ssh
    assert "GIT_ALLOW_PROTOCOL=ssh\n" in over_ssh


def test_no_transport_is_open_unless_asked_for(lab: Lab) -> None:
    with pytest.raises(GitFailed, match="transport 'file' not allowed"):
        git(view(lab.clone), "ls-remote", "--", str(lab.source))
    with pytest.raises(GitFailed, match="transport 'ext' not allowed"):
        git(view(lab.clone), "ls-remote", "--", "ext::sh -c x", network=Network("file"))


def test_an_old_or_missing_git_is_a_sentence(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(GitMissing, match=r"Install git 2\.39"):
        run.executable.__wrapped__()
    old = lab.root / "old-git"
    old.write_text("#!/bin/sh\necho git version 2.30.2\n")
    old.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: str(old))
    with pytest.raises(GitMissing, match=r"2\.30\.2 is too old"):
        run.executable.__wrapped__()


def test_a_killed_git_is_a_failure_and_not_an_empty_answer(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    slow_git(lab, monkeypatch, "kill -9 $$")
    with pytest.raises(GitFailed) as caught:
        git(view(lab.clone), "for-each-ref", ok=(0, 1, 128))
    assert caught.value.exit_code == -signal.SIGKILL


def test_files_that_we_leave_open_are_not_inherited(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    handle = os.open(lab.root / "open", os.O_CREAT | os.O_RDWR)
    os.set_inheritable(handle, True)
    slow_git(lab, monkeypatch, "ls -l /proc/self/fd")
    assert "/open" not in git(view(lab.clone), "x").text
    os.close(handle)
