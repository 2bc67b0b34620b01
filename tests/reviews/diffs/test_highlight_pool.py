import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from reviews.diffs import highlight_worker
from reviews.diffs.highlight import highlight_blob
from reviews.diffs.highlight_pool import Highlighted, HighlightPool


@pytest.fixture
def pool() -> Iterator[HighlightPool]:
    made = HighlightPool(wall_seconds=60)
    yield made
    made.close()


CODE = b"def f():\n    '''\xe2\x82\xac <b>'''\n"


def test_it_gives_what_the_function_gives(pool: HighlightPool) -> None:
    for data, path in ((CODE, "x.py"), (b"\n", "x.py"), (b"words", "x.unknown"), (b"", "x.py"), (CODE, "\udce9<.py")):
        assert pool.highlight(data, path=path) == Highlighted(highlight_blob(data, path=path))


def test_many_threads_share_two_processes(pool: HighlightPool) -> None:
    blobs = [b"x = %d\n" % i * 200 for i in range(24)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda data: pool.highlight(data, path="x.py"), blobs))
    assert [done.lines for done in found] == [highlight_blob(data, path="x.py") for data in blobs]
    assert len(pool._idle) <= 2


def test_a_file_that_takes_too_much_time_is_plain_and_its_process_is_gone(
    pool: HighlightPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reviews.diffs.highlight_pool._PROGRAM", SLOW)
    started = time.monotonic()
    assert pool.highlight(b"hang", path="x.py") == Highlighted(None, final=True)
    assert time.monotonic() - started < 30
    monkeypatch.undo()
    assert pool.highlight(CODE, path="x.py").lines is not None


def test_a_machine_that_is_too_busy_is_no_final_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reviews.diffs.highlight_pool._PROGRAM", "import sys; sys.stdin.buffer.raw.read()")
    pool = HighlightPool(wall_seconds=0.3)
    assert pool.highlight(CODE, path="x.py") == Highlighted(None, final=False)


def test_a_process_that_died_is_replaced(pool: HighlightPool) -> None:
    assert pool.highlight(CODE, path="x.py").lines
    (worker,) = pool._idle
    worker.process.kill()
    worker.process.wait()
    assert pool.highlight(CODE, path="x.py").lines
    assert pool._idle[0].process.pid != worker.process.pid


def test_it_starts_nothing_for_what_is_never_highlighted(pool: HighlightPool) -> None:
    assert pool.highlight(b"x" * 1_000_000, path="x.py") == Highlighted(None)
    assert pool._idle == []


def test_a_worker_ends_when_nobody_is_there(pool: HighlightPool) -> None:
    pool.highlight(CODE, path="x.py")
    (worker,) = pool._idle
    worker.connection.close()
    assert worker.process.wait(5) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(worker.process.pid, 0)


SLOW = f"""
import re, sys
sys.path.insert(0, sys.argv[1])
from reviews.diffs import highlight_worker
highlight_worker.CPU_SECONDS = {highlight_worker.CPU_SECONDS / 5}
highlight_worker.highlight_blob = lambda data, path: re.match("(a+)+$", "a" * 60 + "b")
highlight_worker.main()
"""
