"""Reading an agent's output file in blocks of whole lines, and turning bytes into text that every database takes."""

from dataclasses import dataclass
from pathlib import Path

from agents.providers.parsing import clean_text

BLOCK = 1024 * 1024
LONGEST_LINE = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Block:
    """Some bytes of the file, as they stand there, and the offset to go on from."""

    data: bytes
    next_offset: int


def read_block(path: Path, offset: int, *, limit: int = BLOCK, final: bool = False) -> Block:
    """The next whole lines after `offset`, about `limit` bytes; empty data means: nothing (more) yet.

    A line is handed out when its newline is there. One longer than 16 MiB comes in pieces, and with `final` (the
    agent is over) the last one comes without its newline. Blocks joined are the file, byte for byte.
    """
    try:
        if not path.is_file():
            # nothing yet, or something that its agent put there and that we cannot read: a folder, a pipe
            return Block(b"", offset)
        with open(path, "rb") as file:
            file.seek(offset)
            data = file.read(limit)
            end = data.rfind(b"\n") + 1
            parts, size = [data], len(data)
            while not end and data and size < LONGEST_LINE:
                data = file.read(min(BLOCK, LONGEST_LINE - size))
                if newline := data.rfind(b"\n") + 1:
                    end = size + newline
                parts.append(data)
                size += len(data)
    except FileNotFoundError:
        return Block(b"", offset)
    whole = b"".join(parts)
    if not end and (size >= LONGEST_LINE or final):
        end = size if size < LONGEST_LINE else _character_boundary(whole)
    return Block(whole[:end], offset + end)


def _character_boundary(data: bytes) -> int:
    """Where to cut so that no UTF-8 character is split, if these are any."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte & 0b1100_0000 == 0b1000_0000:
            continue
        length = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1
        return len(data) - back if length > back else len(data)
    return len(data)


def split_lines(data: bytes) -> list[bytes]:
    """The lines of a block without their newlines. Only a newline ends a line: never `splitlines`, which cuts valid
    JSON at U+2028 and others."""
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines


def to_text(data: bytes | str) -> str:
    """Bytes of an agent as text that can be stored: invalid UTF-8 becomes U+FFFD, NUL U+2400. The same everywhere."""
    return clean_text(data.decode("utf-8", "replace") if isinstance(data, bytes) else data)
