"""Highlighted files kept on disk by blob id: a blob never changes, and lexing it is nearly all that a diff page costs.

One file per (blob id, language, version of Pygments, our format), written at once, in pieces of lines that are
compressed one by one: a diff needs a few lines of a long file, and unpacks only the pieces they are in.
"""

import contextlib
import hashlib
import json
import os
import struct
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

from reviews.diffs.highlight import FORMAT, PYGMENTS_VERSION, lexer_name
from reviews.diffs.highlight_pool import HighlightPool

_PIECE_LINES = 128
_HEADER = struct.Struct("!I")
_FRESH_SECONDS = 3600.0


class PackedLines(Sequence[str]):
    """The lines of a kept file, unpacked piece by piece as they are asked for."""

    def __init__(self, total: int, pieces: list[bytes]) -> None:
        self._total = total
        self._packed = pieces
        self._open: dict[int, list[str]] = {}

    def __len__(self) -> int:
        return self._total

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self._total))]
        if index < 0:
            index += self._total
        if not 0 <= index < self._total:
            raise IndexError(index)
        number, at = divmod(index, _PIECE_LINES)
        piece = self._open.get(number)
        if piece is None:
            piece = self._open[number] = zlib.decompress(self._packed[number]).decode().split("\n")
        return piece[at]

    def __iter__(self) -> Iterator[str]:
        return (self[i] for i in range(self._total))


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a blob; `lines` None: it is shown plain."""

    lines: Sequence[str] | None


class HighlightCache:
    """Files in `folder` (made 0700), at most about `max_bytes` of them: those read longest ago go first.

    Safe for several processes. A file that cannot be read is a miss, one that cannot be written is not kept.
    """

    def __init__(self, folder: Path, *, max_bytes: int = 256 << 20) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._used: int | None = None

    def get(self, *, oid: str, path: str) -> Kept | None:
        """What is kept for a blob under this file's language; None: nothing."""
        file = self._file(oid, path)
        try:
            with file.open("rb") as opened:
                data = opened.read()
                age = time.time() - os.fstat(opened.fileno()).st_mtime
            if age > _FRESH_SECONDS:
                os.utime(file)
            return _unpack(data)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, struct.error, KeyError, TypeError):
            with contextlib.suppress(OSError):
                file.unlink()
            return None

    def has(self, *, oid: str, path: str) -> bool:
        """Whether something is kept for a blob, without reading it."""
        return self._file(oid, path).exists()

    def put(self, lines: Sequence[str] | None, *, oid: str, path: str) -> None:
        """Keep the lines of a blob (None: that it is plain)."""
        data = _pack(lines)
        file = self._file(oid, path)
        with contextlib.suppress(OSError):
            for folder in (self._folder, file.parent):  # the mode is for the last part of a path only
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=file.parent, prefix=".new-")
            try:
                with open(handle, "wb") as opened:
                    opened.write(data)
                os.replace(name, file)
            except OSError:
                os.unlink(name)
                raise
            self._used = (self._measure() if self._used is None else self._used) + len(data)
            if self._used > self._max_bytes:
                self._evict()

    def highlight(
        self, pool: HighlightPool, *, oid: str, path: str, read: Callable[[], bytes | None]
    ) -> Sequence[str] | None:
        """The lines of a blob, from here or from the pool; `read` is called only then. None: show it plain."""
        if (kept := self.get(oid=oid, path=path)) is not None:
            return kept.lines
        data = read()
        if data is None:
            return None
        done = pool.highlight(data, path=path)
        if done.final:
            self.put(done.lines, oid=oid, path=path)
        return done.lines

    def _file(self, oid: str, path: str) -> Path:
        language = lexer_name(path)
        key = hashlib.sha256(f"{FORMAT}\0{PYGMENTS_VERSION}\0{language}\0{oid}".encode(errors="replace")).hexdigest()[
            :40
        ]
        return self._folder / key[:2] / key[2:]

    def _entries(self) -> list[tuple[float, int, str]]:
        entries = []
        for folder, _, names in os.walk(self._folder):
            for name in names:
                path = os.path.join(folder, name)
                with contextlib.suppress(OSError):
                    status = os.stat(path, follow_symlinks=False)
                    entries.append((status.st_mtime, status.st_size, path))
        return sorted(entries)

    def _measure(self) -> int:
        return sum(size for _, size, _ in self._entries())

    def _evict(self) -> None:
        """Take away the oldest until a tenth of the room is free: the folder is walked once for many writes."""
        entries = self._entries()
        used = sum(size for _, size, _ in entries)
        for _, size, path in entries:
            if used <= self._max_bytes * 0.9:
                break
            with contextlib.suppress(OSError):
                os.unlink(path)
                used -= size
        self._used = used


def _pack(lines: Sequence[str] | None) -> bytes:
    pieces = []
    if lines is not None:
        pieces = [
            zlib.compress("\n".join(lines[at : at + _PIECE_LINES]).encode(), 1)
            for at in range(0, len(lines), _PIECE_LINES)
        ]
    body = b"".join(pieces)
    total = None if lines is None else len(lines)
    head = {"lines": total, "sizes": [len(piece) for piece in pieces], "crc": zlib.crc32(body)}
    encoded = json.dumps(head, separators=(",", ":")).encode()
    return _HEADER.pack(len(encoded)) + encoded + body


def _unpack(data: bytes) -> Kept:
    (size,) = _HEADER.unpack_from(data)
    at = _HEADER.size + size
    head = json.loads(data[_HEADER.size : at])
    total, sizes = head["lines"], head["sizes"]
    whole = at + sum(sizes) == len(data) and zlib.crc32(data[at:]) == head["crc"]
    if not whole or (total is not None and len(sizes) != -(-total // _PIECE_LINES)):
        raise ValueError("the file is damaged")
    if total is None:
        return Kept(None)
    pieces = []
    for length in sizes:
        pieces.append(data[at : at + length])
        at += length
    return Kept(PackedLines(total, pieces))
