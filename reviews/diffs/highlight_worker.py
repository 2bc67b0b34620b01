"""The process that highlights: reads requests from its standard input, a socket, until that closes.

Request: length of the path, length of the data (4 bytes each), path, data. Answer: one byte (1 lines, 0 plain), length
(4 bytes), the lines parted by line feeds. A lexer that takes too much CPU time is ended by a timer whose signal nobody
handles: it works also while an expression runs, and when the parent has gone.
"""

import os
import resource
import signal
import socket
import struct

from reviews.diffs.highlight import highlight_blob

CPU_SECONDS = 1.5  # per request
MEMORY_BYTES = 1 << 30
REQUEST = struct.Struct("!II")
ANSWER = struct.Struct("!BI")


def receive(connection: socket.socket, size: int) -> bytes:
    """Exactly `size` bytes; EOFError when the other side closes before."""
    parts = bytearray()
    while len(parts) < size:
        part = connection.recv(min(size - len(parts), 1 << 20))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


def serve(connection: socket.socket) -> None:
    """Answer requests until the other side closes."""
    while True:
        try:
            path_size, data_size = REQUEST.unpack(receive(connection, REQUEST.size))
            path = receive(connection, path_size).decode(errors="replace")
            data = receive(connection, data_size)
            signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
            lines = highlight_blob(data, path=path)
            signal.setitimer(signal.ITIMER_PROF, 0)
            body = b"" if lines is None else "\n".join(lines).encode()
            connection.sendall(ANSWER.pack(lines is not None, len(body)) + body)
        except (EOFError, OSError):
            return


def main() -> None:
    """Lower our claims on the machine, then serve."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(5)
    serve(socket.socket(fileno=0))
