"""Is the clone whole?"""

from cw_site.git.layout import Clone
from cw_site.git.run import SLOW, git, view

_NOTICES = ("notice:", "dangling ", "Checking ")


def check(clone: Clone) -> list[str]:
    """Every problem that `git fsck --full` finds in the clone, one line each; empty when all is well."""
    result = git(
        view(clone), "fsck", "--full", "--no-dangling", "--no-progress", timeout=SLOW, ok=tuple(range(256)),
    )  # fmt: skip
    lines = (result.stdout + b"\n" + result.stderr).decode("utf-8", "backslashreplace").splitlines()
    problems = [line for line in lines if line.strip() and not line.startswith(_NOTICES)]
    return problems or ([f"git fsck ended with exit code {result.code}."] if result.code else [])
