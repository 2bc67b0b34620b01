"""What a person's own folder has checked out, told from its HEAD file: no git runs in it, and nothing is written."""

from pathlib import Path

from cw_site.git.checkouts import read_head
from cw_site.git.refs import branch_ref


def has_checked_out(folder: Path, branch: str) -> bool:
    """Whether the repository at `folder` has the branch in its working files; False where that cannot be told.

    A push to such a branch is refused there, rightly: it would change what its owner works on.
    """
    return read_head(folder / ".git") == f"ref: {branch_ref(branch)}"
