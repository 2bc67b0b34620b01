"""Starting, watching and stopping the sessions of agents, from any process and at any time.

Nothing here is remembered in memory. Whether a session runs is a question to the kernel (is its lock held, and by
whom?), asked without ever taking the lock; how it ended stands in a file.
"""

import fcntl
import json
import os
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from agents.runtime import shim
from cw_site.foundation.errors import DomainError

START_TIMEOUT = 5.0
STOP_MARGIN = 5.0
SWEEP_TIMEOUT = 10.0
FLOCK = "hhqqi0q"
MARKER_NAME = "CW_SESSION"

State = Literal["absent", "running", "ended", "lost"]


class StartFailed(DomainError):
    """The session did not come to life; the message says what the shim said."""

    code = "start_failed"
    status = 500


@dataclass(frozen=True, slots=True)
class Probe:
    """What a session is doing.

    absent: never started. running: its shim holds the lock; with `exit_code` set (or `stopped`) the agent itself is
    over and its leftovers are being ended. ended: over, nothing is left. lost: its shim was killed; whatever lives
    on is found by `sweep`. `exit_code` is negative for a death by signal, None when there was no process.
    """

    state: State
    shim_pid: int | None = None
    pid: int | None = None
    exit_code: int | None = None
    signal: str | None = None
    stopped: bool = False
    started_at: float | None = None
    ended_at: float | None = None
    error: str = ""


def write_launch(
    session_dir: Path,
    *,
    argv: Sequence[str],
    env: Mapping[str, str],
    cwd: Path,
    stdin: bytes,
    stop_signals: Sequence[tuple[str, float]],
) -> None:
    """Lay a session's folder (0700) out, ready for `start`. `env` is the whole environment of the agent."""
    for name, _ in stop_signals:
        signal.Signals[name]
    session_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    prompt = os.open(session_dir / "prompt.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(prompt, "wb") as file:
        file.write(stdin)
    launch = {"argv": list(argv), "env": dict(env), "cwd": str(cwd), "stop_signals": [list(s) for s in stop_signals]}
    shim.write_json(session_dir / "launch.json", launch)


def start(session_dir: Path, *, timeout: float = START_TIMEOUT) -> None:
    """Make sure that the session was started: at most one agent ever, however many ask.

    Returns once the session runs or is over (an agent that cannot be started is `ended` with exit code 127).
    Raises StartFailed when neither came to be within `timeout` seconds; that session then never will.
    """
    session_dir = session_dir.absolute()
    if probe(session_dir).state != "absent":
        return
    deadline = time.monotonic() + timeout
    command = [sys.executable, "-I", "-S", os.path.abspath(shim.__file__), str(session_dir)]
    log_file = os.open(session_dir / "shim.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(log_file, "ab") as log:
        starter = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            cwd="/",
            start_new_session=True,
        )
    assert starter.stdout is not None  # noqa: S101 (asked for a pipe two lines up)
    with starter.stdout as news:
        told = _wait_for_end(news, deadline)
    if told:
        starter.wait()
    else:
        # From here on it must not start behind our back: a shim that comes up later finds this file and ends.
        (session_dir / "stop").touch(mode=0o600)
    if probe(session_dir).state == "absent":
        said = _tail(session_dir / "shim.log") or ("It said nothing." if told else "It took too long.")
        raise StartFailed(f"The session did not start within {timeout:g} s. {said}")
    if not told:
        (session_dir / "stop").unlink(missing_ok=True)


def _wait_for_end(news: IO[bytes], deadline: float) -> bool:
    """Wait until the shim closes its end: it has started its agent, or is over. False when the time is up first."""
    poll = select.poll()
    poll.register(news, select.POLLIN | select.POLLHUP)
    while (left := deadline - time.monotonic()) > 0:
        if poll.poll(left * 1000) and not os.read(news.fileno(), 4096):
            return True
    return False


def _tail(path: Path) -> str:
    """The end of a small text file, for a message."""
    try:
        return path.read_bytes()[-500:].decode("utf-8", "replace").strip()
    except OSError:
        return ""


def lock_holder(path: Path) -> int | None:
    """The pid of the process that holds the lock, or None. Only asks, so it can never be taken for a holder."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        question = struct.pack(FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        kind, _, _, _, pid = struct.unpack(FLOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, question))
    finally:
        os.close(descriptor)
    return None if kind == fcntl.F_UNLCK else int(pid)


def _read_json(path: Path) -> dict[str, Any] | None:
    """A file of the shim's, or None when it is not there. They are replaced whole, so never half."""
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def probe(session_dir: Path) -> Probe:
    """What the session is doing now."""
    # The order matters. The shim locks, then writes pid.json, then exit.json, then unlocks; so a pid file that was
    # there before the lock was seen free, with no exit file after it, can only be a dead shim's.
    begun = _read_json(session_dir / "pid.json")
    holder = lock_holder(session_dir / "lock")
    end = _read_json(session_dir / "exit.json")
    if holder is not None:
        state: State = "running"
        begun = begun or _read_json(session_dir / "pid.json")
    elif end is not None:
        state = "ended"
        begun = begun or _read_json(session_dir / "pid.json")
    else:
        state = "absent" if begun is None else "lost"
    begun, end = begun or {}, end or {}
    return Probe(
        state=state,
        shim_pid=holder or begun.get("shim_pid"),
        pid=begun.get("pid"),
        exit_code=end.get("exit_code"),
        signal=end.get("signal"),
        stopped=bool(end.get("stopped", False)),
        started_at=begun.get("started_at"),
        ended_at=end.get("ended_at"),
        error=str(end.get("error", "")),
    )


@contextmanager
def _held_shim(session_dir: Path) -> Iterator[int | None]:
    """A pidfd of the living lock holder, or None. Opened before the lock is looked at again, so that it cannot
    belong to a later process with the same pid."""
    holder = lock_holder(session_dir / "lock")
    handle = None
    if holder:
        try:
            handle = os.pidfd_open(holder)
        except ProcessLookupError:
            handle = None
    try:
        yield handle if handle is not None and lock_holder(session_dir / "lock") == holder else None
    finally:
        if handle is not None:
            os.close(handle)


def request_stop(session_dir: Path) -> bool:
    """Ask the session to stop and return at once. True when there is somebody who heard it.

    A session that has not started yet will end at once, as stopped, when it is started.
    """
    if session_dir.is_dir():
        (session_dir / "stop").touch(mode=0o600)
    with _held_shim(session_dir) as handle:
        if handle is None:
            return False
        signal.pidfd_send_signal(handle, signal.SIGTERM)
        return True


def stop(session_dir: Path, *, marker: str) -> Probe:
    """Stop the session and all that it started; returns when nothing is left.

    Takes at most the agent's own stop times and some seconds. A shim that does not finish by then is killed too.
    """
    heard = request_stop(session_dir)
    if heard and not _wait_for_shim(session_dir, _stop_seconds(session_dir) + STOP_MARGIN):
        _kill_shim(session_dir)
    if probe(session_dir).state != "absent":
        sweep(marker)
    return probe(session_dir)


def _stop_seconds(session_dir: Path) -> float:
    """How long the agent's own stop may take."""
    launch = _read_json(session_dir / "launch.json") or {}
    return sum(float(seconds) for _, seconds in launch.get("stop_signals", []))


def _wait_for_shim(session_dir: Path, seconds: float) -> bool:
    """Whether the shim ended within that time."""
    with _held_shim(session_dir) as handle:
        if handle is None:
            return True
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        return bool(poll.poll(seconds * 1000))


def _kill_shim(session_dir: Path) -> None:
    """Kill a shim that hangs, with its whole tree (known while it still is one)."""
    with _held_shim(session_dir) as handle:
        holder = lock_holder(session_dir / "lock")
        if handle is None or holder is None:
            return
        tree = shim.descendants([holder])
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        for process in tree:
            shim.send(process, signal.SIGKILL)


def _marked(marker: str) -> list[shim.Process]:
    """The living processes that carry the marker in their environment, and all descendants of these."""
    wanted = f"{MARKER_NAME}={marker}".encode()
    found: dict[int, shim.Process] = {}
    for process in shim.all_processes():
        if process.state in "ZX" or process.pid == os.getpid():
            continue
        try:
            with open(f"/proc/{process.pid}/environ", "rb") as file:
                environment = file.read()
        except OSError:
            continue
        if wanted in environment.split(b"\0"):
            found[process.pid] = process
    for process in shim.descendants(found):
        if process.pid != os.getpid():
            found.setdefault(process.pid, process)
    return list(found.values())


def survivors(marker: str) -> list[int]:
    """The pids of the session's processes that still live, shim or no shim."""
    return sorted(process.pid for process in _marked(marker))


def sweep(marker: str) -> int:
    """Kill every process of the session, found by its marker; returns how many there were. Not for a session whose
    shim lives: that one ends its agent by itself, and knows those too that hide their environment."""
    if not marker:
        return 0
    killed: set[tuple[int, int]] = set()
    deadline = time.monotonic() + SWEEP_TIMEOUT
    while time.monotonic() < deadline and (alive := _marked(marker)):
        # Frozen until a look finds nobody new, so that none is born between the look and the kill.
        frozen: dict[int, shim.Process] = {}
        while new := [process for process in alive if process.pid not in frozen]:
            for process in new:
                frozen[process.pid] = process
                shim.send(process, signal.SIGSTOP)
            alive = _marked(marker)
        for process in frozen.values():
            shim.send(process, signal.SIGKILL)
            killed.add((process.pid, process.started))
    return len(killed)
