"""Real repositories for the tests of cw_site/git, and the git that a person or an agent would run in them."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cw_site.git import Clone
from cw_site.git.clones import ensure_clone
from cw_site.git.worktrees import ensure_worktree

IDENTITY = {
    f"GIT_{role}_{field}": value
    for role in ("AUTHOR", "COMMITTER")
    for field, value in (("NAME", "Ada"), ("EMAIL", "ada@example.org"))
}
BRANCH = "cw-task/demo/first-abc123"


def plain_environment(home: Path) -> dict[str, str]:
    """An agent's: nothing is hardened, but nothing of this machine's user leaks in."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        **IDENTITY,
    }


@dataclass(frozen=True)
class Lab:
    """A person's repository `source`, our clone of it, and one worktree with an agent's branch."""

    root: Path

    @property
    def source(self) -> Path:
        return self.root / "source"

    @property
    def clone(self) -> Clone:
        return Clone(self.root / "repos" / "p1")

    @property
    def worktree(self) -> Path:
        return self.root / "agents" / "a1" / "work" / "p1"

    def run(self, cwd: Path, *args: str, stdin: bytes = b"", check: bool = True) -> str:
        """Plain git, as an agent or a person runs it."""
        done = subprocess.run(
            ["git", *args], cwd=cwd, env=plain_environment(self.root), input=stdin, capture_output=True, timeout=60
        )
        if check and done.returncode:
            raise AssertionError(f"git {' '.join(args)}: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def in_source(self, *args: str) -> str:
        return self.run(self.source, *args)

    def in_worktree(self, *args: str) -> str:
        return self.run(self.worktree, *args)

    def in_clone(self, *args: str) -> str:
        return self.run(self.root, f"--git-dir={self.clone.git_dir}", *args)

    def commit(self, folder: Path, message: str, **files: str) -> str:
        """Write files (`name__py` means name.py) and commit everything; returns the commit."""
        for name, content in files.items():
            (folder / name.replace("__", ".")).write_text(content)
        self.run(folder, "add", "--all")
        self.run(folder, "commit", "--quiet", "--allow-empty", "-m", message)
        return self.run(folder, "rev-parse", "HEAD")

    def branch(self, name: str, start: str, **files: str) -> str:
        """A branch in our clone with one commit upon `start`, made in a worktree that is gone afterwards."""
        folder = self.root / "scratch"
        self.in_clone("worktree", "add", "--quiet", "--no-track", "-b", name, str(folder), start)
        made = self.commit(folder, f"Work on {name}", **files)
        self.in_clone("worktree", "remove", "--force", str(folder))
        return made

    def add_worktree(self, *, branch: str = BRANCH, start: str = "main") -> Path:
        return ensure_worktree(self.clone, self.worktree, branch=branch, start=start).path


def make_lab(root: Path) -> Lab:
    """A new lab without a worktree: `source` has one commit on main, with a.txt and src/b.py."""
    lab = Lab(root)
    (lab.source / "src").mkdir(parents=True)
    lab.in_source("init", "--quiet", "--initial-branch=main")
    (lab.source / "src" / "b.py").write_text("print('b')\n")
    lab.commit(lab.source, "First", a__txt="".join(f"line {n}\n" for n in range(1, 11)))
    ensure_clone(lab.clone, url=str(lab.source))
    return lab


def copy_lab(template: Lab, root: Path) -> Lab:
    """A lab like the template (which must have no worktree), much faster than a new one."""
    shutil.copytree(template.root, root, symlinks=True, dirs_exist_ok=True)
    return Lab(root)
