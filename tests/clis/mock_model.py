"""A stand-in for the model behind the real Claude Code: the Anthropic Messages API on loopback, playing a script.

Only the model is mocked. Facts of the protocol are those that Claude Code 2.1.330 was seen to need.
"""

import json
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CHUNK = 48
DONE = "Done."


@dataclass
class Turn:
    """What the model does once, in answer to a request whose conversation contains `when`.

    `bash`: shell commands, one tool call each. `error`: an HTTP status with an error type and message instead.
    """

    when: str = ""
    text: str = ""
    bash: tuple[str, ...] = ()
    error: tuple[int, str, str] | None = None
    headers: dict[str, str] = field(default_factory=dict)


class MockModel(ThreadingHTTPServer):
    """Plays `turns`: each is used once, by the first request that fits. Keeps what it was sent in `requests`."""

    daemon_threads = True

    def __init__(self, *turns: Turn) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.turns = list(turns)
        self.requests: list[dict[str, Any]] = []
        self.credentials: list[str] = []
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> "MockModel":
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.shutdown()
        self.server_close()

    def was_told(self, text: str) -> bool:
        """Whether any request carried the text."""
        return any(text in _conversation(body) for body in self.requests)

    def answer(self, body: dict[str, Any], credential: str) -> Turn:
        """The turn for a request; requests without tools (titles, classifiers) use none up."""
        with self._lock:
            self.requests.append(body)
            self.credentials.append(credential)
            if not body.get("tools"):
                return Turn(text="A title")
            said = _conversation(body)
            for turn in self.turns:
                if turn.when in said:
                    self.turns.remove(turn)
                    return turn
            return Turn(text=DONE)


def _conversation(body: dict[str, Any]) -> str:
    texts: list[str] = []
    for message in body.get("messages", []):
        content = message.get("content", "")
        for block in [{"text": content}] if isinstance(content, str) else content:
            inner = block.get("content", "")
            texts += [block.get("text", ""), inner if isinstance(inner, str) else json.dumps(inner)]
    return "\n".join(texts)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: MockModel

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the requests are kept."""

    def do_GET(self) -> None:
        self._json(200, {"data": [], "has_more": False})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        if self.path.split("?")[0].endswith("/count_tokens"):
            return self._json(200, {"input_tokens": 1000})
        if not self.path.split("?")[0].endswith("/v1/messages"):
            return self._json(404, {"type": "error", "error": {"type": "not_found_error", "message": "no such path"}})
        credential = self.headers.get("x-api-key") or self.headers.get("Authorization") or ""
        turn = self.server.answer(body, credential)
        if turn.error is not None:
            status, kind, words = turn.error
            return self._json(status, {"type": "error", "error": {"type": kind, "message": words}}, turn.headers)
        message = _message(turn, str(body.get("model", "mock")))
        return self._stream(message) if body.get("stream") else self._json(200, message)

    def _json(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        for name, text in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, message: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for kind, data in _events(message):
            self.wfile.write(f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode())
        self.close_connection = True


def _message(turn: Turn, model: str) -> dict[str, Any]:
    content: list[dict[str, Any]] = [{"type": "text", "text": turn.text}] if turn.text else []
    for command in turn.bash:
        tool = {"command": command, "description": "Run a command"}
        content.append({"type": "tool_use", "id": f"toolu_{uuid.uuid4().hex[:20]}", "name": "Bash", "input": tool})
    return {
        "id": f"msg_{uuid.uuid4().hex[:20]}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": "tool_use" if turn.bash else "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 1000,
            "output_tokens": 50,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
        },
    }


def _events(message: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "message_start", {"message": {**message, "content": [], "stop_reason": None}}
    for index, block in enumerate(message["content"]):
        if block["type"] == "text":
            empty: dict[str, Any] = {"type": "text", "text": ""}
            text = block["text"]
            deltas = [{"type": "text_delta", "text": text[at : at + CHUNK]} for at in range(0, len(text), CHUNK)]
        else:
            empty = {**block, "input": {}}
            deltas = [{"type": "input_json_delta", "partial_json": json.dumps(block["input"])}]
        yield "content_block_start", {"index": index, "content_block": empty}
        for delta in deltas:
            yield "content_block_delta", {"index": index, "delta": delta}
        yield "content_block_stop", {"index": index}
    delta = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield "message_delta", {"delta": delta, "usage": message["usage"]}
    yield "message_stop", {}
