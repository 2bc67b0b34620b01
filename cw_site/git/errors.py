"""What can go wrong with git, as sentences for a person."""

from cw_site.foundation.errors import DomainError


class GitError(DomainError):
    """Git, or a rule of ours about git, said no."""

    code = "git"
    status = 409


class GitFailed(GitError):
    """A git command ended with an unexpected exit code. `detail` is what it printed on standard error."""

    code = "git_failed"

    def __init__(self, message: str, *, exit_code: int = -1, detail: str = "") -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.detail = detail


class GitMissing(GitError):
    """There is no usable git program on this machine."""

    code = "git_missing"
    status = 500


class GitTimeout(GitError):
    """A git command took too long and was ended; refs are as they were before, or as they were meant to be."""

    code = "git_timeout"


class TooLarge(GitError):
    """A git command printed more than we are ready to hold."""

    code = "git_too_large"


class BadUrl(GitError):
    """Not an address that we are ready to fetch from or push to."""

    code = "bad_url"
    status = 422


class BadName(GitError):
    """Not a name that a branch, ref or kept ref can have."""

    code = "bad_name"
    status = 422


class RemoteFailed(GitError):
    """The other repository could not be reached, or refused."""

    code = "remote_failed"


class UnknownCommit(GitError):
    """No commit has that name in our clone."""

    code = "unknown_commit"
    status = 404


class RefExists(GitError):
    """The ref is there already and points elsewhere; it is never forced."""

    code = "ref_exists"


class RefMoved(GitError):
    """The ref is not where the caller last saw it. Look again, then repeat."""

    code = "ref_moved"

    def __init__(self, message: str, *, actual: str | None = None) -> None:
        super().__init__(message)
        self.actual = actual


class RefBusy(GitError):
    """Another git command holds the ref's lock file."""

    code = "ref_busy"


class LockBusy(GitError):
    """Another of our own operations works on the same clone for too long."""

    code = "git_lock_busy"


class BranchInUse(GitError):
    """The branch is checked out in a worktree, which would silently fall behind if the branch moved."""

    code = "branch_in_use"


class FolderInUse(GitError):
    """The folder for a worktree holds something that we did not put there."""

    code = "folder_in_use"


class WorktreeMissing(GitError):
    """There is no worktree of ours at that path."""

    code = "worktree_missing"
    status = 404


class WorktreeBusy(GitError):
    """A live process works inside the worktree."""

    code = "worktree_busy"


class WorktreeDirty(GitError):
    """The worktree holds changes that are not committed."""

    code = "worktree_dirty"


class NestedRepository(GitError):
    """The worktree holds another git repository, whose history we cannot keep by keeping ours."""

    code = "nested_repository"
