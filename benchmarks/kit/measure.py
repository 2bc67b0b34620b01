"""Measuring in turns: A B A B, a warm-up round that is dropped, medians."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence

import psutil

type Action = Callable[[], float]


def in_turns(actions: Mapping[str, Action], *, rounds: int) -> dict[str, list[float]]:
    """What each action returned in each round; the first round of all is a warm-up and is dropped."""
    values: dict[str, list[float]] = {name: [] for name in actions}
    for number in range(rounds + 1):
        for name, action in actions.items():
            value = action()
            if number:
                values[name].append(value)
    return values


def medians(values: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """The median of each action's values."""
    return {name: statistics.median(items) for name, items in values.items()}


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def seconds_of(action: Callable[[], object]) -> float:
    """Wall seconds of one call."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def cpu_seconds(*pids: int) -> float:
    """User and system seconds that these processes used so far, their children left out. Counted in 10 ms ticks."""
    times = [psutil.Process(pid).cpu_times() for pid in pids]
    return sum(item.user + item.system for item in times)


def scaled(count: int, scale: float, *, least: int) -> int:
    """A size for this run: `count` at scale 1, never below `least`."""
    return max(least, round(count * scale))
