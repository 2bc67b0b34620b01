"""The ticks run once at a time in a process, and once more for those who asked meanwhile."""

import threading

import pytest

from cw_site.tasks import Rounds


def test_those_who_ask_during_a_run_share_the_next_one() -> None:
    rounds = Rounds()
    begun, go_on = threading.Event(), threading.Event()
    runs: list[int] = []

    def step() -> int:
        runs.append(threading.get_ident())
        begun.set()
        assert go_on.wait(10)
        return 1

    first = threading.Thread(target=rounds.run, args=(step,))
    first.start()
    assert begun.wait(10)
    assert [rounds.run(step) for _ in range(5)] == [0] * 5
    go_on.set()
    first.join(10)
    assert runs == [first.ident] * 2
    assert rounds.run(step) == 1


def test_a_step_that_fails_does_not_lock_the_others_out() -> None:
    rounds = Rounds()

    def fail() -> int:
        raise KeyError

    with pytest.raises(KeyError):
        rounds.run(fail)
    assert rounds.run(lambda: 3) == 3
