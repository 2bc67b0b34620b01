"""A real server on an empty data folder, as `make run` starts it, and a client that uses it as a script would."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import psutil

from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
PASSWORD = "correct horse battery"


class ApiError(Exception):
    """The API said no: `status` and what it said."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body


class Api:
    """The JSON API with a token that may do everything."""

    def __init__(self, base: str, token: str) -> None:
        self.base = base
        self.token = token

    def get(self, path: str) -> Any:
        return self._ask("GET", path, None)

    def post(self, path: str, **body: Any) -> Any:
        return self._ask("POST", path, body)

    def patch(self, path: str, **body: Any) -> Any:
        return self._ask("PATCH", path, body)

    def items(self, path: str) -> list[dict[str, Any]]:
        return list(self.get(path)["items"])

    def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        request = urllib.request.Request(
            f"{self.base}/api{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise ApiError(error.code, json.loads(error.read())) from None


class Server:
    """`manage.py serve` on a data folder; start and stop it as often as you like."""

    def __init__(self, data: Path, **environment: str) -> None:
        self.data = data
        self.port = _free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.log = data.parent / f"{data.name}.log"
        kept = {
            key: value for key, value in os.environ.items() if not key.startswith(("CW_", "DATABASE_URL", "DJANGO_"))
        }
        self.environment = {**kept, "CW_DATA_DIR": str(data), "CW_PORT": str(self.port), **environment}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
        wait_until(self._answers, timeout=40, message=f"the server answers; its log: {self.log}")

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(20)
            self.process = None

    def kill_web(self) -> None:
        """Kill the web process, and return when the one that takes its place answers."""
        assert self.process is not None
        children = psutil.Process(self.process.pid).children()
        web = next(child for child in children if "granian" in " ".join(child.cmdline()))
        web.kill()
        wait_until(lambda: not web.is_running(), message="the web process is gone")
        wait_until(self._answers, timeout=40, message=f"the server answers again; its log: {self.log}")

    def manage(self, *args: str) -> str:
        """The output of a management command on the same data folder."""
        ended = subprocess.run(
            [sys.executable, "manage.py", *args], cwd=ROOT, env=self.environment, capture_output=True, timeout=60
        )
        assert ended.returncode == 0, ended.stderr.decode()
        return ended.stdout.decode().strip()

    def first_run_link(self) -> str:
        """The one-time link as it was printed."""
        found = re.search(rb"http\S+/first-run/\S+", self.log.read_bytes())
        assert found, self.log.read_text()
        return found[0].decode()

    def make_administrator(self, name: str = "ada") -> None:
        """Follow the printed link, as a person would."""
        link, jar = self.first_run_link(), CookieJar()
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        page = opener.open(link, timeout=20).read().decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token
        form = {"csrfmiddlewaretoken": token[1], "username": name, "password1": PASSWORD, "password2": PASSWORD}
        answer = opener.open(link, urllib.parse.urlencode(form).encode(), timeout=20)
        assert answer.status == 200

    def api(self) -> Api:
        return Api(self.base, self.manage("create_token", "ada", "--scope", "admin"))

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        try:
            return bool(urllib.request.urlopen(f"{self.base}/api/health", timeout=5).status == 200)
        except OSError:
            return False


@contextmanager
def running_server(
    data: Path, *, administrator: bool = True, environment: Mapping[str, str] | None = None, **more: str
) -> Iterator[Server]:
    """A server, with its first administrator if wanted; stopped at the end whatever happens."""
    server = Server(data, **(environment or {}), **more)
    try:
        server.start()
        if administrator:
            server.make_administrator()
        yield server
    finally:
        server.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
