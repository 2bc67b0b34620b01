"""The only door to git. Knows nothing of Django; every error is a `GitError` with a sentence for a person."""

from cw_site.git.errors import GitError
from cw_site.git.layout import Clone

__all__ = ["Clone", "GitError"]
