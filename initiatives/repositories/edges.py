"""Walking the dependencies of phases and tasks, without a database."""

from collections import deque
from collections.abc import Iterable


def find_path(edges: Iterable[tuple[str, str]], *, start: str, goal: str) -> list[str]:
    """The shortest chain of ids by which `start` waits for `goal`, both included; empty where it does not.

    An edge is (who waits, what it waits for).
    """
    waits_for: dict[str, list[str]] = {}
    for source, target in edges:
        waits_for.setdefault(source, []).append(target)
    came_from: dict[str, str | None] = {start: None}
    queue = deque([start])
    while queue:
        here = queue.popleft()
        if here == goal:
            return _walk_back(came_from, goal)
        for target in waits_for.get(here, ()):
            if target not in came_from:
                came_from[target] = here
                queue.append(target)
    return []


def _walk_back(came_from: dict[str, str | None], goal: str) -> list[str]:
    path = [goal]
    while (previous := came_from[path[-1]]) is not None:
        path.append(previous)
    return path[::-1]
