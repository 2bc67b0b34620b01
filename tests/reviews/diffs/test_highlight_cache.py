import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from reviews.diffs import highlight_cache
from reviews.diffs.highlight_cache import HighlightCache
from reviews.diffs.highlight_pool import HighlightPool

OID = "a" * 40
LINES = [f"<b>{i}</b> é" for i in range(300)]


@pytest.fixture
def cache(tmp_path: Path) -> HighlightCache:
    return HighlightCache(tmp_path / "highlights")


@pytest.fixture
def pool() -> Iterator[HighlightPool]:
    made = HighlightPool(size=1, wall_seconds=60)
    yield made
    made.close()


def files(tmp_path: Path) -> list[Path]:
    return [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("count", [1, 127, 128, 129, 256, 300])
def test_lines_come_back(cache: HighlightCache, count: int) -> None:
    cache.put(LINES[:count], oid=OID, path="x.py")
    kept = cache.get(oid=OID, path="other/y.py")
    assert kept is not None
    assert kept.lines is not None
    assert list(kept.lines) == LINES[:count]
    assert len(kept.lines) == count
    assert kept.lines[-1] == LINES[count - 1]
    assert kept.lines[: count // 2] == LINES[: count // 2]
    with pytest.raises(IndexError):
        kept.lines[count]


def test_that_a_file_is_plain_is_kept_too(cache: HighlightCache) -> None:
    cache.put(None, oid=OID, path="x.py")
    kept = cache.get(oid=OID, path="x.py")
    assert kept is not None
    assert kept.lines is None


def test_what_makes_another_result_makes_another_entry(cache: HighlightCache, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.put(LINES, oid=OID, path="x.py")
    assert cache.get(oid="b" * 40, path="x.py") is None
    assert cache.get(oid=OID, path="x.js") is None
    monkeypatch.setattr(highlight_cache, "PYGMENTS_VERSION", "99")
    assert cache.get(oid=OID, path="x.py") is None


def test_a_damaged_file_is_a_miss(cache: HighlightCache, tmp_path: Path) -> None:
    cache.put(LINES, oid=OID, path="x.py")
    (file,) = files(tmp_path)
    whole = file.read_bytes()
    damages = [b"", b"\xff" * 9, whole[:-1], whole + b"x", whole[:-9] + b"\0" + whole[-8:], b"\0\0\0\x02[]" + whole]
    for damage in damages:
        file.write_bytes(damage)
        assert cache.get(oid=OID, path="x.py") is None
        assert not file.exists()


def test_only_we_may_read_it(cache: HighlightCache, tmp_path: Path) -> None:
    cache.put(LINES, oid=OID, path="x.py")
    (file,) = files(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "highlights").stat().st_mode) == 0o700


def test_the_oldest_go_when_there_is_no_room(tmp_path: Path) -> None:
    cache = HighlightCache(tmp_path, max_bytes=20_000)
    for i in range(60):
        cache.put(LINES, oid=f"{i:040}", path="x.py")
        for file in files(tmp_path):
            os.utime(file, (file.stat().st_mtime - 10,) * 2)
    assert sum(file.stat().st_size for file in files(tmp_path)) <= 20_000
    assert cache.get(oid=f"{59:040}", path="x.py") is not None
    assert cache.get(oid=f"{0:040}", path="x.py") is None


def test_reading_keeps_an_entry_young(cache: HighlightCache, tmp_path: Path) -> None:
    cache.put(LINES, oid=OID, path="x.py")
    (file,) = files(tmp_path)
    os.utime(file, (1, 1))
    assert cache.get(oid=OID, path="x.py") is not None
    assert file.stat().st_mtime > 1_000_000


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = HighlightCache(tmp_path / "file")
    cache.put(LINES, oid=OID, path="x.py")
    assert cache.get(oid=OID, path="x.py") is None


def test_a_blob_is_read_and_lexed_once(cache: HighlightCache, pool: HighlightPool) -> None:
    reads = []

    def read() -> bytes:
        reads.append(1)
        return b"import os\n"

    for _ in range(2):
        lines = cache.highlight(pool, oid=OID, path="x.py", read=read)
        assert lines is not None
        assert list(lines) == ['<span class="k">import </span>os']
    assert reads == [1]
    assert cache.highlight(pool, oid="c" * 40, path="x.py", read=lambda: None) is None
    assert cache.get(oid="c" * 40, path="x.py") is None


def test_an_answer_that_is_not_final_is_not_kept(cache: HighlightCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reviews.diffs.highlight_pool._PROGRAM", "import sys; sys.stdin.buffer.raw.read()")
    busy = HighlightPool(wall_seconds=0.1)
    assert cache.highlight(busy, oid=OID, path="x.py", read=lambda: b"x = 1\n") is None
    assert cache.get(oid=OID, path="x.py") is None
