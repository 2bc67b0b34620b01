"""Commits between two points of history."""

from dataclasses import dataclass
from datetime import UTC, datetime

from cw_site.git.layout import Clone
from cw_site.git.memory import MEMORY
from cw_site.git.refs import as_oid
from cw_site.git.run import git, view

_FORMAT = "%H%x00%P%x00%an%x00%ae%x00%at%x00%s%x00%b"
_FIELDS = 7


@dataclass(frozen=True)
class Commit:
    """One commit. Texts are as the author wrote them (untrusted); `authored_at` is in UTC."""

    sha: str
    parents: list[str]
    author_name: str
    author_email: str
    authored_at: datetime
    subject: str
    body: str


def list_commits(clone: Clone, base: str, head: str, *, limit: int | None = None) -> list[Commit]:
    """The commits in `head` that are not in `base`, newest first, at most `limit`."""
    wanted = _range(clone, base, head)

    def ask() -> list[Commit]:
        most = [f"--max-count={limit}"] if limit is not None else []
        output = git(
            view(clone), "log", "-z", "--topo-order", "--no-show-signature", "--no-color", "--no-patch", "--no-notes",
            "--encoding=UTF-8", f"--format=tformat:{_FORMAT}", *most, "--end-of-options", wanted, "--",
        )  # fmt: skip
        fields = output.stdout.decode("utf-8", "replace").split("\0")
        return [_commit(fields[at : at + _FIELDS]) for at in range(0, len(fields) - _FIELDS + 1, _FIELDS)]

    found = MEMORY.recall(("commits", clone.root, wanted, limit), ask, weigh=_weigh)
    return list(found)


def _weigh(found: list[Commit]) -> int:
    return sum(500 + len(commit.subject) + len(commit.body) for commit in found)


def count_commits(clone: Clone, base: str, head: str) -> int:
    """How many commits are in `head` and not in `base`."""
    return int(git(view(clone), "rev-list", "--count", "--end-of-options", _range(clone, base, head), "--").text)


def _range(clone: Clone, base: str, head: str) -> str:
    return f"{as_oid(clone, base)}..{as_oid(clone, head)}"


def _commit(fields: list[str]) -> Commit:
    sha, parents, name, email, seconds, subject, body = fields
    return Commit(sha, parents.split(), name, email, _moment(seconds), subject, body.strip("\n"))


def _moment(seconds: str) -> datetime:
    """Dates in commits can be nonsense; those become the epoch."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)
