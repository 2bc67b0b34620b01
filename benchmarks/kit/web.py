"""The product's web server, or a plain Django view under the same server, as a process whose CPU can be asked for."""

import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path

import psutil
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from benchmarks.kit.measure import cpu_seconds
from cw_site.management.commands.serve import web_command
from cw_site.tokens import create_token
from tests.journeys.server import ROOT, Server
from tests.waiting import wait_until

OURS, FLOOR, BARE, WSGI, DJANGO = "ours", "floor", "bare", "wsgi", "django"
APPLICATIONS = {
    OURS: ("asginl", "cw_site.asgi:application"),
    FLOOR: ("asginl", "benchmarks.kit.floor_site:asgi"),
    BARE: ("asginl", "benchmarks.kit.bare_asgi:asgi"),
    WSGI: ("wsgi", "benchmarks.kit.product_wsgi:application"),
    DJANGO: ("asginl", "benchmarks.kit.product_asgi:application"),
}
"""(granian's interface, application): the product, the plain view with the same bytes, the bare list page, the product
by WSGI, and the product under Django's own ASGI handler."""
BACKEND = "django.contrib.auth.backends.ModelBackend"


@dataclass(frozen=True)
class Web:
    """A running web server."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cpu(self) -> float:
        """CPU seconds of the server so far: granian's own process and its one worker."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        return cpu_seconds(self.process.pid, *[child.pid for child in children])


@contextmanager
def running_web(data: Path, name: str = OURS, **environment: str) -> Iterator[Web]:
    """granian with the product's own flags and one of the applications."""
    server = Server(data, **environment)
    interface, application = APPLICATIONS[name]
    log = data.parent / f"web-{server.port}.log"
    command = web_command(server.port, interface=interface, application=application)
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=server.environment, stdout=output, stderr=output)
    try:
        web = Web(server.port, process)

        def answers() -> bool:
            assert process.poll() is None, log.read_text()
            try:
                return bool(urllib.request.urlopen(f"{web.base}/api/health", timeout=5).status)
            except urllib.error.HTTPError:
                return True
            except OSError:
                return False

        wait_until(answers, timeout=40, message=f"the web server answers; its log: {log}")
        yield web
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def collect_static() -> None:
    """What `make run` does before it serves: pages need the names of the static files."""
    call_command("collectstatic", verbosity=0, interactive=False)


def make_person() -> tuple[dict[str, str], str]:
    """A signed-in person: (headers of their API token, key of their session)."""
    user = User.objects.create_superuser("bench")
    client = Client()
    client.force_login(user, backend=BACKEND)
    cookies: SimpleCookie = client.cookies
    session = next(item.value for name, item in cookies.items() if "session" in name)
    return {"Authorization": f"Bearer {create_token(user, scopes=['admin'])}"}, session


def cookie(web: Web, session: str) -> Mapping[str, str]:
    """The header by which this server knows the person."""
    return {"Cookie": f"cw-session-{web.port}={session}"}
