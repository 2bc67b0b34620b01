"""What git said about object ids, remembered: an id never means anything else, so the answer never changes.

Only questions whose arguments are whole object ids may be kept here, and answers that nobody changes.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

LIMIT = 48 * 1024 * 1024
LARGEST = 2 * 1024 * 1024
"""Bytes, roughly: of all that is remembered in a process, and of one answer."""


class Memory:
    """Answers by question; those not asked for longest are forgotten first. Thread-safe."""

    def __init__(self, *, limit: int = LIMIT, largest: int = LARGEST) -> None:
        self._limit = limit
        self._largest = largest
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[int, object]] = OrderedDict()
        self._size = 0

    def recall[T](self, question: Hashable, ask: Callable[[], T], *, weigh: Callable[[T], int]) -> T:
        """The remembered answer, or that of `ask`, which weighs so many bytes. Errors are not remembered."""
        with self._lock:
            known = self._kept.get(question)
            if known is not None:
                self._kept.move_to_end(question)
                answer: T = known[1]  # type: ignore[assignment]
                return answer
        answer = ask()
        weight = weigh(answer)
        if weight <= self._largest:
            with self._lock:
                self._keep(question, weight, answer)
        return answer

    def forget(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self._size = 0

    def _keep(self, question: Hashable, weight: int, answer: object) -> None:
        if question in self._kept:
            return
        self._kept[question] = (weight, answer)
        self._size += weight
        while self._size > self._limit:
            _, (gone, _) = self._kept.popitem(last=False)
            self._size -= gone


MEMORY = Memory()
