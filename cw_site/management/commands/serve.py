"""`make run`: the web server and the worker as one pair of processes. Agents belong to neither and outlive both."""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections import deque
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command

from cw_site import first_run
from cw_site.process import ENDS_WITH_PARENT, end_with_parent

START_SECONDS = 30.0
STOP_SECONDS = 5.0
CRASHES_TOLERATED = 5
CRASH_WINDOW_SECONDS = 60.0


class Stop(Exception):
    """Ctrl-C or SIGTERM: an orderly end was asked for."""


class Command(BaseCommand):
    help = "Run the web server and the worker on this data folder until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=settings.CW_PORT)

    def handle(self, *args: Any, **options: Any) -> None:
        port: int = options["port"]
        base_url = f"http://{_url_host(settings.CW_LISTEN)}:{port}"
        lock = _take_data_folder(settings.CW_DATA_DIR, base_url)
        _check_port(settings.CW_LISTEN, port)
        signal.signal(signal.SIGTERM, _on_stop_signal)
        signal.signal(signal.SIGINT, _on_stop_signal)
        call_command("migrate", verbosity=0, interactive=False)
        call_command("collectstatic", verbosity=0, interactive=False)
        pair = Pair({"web": web_command(port), "worker": [sys.executable, "manage.py", "worker"]}, lock)
        try:
            pair.start()
            pair.wait_for_web(settings.CW_LISTEN, port)
            self.stdout.write(f"Codewalkers on {base_url}  (data in {settings.CW_DATA_DIR}; Ctrl-C stops it)")
            if first_run.is_open():
                self.stdout.write(f"Make the first administrator, once: {first_run.link(base_url)}")
            self.stdout.flush()
            pair.watch()
        except Stop:
            self.stdout.write("Stopping. Agents that run go on and are taken up again at the next start.")
        finally:
            pair.stop()


class Pair:
    """The two child processes; one that dies is started again, a few times a minute at most."""

    def __init__(self, commands: dict[str, list[str]], lock: TextIO) -> None:
        self.commands = commands
        self.lock = lock
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.crashes: deque[float] = deque(maxlen=CRASHES_TOLERATED)

    def start(self) -> None:
        for name in self.commands:
            self._start(name)

    def wait_for_web(self, host: str, port: int) -> None:
        """Return when the web server takes connections, so that no address is printed that does not answer."""
        deadline = time.monotonic() + START_SECONDS
        while self.children["web"].poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection((host, port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise CommandError("The web server did not come up. See its messages above.")

    def watch(self) -> None:
        """Wait until told to stop; raises CommandError when a child will not stay up."""
        while True:
            pid, _ = os.wait()
            for name, child in list(self.children.items()):
                if child.pid == pid:
                    self._note_crash(name)
                    self._start(name)

    def stop(self) -> None:
        """End both, politely first; a second Ctrl-C meanwhile changes nothing."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for child in self.children.values():
            child.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for child in self.children.values():
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def _start(self, name: str) -> None:
        # The lock is handed on: the folder stays taken until the last of the three is gone.
        self.children[name] = subprocess.Popen(
            self.commands[name],
            cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=[self.lock.fileno()],
            preexec_fn=end_with_parent,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "cw_site.settings",
                "CW_DATA_DIR": str(settings.CW_DATA_DIR),
                ENDS_WITH_PARENT: "1",
            },
        )

    def _note_crash(self, name: str) -> None:
        self.crashes.append(time.monotonic())
        if len(self.crashes) == CRASHES_TOLERATED and self.crashes[-1] - self.crashes[0] < CRASH_WINDOW_SECONDS:
            raise CommandError(
                f"The {name} process ended {CRASHES_TOLERATED} times within a minute. See its messages above."
            )


def web_command(port: int, *, interface: str = "asginl", application: str = "cw_site.asgi:application") -> list[str]:
    """The web server; the benchmarks start it with other interfaces and applications beside ours."""
    return [
        *(sys.executable, "-m", "granian", "--interface", interface, "--no-ws", "--workers", "1"),
        *("--host", settings.CW_LISTEN, "--port", str(port), "--log-level", "warning"),
        *("--workers-kill-timeout", "2", "--static-path-mount", str(settings.STATIC_ROOT)),
        *("--static-path-expires", "31536000"),
        application,
    ]


def _take_data_folder(folder: Path, base_url: str) -> TextIO:
    """Hold the folder's lock; raises CommandError where another server has it."""
    lock = open(folder / "server.lock", "a+", encoding="utf-8")  # noqa: SIM115 (held for the life of the process)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        raise CommandError(_who_has_it(folder, lock.read())) from None
    lock.truncate(0)
    lock.write(json.dumps({"pid": os.getpid(), "url": base_url}))
    lock.flush()
    return lock


def _who_has_it(folder: Path, note: str) -> str:
    try:
        owner = json.loads(note)
        place = f" on {owner['url']} (process {owner['pid']})"
    except (ValueError, KeyError, TypeError):
        place = ""
    return (
        f"Codewalkers is running already{place} on the data folder {folder}. "
        "Stop it first, or set CW_DATA_DIR and CW_PORT for a second one."
    )


def _check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} of {host} cannot be had ({error.strerror}). Set CW_PORT to another."
            ) from None


def _url_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _on_stop_signal(number: int, frame: FrameType | None) -> None:
    raise Stop
