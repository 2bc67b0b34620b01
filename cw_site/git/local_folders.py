"""What a person's own folder has checked out, told from its HEAD file: no git runs in it, and nothing is written."""

from pathlib import Path

HEAD_LIMIT = 500


def has_checked_out(folder: Path, branch: str) -> bool:
    """Whether the repository at `folder` has the branch in its working files; False where that cannot be told.

    A push to such a branch is refused there, rightly: it would change what its owner works on.
    """
    try:
        with open(folder / ".git" / "HEAD", "rb") as head:
            return head.read(HEAD_LIMIT).strip() == f"ref: refs/heads/{branch}".encode()
    except OSError:
        return False
