"""Pushing one commit to one branch of the other side. Never forced."""

from dataclasses import dataclass
from pathlib import Path

from cw_site.git.errors import GitFailed
from cw_site.git.layout import Clone
from cw_site.git.network import RECEIVE_PACK, explain, network_for
from cw_site.git.refs import HEADS, as_oid, branch_ref
from cw_site.git.run import SLOW, git, view
from cw_site.git.urls import check_url


@dataclass(frozen=True)
class PushResult:
    """`reason` is a sentence when it was not `ok`; `checked_out`: a local target has that branch checked out."""

    ok: bool
    reason: str
    checked_out: bool = False


def push(clone: Clone, *, url: str, commit: str, ref: str, known_hosts: Path | None = None) -> PushResult:
    """Push `commit` to the branch `ref` (a branch name or refs/heads/…) over there; the other side may refuse.

    A local target's own hooks do not run, and its checkout is never touched. Raises RemoteFailed when the other side
    cannot be reached.
    """
    address = check_url(url)
    target = branch_ref(ref.removeprefix(HEADS))
    result = git(
        view(clone), "push", "--porcelain", "--no-verify", "--no-signed", "--no-follow-tags", "--no-force-with-lease",
        "--recurse-submodules=no", f"--receive-pack={RECEIVE_PACK}", "--", address.url,
        f"{as_oid(clone, commit)}:{target}", timeout=SLOW, ok=(0, 1, 128),
        network=network_for(address, known_hosts),
    )  # fmt: skip
    if result.code == 0:
        return PushResult(True, "")
    for line in result.stdout.decode("utf-8", "backslashreplace").splitlines():
        if line.startswith("!\t"):
            return _refused(line.split("\t")[-1], target.removeprefix(HEADS), address.url)
    raise explain(GitFailed("git push failed.", exit_code=result.code, detail=result.error_text), address)


def _refused(why: str, branch: str, where: str) -> PushResult:
    if "checked out" in why:
        reason = f"The branch {branch} is checked out in {where}. Check out another branch there, or merge by hand."
        return PushResult(False, reason, checked_out=True)
    if "fetch first" in why or "non-fast-forward" in why:
        return PushResult(False, f"{branch} of {where} has commits that we do not have. Sync the project first.")
    return PushResult(False, f"{where} refused the push to {branch}: {why[:300]}")
