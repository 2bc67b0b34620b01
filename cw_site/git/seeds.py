"""New repositories made from nothing: the demo's, and those of tests and benchmarks."""

from collections.abc import Mapping
from pathlib import Path

from cw_site.git.errors import FolderInUse
from cw_site.git.refs import branch_ref, check_ref
from cw_site.git.run import Place, git

AUTHOR = b"Codewalkers <codewalkers@localhost>"
EPOCH = b"1767225600 +0000"


def create_repository(path: Path, *, files: Mapping[str, str], branch: str, message: str) -> str:
    """Make a bare repository at `path` with one commit of `files` on `branch`; returns the commit.

    The same content gives the same commit. Raises FolderInUse where something is at `path` already.
    """
    if path.exists():
        raise FolderInUse(f"There is something at {path} already. Remove it or choose another place.")
    ref = check_ref(branch_ref(branch))
    path.mkdir(parents=True, mode=0o700)
    place = Place(git_dir=path, common_dir=path, object_dir=path / "objects")
    git(place, "init", "--quiet", "--bare", f"--initial-branch={branch}")
    git(place, "fast-import", "--quiet", stdin=_stream(ref, files, message))
    return git(place, "rev-parse", "--verify", "--end-of-options", ref).text


def _stream(ref: str, files: Mapping[str, str], message: str) -> bytes:
    parts = [
        b"commit %s\nauthor %s %s\ncommitter %s %s\n" % (ref.encode(), AUTHOR, EPOCH, AUTHOR, EPOCH),
        _data(message),
    ]
    for name, content in sorted(files.items()):
        parts += [b"M 100644 inline %s\n" % name.encode(), _data(content)]
    return b"".join([*parts, b"done\n"])


def _data(text: str) -> bytes:
    data = text.encode()
    return b"data %d\n%s\n" % (len(data), data)
