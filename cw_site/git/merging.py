"""Merges, made in memory: no checkout takes part, and a ref moves by compare-and-set or not at all."""

from dataclasses import dataclass, field
from typing import Literal

from cw_site.git.checkouts import refuse_checked_out
from cw_site.git.errors import GitError, GitFailed, RefMoved
from cw_site.git.layout import Clone, display_path, lock
from cw_site.git.refs import HEADS, as_oid, check_ref, is_ancestor, move_ref, read_ref
from cw_site.git.run import git, view


@dataclass(frozen=True)
class Identity:
    """Who a commit is by."""

    name: str
    email: str

    def variables(self, role: Literal["AUTHOR", "COMMITTER"]) -> dict[str, str]:
        """The environment variables that tell git so."""
        clean = str.maketrans("", "", "<>\n\r\0")
        name = self.name.translate(clean).strip(" .,:;'\"") or CODEWALKERS.name
        return {f"GIT_{role}_NAME": name, f"GIT_{role}_EMAIL": self.email.translate(clean)}


CODEWALKERS = Identity("Codewalkers", "codewalkers@localhost")


@dataclass(frozen=True)
class MergeTree:
    """The outcome of a trial merge: a tree (with conflict markers in it if `conflicts` names files)."""

    tree: str
    conflicts: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class MergeResult:
    """What a merge did. `commit` is where the ref is now; on a conflict the ref has not moved and it is None."""

    kind: Literal["merged", "fast", "up_to_date", "conflict"]
    commit: str | None
    conflicts: list[str] = field(default_factory=list)


def try_merge(clone: Clone, *, ours: str, theirs: str) -> MergeTree:
    """Merge two commits into a tree, touching no ref. Raises GitError for unrelated histories."""
    pair = as_oid(clone, ours), as_oid(clone, theirs)
    arguments = ("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", *pair)
    try:
        result = git(view(clone), *arguments, ok=(0, 1))
    except GitFailed as error:
        if "unrelated histories" in error.detail:
            raise GitError("The two branches have no common history, so they cannot be merged.") from error
        raise
    tree, *names = result.stdout.split(b"\0")
    conflicts = list(dict.fromkeys(display_path(name) for name in names if name))
    if (result.code == 1) != bool(conflicts):
        raise GitFailed(f"git merge-tree gave no clear answer: {result.error_text[-300:]}", exit_code=result.code)
    return MergeTree(tree.decode("ascii").strip(), conflicts)


def merge_into(
    clone: Clone,
    *,
    ref: str,
    expected: str,
    source: str,
    message: str,
    author: Identity = CODEWALKERS,
    allow_checked_out: bool = False,
) -> MergeResult:
    """Merge `source` into `ref`, which must be at `expected`; always by a merge commit.

    Repeating it after a crash adopts the merge commit that is there. Raises RefMoved when the ref is elsewhere and
    BranchInUse when a worktree has the branch checked out (its next commit would undo the merge).
    """
    check_ref(ref)
    old, new = as_oid(clone, expected), as_oid(clone, source)
    current = read_ref(clone, ref)
    if current != old:
        if current is not None and _parents(clone, current) == [old, new]:
            return MergeResult("merged", current)
        raise RefMoved(f"{ref} has moved meanwhile (it is now at {current or 'nothing'}).", actual=current)
    if is_ancestor(clone, new, old):
        return MergeResult("up_to_date", old)
    merged = try_merge(clone, ours=old, theirs=new)
    if merged.conflicts:
        return MergeResult("conflict", None, merged.conflicts)
    commit = commit_tree(clone, merged.tree, parents=[old, new], message=message, author=author)
    with lock(clone):
        if ref.startswith(HEADS) and not allow_checked_out:
            refuse_checked_out(clone, ref.removeprefix(HEADS))
        move_ref(clone, ref, new=commit, old=old)
    return MergeResult("merged", commit)


def commit_tree(
    clone: Clone,
    tree: str,
    *,
    parents: list[str],
    message: str,
    author: Identity = CODEWALKERS,
    date: str | None = None,
) -> str:
    """Write a commit object and return its id. `date` is in git's raw form (`1700000000 +0000`), now if left out."""
    variables = {**author.variables("AUTHOR"), **CODEWALKERS.variables("COMMITTER")}
    if date is not None:
        variables |= {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    flags = [word for parent in parents for word in ("-p", parent)]
    text = message.replace("\0", "").encode("utf-8", "replace") or b"(no message)"
    return git(view(clone), "commit-tree", tree, *flags, "-F", "-", stdin=text, env=variables).text


def _parents(clone: Clone, commit: str) -> list[str]:
    return git(view(clone), "rev-list", "--no-walk", "--parents", "--end-of-options", commit).text.split()[1:]
