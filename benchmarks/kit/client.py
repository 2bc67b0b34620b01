"""A small HTTP client: many connections that are kept open, one request at a time on each. It does not parse bodies."""

import selectors
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """One answer, whole."""

    status: int
    headers: dict[str, str]
    body: bytes


class Connection:
    """One kept connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()

    def send(self, request: bytes) -> None:
        self.buffer.clear()
        self.socket.sendall(request)

    def receive(self) -> Answer | None:
        """Read what is there; the answer, when it is whole."""
        data = self.socket.recv(1 << 18)
        if not data:
            raise ConnectionError(f"the server closed the connection after {bytes(self.buffer[:200])!r}")
        self.buffer += data
        return _whole(self.buffer)

    def ask(self, request: bytes) -> Answer:
        """Send and wait."""
        self.send(request)
        while (answer := self.receive()) is None:
            pass
        return answer

    def close(self) -> None:
        self.socket.close()


def build(method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body or method == "POST":
        lines += [f"Content-Length: {len(body)}", "Content-Type: application/json"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def ask_many(port: int, request: bytes, *, count: int, connections: int) -> list[float]:
    """Ask `count` times over that many connections at once; the wall seconds of each answer.

    Raises AssertionError where an answer is not a success.
    """
    seconds: list[float] = []
    left = count
    with selectors.DefaultSelector() as ready:
        began: dict[int, float] = {}
        for _ in range(min(connections, count)):
            connection = Connection(port)
            ready.register(connection.socket, selectors.EVENT_READ, connection)
            began[id(connection)] = time.perf_counter()
            connection.send(request)
            left -= 1
        while ready.get_map():
            for key, _ in ready.select():
                connection = key.data
                answer = connection.receive()
                if answer is None:
                    continue
                assert 200 <= answer.status < 300, (answer.status, answer.body[:300])
                seconds.append(time.perf_counter() - began[id(connection)])
                if left:
                    left -= 1
                    began[id(connection)] = time.perf_counter()
                    connection.send(request)
                else:
                    ready.unregister(connection.socket)
                    connection.close()
    return seconds


def _whole(data: bytearray) -> Answer | None:
    head, gap, body = bytes(data).partition(b"\r\n\r\n")
    if not gap:
        return None
    first, *rest = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    status = int(first.split(" ")[1])
    if headers.get("transfer-encoding") == "chunked":
        return _unchunk(status, headers, body)
    if len(body) < int(headers.get("content-length", 0)):
        return None
    return Answer(status, headers, body)


def _unchunk(status: int, headers: dict[str, str], body: bytes) -> Answer | None:
    whole, at = bytearray(), 0
    while (end := body.find(b"\r\n", at)) >= 0:
        size = int(body[at:end], 16)
        if size == 0:
            return Answer(status, headers, bytes(whole))
        if len(body) < end + 2 + size + 2:
            return None
        whole += body[end + 2 : end + 2 + size]
        at = end + 2 + size + 2
    return None
