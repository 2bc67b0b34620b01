"""Our bare clone of a project's repository: made once, fetched often, fast-forwarded only."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cw_site.git.checkouts import refuse_checked_out
from cw_site.git.errors import GitFailed, RemoteFailed
from cw_site.git.layout import EXCLUDE, Clone, ensure_file, lock, make_private
from cw_site.git.network import UPLOAD_PACK, explain, network_for
from cw_site.git.refs import HEADS, branch_ref, create_ref, is_ancestor, keep, list_refs, move_ref, read_ref
from cw_site.git.run import QUICK, SLOW, Place, git, view
from cw_site.git.urls import ProjectUrl, check_url

ORIGIN = "refs/remotes/origin/"
SyncState = Literal["up_to_date", "fast_forwarded", "ahead", "diverged", "missing"]

# Only what agents' own git needs. There is no remote in it, so an agent cannot push anywhere by mistake.
_CLONE_CONFIG = b"""[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
[gc]
\tauto = 0
[maintenance]
\tauto = false
[advice]
\tdetachedHead = false
"""


@dataclass(frozen=True)
class CloneInfo:
    """What the other side calls its default branch, and the commit that our branch of that name is at."""

    default_branch: str
    head: str


@dataclass(frozen=True)
class SyncOutcome:
    """How our default branch stands against the other side's; `local` and `remote` are commits after the sync."""

    state: SyncState
    local: str | None
    remote: str | None


def ensure_clone(clone: Clone, *, url: str, known_hosts: Path | None = None) -> CloneInfo:
    """Make the bare clone, or bring the one that is there up to date. May be repeated after a crash at any step.

    Raises BadUrl, and RemoteFailed when the repository cannot be read or has no commits.
    """
    address = check_url(url)
    with lock(clone):
        _ensure_bare(clone)
    default = _find_default_branch(clone, address, known_hosts)
    fetch(clone, url=url, known_hosts=known_hosts)
    theirs = read_ref(clone, ORIGIN + default)
    if theirs is None:
        advice = "If it is a shallow clone, run `git fetch --unshallow` in it, then sync the project again."
        raise RemoteFailed(f"{address.url}: the branch {default} could not be fetched. {advice}")
    with lock(clone):
        ours = read_ref(clone, branch_ref(default))
        if ours is None:
            create_ref(clone, branch_ref(default), theirs)
        ensure_file(clone.git_dir / "HEAD", f"ref: {HEADS}{default}\n".encode())
    return CloneInfo(default, ours or theirs)


def fetch(clone: Clone, *, url: str, known_hosts: Path | None = None) -> None:
    """Fetch all branches into refs/remotes/origin/*. Nothing is pruned; a rewritten branch's old commits are kept."""
    address = check_url(url)
    with lock(clone, "fetch", timeout=SLOW):
        try:
            _git_remote(clone, address, known_hosts, "fetch", f"{HEADS}*:{ORIGIN}*")
        except GitFailed as error:
            if error.exit_code != 1:
                raise explain(error, address) from error
            _follow_rewritten(clone, _list_remote(clone, address, known_hosts)[0], error, address)


def sync_default_branch(clone: Clone, *, branch: str) -> SyncOutcome:
    """Fast-forward our branch to what was fetched last, if it can be; never anything else.

    Raises BranchInUse when it would have to move while a worktree has it checked out.
    """
    ref = branch_ref(branch)
    with lock(clone):
        local, remote = read_ref(clone, ref), read_ref(clone, ORIGIN + branch)
        if remote is None:
            return SyncOutcome("missing", local, None)
        if local == remote:
            return SyncOutcome("up_to_date", local, remote)
        if local is None:
            create_ref(clone, ref, remote)
        elif is_ancestor(clone, local, remote):
            refuse_checked_out(clone, branch)
            move_ref(clone, ref, new=remote, old=local)
        else:
            return SyncOutcome("ahead" if is_ancestor(clone, remote, local) else "diverged", local, remote)
        return SyncOutcome("fast_forwarded", remote, remote)


def _ensure_bare(clone: Clone) -> None:
    folder = clone.git_dir
    if not (folder / "info" / "exclude").exists():
        # The exclude file is written last: while it is missing, no agent has seen this folder yet.
        make_private(folder / "info")
        place = Place(git_dir=folder, common_dir=folder, object_dir=folder / "objects")
        git(place, "init", "--quiet", "--bare", "--template=", "--initial-branch=main")
        ensure_file(folder / "config", _CLONE_CONFIG)
        ensure_file(folder / "info" / "exclude", EXCLUDE)
    make_private(clone.temporary_dir)
    view(clone)


def _find_default_branch(clone: Clone, address: ProjectUrl, known_hosts: Path | None) -> str:
    try:
        heads, symbolic, head = _list_remote(clone, address, known_hosts)
    except GitFailed as error:
        raise explain(error, address) from error
    if not heads:
        raise RemoteFailed(f"{address.url}: the repository has no commits yet. Make a first commit, then try again.")
    if symbolic in heads:
        return symbolic
    same = [name for name, oid in heads.items() if oid == head]
    for name in ("main", "master", *same):
        if name in heads:
            return name
    return min(heads)


def _list_remote(clone: Clone, address: ProjectUrl, known_hosts: Path | None) -> tuple[dict[str, str], str, str | None]:
    """Branches of the other side, the name of its HEAD's branch ('' when detached), and HEAD's commit."""
    result = git(
        view(clone), "ls-remote", "--quiet", "--symref", f"--upload-pack={UPLOAD_PACK}", "--", address.url,
        timeout=QUICK, network=network_for(address, known_hosts),
    )  # fmt: skip
    heads: dict[str, str] = {}
    symbolic, head = "", None
    for line in result.stdout.decode("utf-8", "surrogateescape").split("\n"):
        value, _, name = line.partition("\t")
        if name == "HEAD" and value.startswith(f"ref: {HEADS}"):
            symbolic = value.removeprefix(f"ref: {HEADS}")
        elif name == "HEAD":
            head = value
        elif name.startswith(HEADS):
            heads[name.removeprefix(HEADS)] = value
    return heads, symbolic, head


def _git_remote(clone: Clone, address: ProjectUrl, known_hosts: Path | None, command: str, refspec: str) -> None:
    git(
        view(clone), command, "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules",
        "--no-auto-maintenance", "--no-prune", f"--upload-pack={UPLOAD_PACK}", "--",
        address.url, refspec, timeout=SLOW, network=network_for(address, known_hosts),
    )  # fmt: skip


def _follow_rewritten(clone: Clone, heads: dict[str, str], error: GitFailed, address: ProjectUrl) -> None:
    """Git refused some branches: rewritten ones, and names that collide with a branch that is gone over there.

    What was fetched for them is here already, so keep the old commits first and then move each ref by itself.
    """
    known = {ref.removeprefix(ORIGIN): oid for ref, oid in list_refs(clone, ORIGIN).items()}
    behind = {name: oid for name, oid in heads.items() if known.get(name) != oid}
    if not behind:
        return
    gone = [name for name in known if name not in heads]
    for name, oid in behind.items():
        for old in gone:
            if old.startswith(f"{name}/") or name.startswith(f"{old}/"):
                keep(clone, f"origin/{known[old][:12]}", known[old])
                git(view(clone), "update-ref", "-d", "--no-deref", "--", ORIGIN + old, known[old])
        if git(view(clone), "cat-file", "-e", oid, ok=(0, 1, 128)).code:
            raise explain(error, address) from error
        if name in known:
            keep(clone, f"origin/{known[name][:12]}", known[name])
            move_ref(clone, ORIGIN + name, new=oid, old=known[name])
        else:
            create_ref(clone, ORIGIN + name, oid)
