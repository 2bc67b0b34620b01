"""Waiting for something real to come true, with a deadline: the only clock that tests may use."""

import time
from collections.abc import Callable


def wait_until[T](condition: Callable[[], T], timeout: float = 10, message: str = "") -> T:
    """The first truthy value of the condition. Fails the test when there is none within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(message or f"nothing came true within {timeout:g} s (last value: {value!r})")
        time.sleep(0.01)
    return value
