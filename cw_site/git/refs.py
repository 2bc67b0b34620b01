"""Refs: read, create and move by compare-and-set. Nothing here forces or deletes a ref."""

import os
import re
import stat
import time
import unicodedata
from pathlib import Path

from cw_site.git.errors import BadName, GitFailed, RefBusy, RefExists, RefMoved, UnknownCommit
from cw_site.git.layout import Clone, is_oid
from cw_site.git.memory import MEMORY
from cw_site.git.run import Place, Result, git, view

KEEP = "refs/cw/keep/"
HEADS = "refs/heads/"
_ABSENT = "0" * 40
_BAD_IN_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//")
_UNSPEAKABLE = re.compile(r"[\x00\n\ud800-\udfff]")
_LOCK_FILE = re.compile(r"Unable to create '(.+\.lock)': File exists")
_STALE_AFTER = 60.0


def check_ref(ref: str) -> str:
    """Return the full ref name, or raise BadName."""
    parts = ref.split("/")
    wrong = (
        not ref.startswith("refs/")
        or len(parts) < 3
        or _BAD_IN_REF.search(ref) is not None
        or any(not part or part.startswith((".", "-")) or part.endswith((".lock", ".")) for part in parts)
        or len(ref.encode("utf-8", "surrogatepass")) > 1000
        or any(len(part.encode("utf-8", "surrogatepass")) > 250 for part in parts)
        or any(0xD800 <= ord(char) < 0xE000 for char in ref)
    )
    if wrong:
        raise BadName(f"{ref[:100]!r} cannot be the name of a branch or ref.")
    return ref


def branch_ref(branch: str) -> str:
    """refs/heads/<branch>, checked. Raises BadName."""
    return check_ref(HEADS + branch)


def branch_slug(text: str, fallback: str) -> str:
    """A piece of a branch name made from a person's words: lower-case ASCII, digits and dashes, at most 48."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii").lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48].strip("-")
    return slug or fallback


def read_ref(clone: Clone, ref: str) -> str | None:
    """The object id that the ref points to, or None when there is no such ref."""
    if (oid := _read_loose(clone, check_ref(ref))) is not None:
        return oid
    # show-ref --verify: rev-parse would also try refs/heads/refs/heads/x, which an agent can make.
    result = git(view(clone), "show-ref", "--verify", "--hash", "--", check_ref(ref), ok=(0, 1, 128))
    return result.text if result.code == 0 and is_oid(result.text) else None


def _read_loose(clone: Clone, ref: str) -> str | None:
    """What the ref's own file says, where it is a plain file with an id in it; for all else git is asked."""
    try:
        handle = os.open(clone.git_dir / ref, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        text = os.read(handle, 100) if stat.S_ISREG(os.fstat(handle).st_mode) else b""
    except OSError:
        return None
    finally:
        os.close(handle)
    oid = text.decode("ascii", "replace").removesuffix("\n")
    return oid if is_oid(oid) else None


def resolve_commit(clone: Clone, name: str) -> str:
    """The id of the commit that a branch, a ref or an id means; a branch goes before a tag. Raises UnknownCommit."""
    spellings = [name]
    if not is_oid(name) and not name.startswith("refs/"):
        spellings = [HEADS + name, f"refs/remotes/origin/{name}", name]
    for spelling in spellings:
        if spelling.startswith("refs/"):
            try:
                known = read_ref(clone, spelling)
            except BadName:
                continue
            spelling = known or ""
        if found := _peel(clone, spelling):
            return found
    raise UnknownCommit(f"There is no commit {name[:100]!r} in this project's clone.")


def _peel(clone: Clone, name: str) -> str | None:
    if not name or _UNSPEAKABLE.search(name):
        return None
    argument = f"{name}^{{commit}}"
    result = git(view(clone), "rev-parse", "--verify", "--quiet", "--end-of-options", argument, ok=(0, 1, 128))
    return result.text if result.code == 0 and is_oid(result.text) else None


def as_oid(clone: Clone, name: str) -> str:
    """An object id as it is; anything else resolved to a commit's."""
    return name if is_oid(name) else resolve_commit(clone, name)


def list_refs(clone: Clone, prefix: str) -> dict[str, str]:
    """All refs below a prefix such as `refs/heads/cw/`, by full name."""
    wanted = check_ref(f"{prefix.rstrip('/')}/x").removesuffix("/x")
    output = git(view(clone), "for-each-ref", "--format=%(objectname) %(refname)", "--", wanted)
    # a ref's name may hold U+2028: only a newline ends a line
    lines = output.stdout.decode("utf-8", "surrogateescape").split("\n")[:-1]
    return {name: oid for oid, _, name in (line.partition(" ") for line in lines)}


def create_ref(clone: Clone, ref: str, sha: str) -> None:
    """Make sure that the ref points to `sha`. Raises RefExists when it points elsewhere."""
    oid = as_oid(clone, sha)
    try:
        _update(clone, check_ref(ref), new=oid, old=_ABSENT)
    except RefMoved as error:
        if error.actual == oid:
            return
        raise RefExists(f"{ref} exists already and points to another commit ({error.actual}).") from None


def move_ref(clone: Clone, ref: str, *, new: str, old: str) -> None:
    """Move the ref from `old` to `new`, or raise RefMoved and leave it alone."""
    target, expected = as_oid(clone, new), as_oid(clone, old)
    try:
        _update(clone, check_ref(ref), new=target, old=expected)
    except RefMoved as error:
        if error.actual != target:
            raise


def keep(clone: Clone, name: str, sha: str) -> str:
    """Keep `sha` reachable for ever under refs/cw/keep/<name>; returns the ref.

    Where that name holds another object already, the new one gets a name of its own beside it.
    """
    oid = as_oid(clone, sha)
    ref = check_ref(KEEP + name)
    try:
        create_ref(clone, ref, oid)
    except RefExists:
        ref = f"{ref}-{oid[:12]}"
        create_ref(clone, ref, oid)
    return ref


def is_ancestor(clone: Clone, ancestor: str, descendant: str) -> bool:
    """Whether `descendant` holds everything of `ancestor` (a commit holds itself)."""
    pair = as_oid(clone, ancestor), as_oid(clone, descendant)
    return git(view(clone), "merge-base", "--is-ancestor", *pair, ok=(0, 1)).code == 0


def merge_base(clone: Clone, one: str, other: str) -> str | None:
    """The best common ancestor, or None when the histories are unrelated."""
    pair = as_oid(clone, one), as_oid(clone, other)

    def ask() -> str | None:
        result = git(view(clone), "merge-base", *pair, ok=(0, 1))
        return result.text.splitlines()[0] if result.code == 0 else None

    return MEMORY.recall(("merge-base", clone.root, *pair), ask, weigh=lambda found: 200)


def _update(clone: Clone, ref: str, *, new: str, old: str) -> None:
    place = view(clone)
    result = _update_once(place, ref, new=new, old=old)
    if result.code and _remove_stale_lock(clone, result.error_text):
        result = _update_once(place, ref, new=new, old=old)
    if result.code == 0:
        return
    if match := _LOCK_FILE.search(result.error_text):
        raise RefBusy(f"Another git holds {ref}. If none is running, delete the file {match[1]} and try again.")
    actual = read_ref(clone, ref)
    if actual != (None if old == _ABSENT else old):
        raise RefMoved(f"{ref} has moved meanwhile (it is now at {actual or 'nothing'}).", actual=actual)
    raise GitFailed(f"{ref} cannot be set: {result.error_text[-300:]}", exit_code=result.code, detail=result.error_text)


def _update_once(place: Place, ref: str, *, new: str, old: str) -> Result:
    # --no-deref: an agent may have made the ref a symbolic one that names another branch.
    return git(place, "update-ref", "--no-deref", "--", ref, new, old, ok=(0, 1, 128))


def _remove_stale_lock(clone: Clone, error: str) -> bool:
    """Remove a lock file that a killed git left: ours, and older than any update of a ref can take."""
    match = _LOCK_FILE.search(error)
    if match is None:
        return False
    path = Path(match[1])
    try:
        ours = path.resolve().is_relative_to(clone.root.resolve())
        if not ours or time.time() - path.stat().st_mtime < _STALE_AFTER:
            return False
        path.unlink()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
