"""The small program that stands between us and one agent session: `python -I -S shim.py SESSION_DIR`.

It detaches itself, holds a lock for as long as anything of the agent lives, starts the agent with files as its
stdin, stdout and stderr, writes down how it ended, and leaves nothing of it behind. It needs the standard library only
and nothing of us: the server may be killed, upgraded or deleted while it runs.

SIGTERM asks it to stop the agent: the stop signals of `launch.json` in order, then SIGKILL for every descendant.
"""

import ctypes
import errno
import fcntl
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

PR_SET_CHILD_SUBREAPER = 36
LEFTOVER_GRACE = 2.0
HANDLED = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
CANNOT_START = 127


class Process(NamedTuple):
    """One process at one moment. (pid, started) is its identity: a pid alone is used again."""

    pid: int
    parent: int
    state: str
    started: int


def read_process(pid: int) -> Process | None:
    """What /proc says of a process, or None when it is gone. `started` is in clock ticks since boot."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            text = file.read()
    except OSError:
        return None
    # The name in brackets may itself hold brackets and spaces; what follows the last one is plain.
    fields = text[text.rfind(b")") + 2 :].split()
    if len(fields) < 20:
        return None
    return Process(pid, int(fields[1]), fields[0].decode(), int(fields[19]))


def all_processes() -> list[Process]:
    """Every process that can be seen, zombies included."""
    found = (read_process(int(name)) for name in os.listdir("/proc") if name.isdigit())
    return [process for process in found if process is not None]


def descendants(ancestors: Iterable[int]) -> list[Process]:
    """All living descendants of these processes (zombies are not living), the ancestors themselves left out."""
    children: dict[int, list[Process]] = {}
    for process in all_processes():
        children.setdefault(process.parent, []).append(process)
    found: dict[int, Process] = {}
    queue = list(ancestors)
    while queue:
        for process in children.get(queue.pop(), []):
            if process.pid not in found:
                found[process.pid] = process
                queue.append(process.pid)
    return [process for process in found.values() if process.state not in "ZX"]


def send(process: Process, number: int) -> bool:
    """Signal exactly this process, never another that has its pid by now. False when it is gone."""
    try:
        handle = os.pidfd_open(process.pid)
    except OSError:
        return False
    try:
        now = read_process(process.pid)
        if now is None or now.started != process.started:
            return False
        signal.pidfd_send_signal(handle, number)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Write a JSON file (0600) that is either wholly there or not at all, on the disk too."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def take_lock(folder: Path) -> bool:
    """Take the session's lock, for good: the descriptor is opened once and never closed, since closing any
    descriptor of a file drops a process's POSIX locks on it."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            return False
        raise
    return True


def become_agent(folder: Path, launch: dict[str, Any], failure: int) -> NoReturn:
    """In the forked child: put everything in its place and become the agent. Reports a failure through the pipe."""
    try:
        os.setsid()
        prompt = os.open(folder / "prompt.txt", os.O_RDONLY)
        output = os.open(folder / "output.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        errors = os.open(folder / "stderr.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for target, source in enumerate((prompt, output, errors)):
            os.dup2(source, target)
        os.chdir(launch["cwd"])
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        # If memory runs out, an agent goes before the server and the database do.
        Path("/proc/self/oom_score_adj").write_text("500")
        # A server started in the background of a shell ignores SIGINT, and what is ignored is inherited.
        for number in (*HANDLED, signal.SIGQUIT, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
        os.execve(launch["argv"][0], launch["argv"], launch["env"])  # noqa: S606
    except BaseException as error:
        os.write(failure, f"{type(error).__name__}: {error}".encode())
    os._exit(CANNOT_START)


class Session:
    """One run of one agent, from its start to the end of its last descendant."""

    def __init__(self, folder: Path, launch: dict[str, Any]) -> None:
        self.folder = folder
        self.launch = launch
        self.pid: int | None = None
        self.stopping = False
        self.over = False

    def start(self) -> None:
        """Start the agent; when that fails, the reason goes to exit.json."""
        record = {"shim_pid": os.getpid(), "pid": None, "started_at": time.time()}
        # Written before the agent is there: whoever finds this file and no lock knows that a start was tried.
        write_json(self.folder / "pid.json", record)
        reading, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(reading)
            become_agent(self.folder, self.launch, writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            failure = pipe.read().decode("utf-8", "replace")
        if failure:
            os.waitpid(self.pid, 0)
            self.pid = None
            self.write_exit(CANNOT_START, None, error=f"The agent could not be started. {failure}")
            return
        write_json(self.folder / "pid.json", record | {"pid": self.pid})
        # The environment may hold credentials; nobody needs them on the disk from here on.
        write_json(self.folder / "launch.json", self.launch | {"env": {}})

    def write_exit(self, exit_code: int | None, signal_name: str | None, *, error: str = "") -> None:
        """Leave how it ended, at once."""
        self.over = True
        value: dict[str, Any] = {"exit_code": exit_code, "signal": signal_name, "ended_at": time.time()}
        write_json(self.folder / "exit.json", value | {"stopped": self.stopping, "error": error})

    def reap(self) -> bool:
        """Collect ended children. False when there are none left at all, living or dead."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self.pid:
                code = os.waitstatus_to_exitcode(status)
                self.write_exit(code, signal.Signals(-code).name if code < 0 else None)

    def wait(self, seconds: float | None) -> bool:
        """Wait until a child ends, a stop is asked for, or the time is over. False when no child is left."""
        got = signal.sigwaitinfo(HANDLED) if seconds is None else signal.sigtimedwait(HANDLED, max(seconds, 0))
        if got is not None and got.si_signo != signal.SIGCHLD:
            self.stopping = True
        return self.reap()

    def carry(self) -> None:
        """Wait for the end of the agent, or for somebody who wants it stopped."""
        while not self.over and not self.stopping:
            self.wait(None)
        if not self.over:
            self.ask_to_stop()
        elif not self.stopping:
            self.ask_leftovers()
        self.kill_all()

    def ask_to_stop(self) -> None:
        """The agent's stop signals, in order, each with its time."""
        for name, seconds in self.launch["stop_signals"]:
            if self.over or self.pid is None:
                return
            os.kill(self.pid, signal.Signals[name])
            deadline = time.monotonic() + seconds
            while not self.over and (left := deadline - time.monotonic()) > 0:
                self.wait(left)

    def ask_leftovers(self) -> None:
        """What the agent left running is asked to end, and given a moment."""
        for process in descendants([os.getpid()]):
            send(process, signal.SIGTERM)
        deadline = time.monotonic() + LEFTOVER_GRACE
        alive = self.reap()
        while alive and not self.stopping and (left := deadline - time.monotonic()) > 0:
            alive = self.wait(left)

    def kill_all(self) -> None:
        """Kill every descendant. They are frozen first, so that none is born while we look."""
        while self.reap():
            frozen: dict[int, Process] = {}
            while new := [p for p in descendants([os.getpid()]) if p.pid not in frozen]:
                for process in new:
                    frozen[process.pid] = process
                    send(process, signal.SIGSTOP)
            for process in frozen.values():
                send(process, signal.SIGKILL)
            self.wait(0.05)


def run(folder: Path) -> None:
    """The detached half: everything from the lock to the last descendant's end."""
    os.setsid()
    os.umask(0o077)
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if not take_lock(folder) or (folder / "exit.json").exists() or (folder / "pid.json").exists():
        return
    launch: dict[str, Any] = {}
    session = Session(folder, launch)
    if (folder / "stop").exists():
        session.stopping = True
        session.write_exit(None, None)
        return
    try:
        launch.update(json.loads((folder / "launch.json").read_bytes()))
        session.start()
    except Exception as error:
        session.write_exit(CANNOT_START, None, error=f"The session could not be started. {error!r}")
        return
    announce()
    if not session.over:
        session.carry()


def announce() -> None:
    """Let the starter go: closing our end of its pipe (stdout) is the message."""
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 1)
    os.close(nothing)


def main() -> None:
    """Detach and run. Whoever started us reads our stdout and goes on when it is closed."""
    signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
    os.chdir("/")
    if os.fork() > 0:
        os._exit(0)
    run(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
