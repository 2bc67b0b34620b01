"""Noticing that somebody committed, without reading anything."""

import sqlite3
from typing import Any

from django.conf import settings
from django.db import connection


class CommitWatch:
    """Sees commits to the SQLite database by other connections; asking costs 2 µs. For one thread at a time.

    On other databases there is nothing to ask: use what they offer (LISTEN).
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect(
            f"file:{settings.DATABASES['default']['NAME']}?mode=ro",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
        )
        self._seen: int | None = None

    @staticmethod
    def is_possible() -> bool:
        """Whether the product runs on SQLite."""
        return connection.vendor == "sqlite"

    def sees_commit(self) -> bool:
        """Whether there was a commit since the last call; true at the first one."""
        # data_version changes with every commit of another connection
        version = int(self._database.execute("PRAGMA data_version").fetchone()[0])
        seen, self._seen = self._seen, version
        return version != seen

    def select(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows, read as cheaply as can be."""
        return self._database.execute(statement, parameters).fetchall()

    def close(self) -> None:
        """Close the connection."""
        self._database.close()
