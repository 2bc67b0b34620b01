"""Runs git: list of arguments, no shell, an environment built from nothing, time and output limits.

Every `-c` and variable here closes a way by which a repository's content can make git start a program.
"""

import logging
import os
import selectors
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from cw_site.git.errors import GitFailed, GitMissing, GitTimeout, TooLarge
from cw_site.git.layout import Clone, ensure_view

logger = logging.getLogger(__name__)

QUICK = 60.0
SLOW = 360.0
OUTPUT_LIMIT = 64 * 1024 * 1024
_STDERR_LIMIT = 64 * 1024
_GRACE = 2.0
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_NEEDED = (2, 39)

_ENVIRONMENT = {
    # Not a folder, so that nobody can leave a .gitconfig, .netrc or attributes file in it.
    "HOME": "/dev/null",
    "LC_ALL": "C.UTF-8",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "/bin/false",
    "SSH_ASKPASS": "/bin/false",
    "SSH_ASKPASS_REQUIRE": "never",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_PROTOCOL_FROM_USER": "0",
    "GIT_PAGER": "cat",
    "PAGER": "cat",
    "GIT_EDITOR": "false",
    "GIT_SEQUENCE_EDITOR": "false",
    "GIT_MERGE_AUTOEDIT": "no",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM": "0",
}

# Known old mistakes in the history of many real projects; harmless, so no reason to refuse a whole repository.
_HARMLESS = ("badTimezone", "missingSpaceBeforeDate", "missingEmail", "missingNameBeforeEmail", "badEmail")
_TOLERATED = (*_HARMLESS, "zeroPaddedFilemode", "badDateOverflow", "missingTaggerEntry", "badTagName")

_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.gitProxy=",
    "core.askPass=/bin/false",
    "core.pager=cat",
    "core.editor=false",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.alternateRefsCommand=",
    "core.commitGraph=false",
    "core.protectHFS=true",
    "core.protectNTFS=true",
    "core.quotePath=true",
    "credential.helper=",
    "protocol.allow=never",
    "http.followRedirects=false",
    # a remote that has fallen silent is given up after half a minute, not after the command's whole time
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=30",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "push.recurseSubmodules=no",
    "diff.ignoreSubmodules=all",
    "gc.auto=0",
    "maintenance.auto=false",
    "commit.gpgSign=false",
    "tag.gpgSign=false",
    "push.gpgSign=false",
    "log.showSignature=false",
    "gpg.program=/bin/false",
    "gpg.ssh.program=/bin/false",
    "safe.bareRepository=explicit",
    "transfer.fsckObjects=true",
    "fetch.fsckObjects=true",
    "init.templateDir=",
    "checkout.workers=2",
    "advice.addEmbeddedRepo=false",
    *(f"fetch.fsck.{name}=ignore" for name in _TOLERATED),
)


@dataclass(frozen=True)
class Place:
    """A git folder that a command works on, always named outright and never discovered."""

    git_dir: Path
    common_dir: Path
    object_dir: Path
    work_tree: Path | None = None


@dataclass(frozen=True)
class Network:
    """What one command may reach: exactly one transport."""

    protocol: str
    known_hosts: Path | None = None


@dataclass(frozen=True)
class Result:
    """What a git command printed, and its exit code. `cut`: it printed more and was ended at the limit."""

    stdout: bytes
    stderr: bytes
    code: int
    cut: bool = False

    @property
    def text(self) -> str:
        return self.stdout.decode("utf-8", "backslashreplace").strip()

    @property
    def error_text(self) -> str:
        return self.stderr.decode("utf-8", "backslashreplace").strip()


@dataclass
class _Streams:
    out: bytearray = field(default_factory=bytearray)
    err: bytearray = field(default_factory=bytearray)
    cut: bool = False


def view(clone: Clone) -> Place:
    """The clone as we look at it: its refs and objects, our config."""
    folder = ensure_view(clone)
    return Place(git_dir=folder, common_dir=folder, object_dir=clone.git_dir / "objects")


@cache
def executable() -> str:
    """The git program. Raises GitMissing."""
    found = shutil.which("git") or shutil.which("git", path=_SYSTEM_PATH)
    if found is None:
        raise GitMissing("There is no git on this machine. Install git 2.39 or newer and start again.")
    answer = subprocess.run([found, "version"], capture_output=True, timeout=20, check=False)
    words = answer.stdout.decode("ascii", "replace").split()
    numbers = words[2].split(".") if len(words) > 2 else []
    if tuple(int(n) for n in numbers[:2] if n.isdigit()) < _NEEDED:
        raise GitMissing(f"Git {'.'.join(numbers) or 'of an unknown version'} is too old. Install git 2.39 or newer.")
    return found


def git(
    place: Place,
    *args: str | bytes | Path,
    stdin: bytes = b"",
    timeout: float = QUICK,
    limit: int = OUTPUT_LIMIT,
    cut: bool = False,
    ok: Sequence[int] = (0,),
    network: Network | None = None,
    env: Mapping[str, str] | None = None,
) -> Result:
    """Run one git command. `timeout` in seconds, `limit` in bytes of standard output.

    Raises GitFailed when the exit code is not in `ok`, GitTimeout, and TooLarge past the limit; with `cut` the
    first `limit` bytes are returned instead.
    """
    argv = [executable(), *_options(place, network), *args]
    variables = _environment(place, network)
    variables.update(env or {})
    began = time.monotonic()
    process = subprocess.Popen(
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=variables,
        cwd=place.work_tree or place.common_dir,
        start_new_session=True,
    )
    name = os.fsdecode(args[0])
    try:
        streams = _talk(process, stdin, deadline=began + timeout, limit=limit)
    except TimeoutError:
        _end(process)
        raise GitTimeout(f"git {name} took longer than {timeout:.0f} seconds and was stopped. Try again.") from None
    except BaseException:
        _end(process)
        raise
    if streams.cut:
        _end(process)
    code = process.wait()
    logger.debug("git %s: exit %s after %.1f ms: %r", name, code, (time.monotonic() - began) * 1000, args)
    if streams.cut and not cut:
        raise TooLarge(f"git {name} printed more than {limit // (1024 * 1024)} MiB, which is too much to show.")
    result = Result(bytes(streams.out), bytes(streams.err), code, streams.cut)
    if code not in ok and not streams.cut:
        raise GitFailed(f"git {name} failed: {_last_words(result)}", exit_code=code, detail=result.error_text)
    return result


def _options(place: Place, network: Network | None) -> list[str]:
    options = ["--no-pager", "--no-replace-objects", "--literal-pathspecs", f"--git-dir={place.git_dir}"]
    if place.work_tree is not None:
        options.append(f"--work-tree={place.work_tree}")
    settings = [*_SETTINGS, f"safe.directory={place.git_dir}", f"core.sshCommand={_ssh_command(network)}"]
    if network is not None:
        settings.append(f"protocol.{network.protocol}.allow=always")
    for setting in settings:
        options += ["-c", setting]
    return options


def _environment(place: Place, network: Network | None) -> dict[str, str]:
    variables = dict(_ENVIRONMENT)
    variables["PATH"] = f"{Path(executable()).parent}:{_SYSTEM_PATH}"
    variables["GIT_COMMON_DIR"] = str(place.common_dir)
    variables["GIT_OBJECT_DIRECTORY"] = str(place.object_dir)
    variables["GIT_CEILING_DIRECTORIES"] = str(place.common_dir.parent)
    variables["GIT_ALLOW_PROTOCOL"] = network.protocol if network else "none"
    variables["GIT_SSH_COMMAND"] = _ssh_command(network)
    passed: tuple[str, ...] = ()
    if network is not None and network.protocol == "https":
        passed = ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR")
    elif network is not None and network.protocol == "ssh":
        passed = ("SSH_AUTH_SOCK",)
    variables.update({name: os.environ[name] for name in passed if name in os.environ})
    return variables


def _ssh_command(network: Network | None) -> str:
    if network is None or network.protocol != "ssh":
        return "/bin/false"
    words = ["ssh", "-F", "/dev/null", "-oBatchMode=yes", "-oStrictHostKeyChecking=yes"]
    words += ["-oConnectTimeout=15", "-oServerAliveInterval=10", "-oServerAliveCountMax=3"]
    if network.known_hosts is not None:
        words.append(f'-oUserKnownHostsFile="{network.known_hosts}"')
    return shlex.join(words)


def _talk(process: subprocess.Popen[bytes], stdin: bytes, *, deadline: float, limit: int) -> _Streams:
    """Feed and read all three pipes until both outputs close; stops early at the limit."""
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise ValueError("all three pipes are needed")
    streams, rest = _Streams(), memoryview(stdin)
    with (
        process.stdin as feed,
        process.stdout as out,
        process.stderr as err,
        selectors.DefaultSelector() as wait,
    ):
        wait.register(out, selectors.EVENT_READ, streams.out)
        wait.register(err, selectors.EVENT_READ, streams.err)
        if stdin:
            os.set_blocking(feed.fileno(), False)
            wait.register(feed, selectors.EVENT_WRITE)
        else:
            feed.close()
        while wait.get_map():
            ready = wait.select(max(0.0, deadline - time.monotonic()))
            if not ready and time.monotonic() >= deadline:
                raise TimeoutError
            for key, _ in ready:
                if key.fileobj is feed:
                    rest = _feed(key.fd, rest)
                    if not rest:
                        wait.unregister(feed)
                        feed.close()
                    continue
                block = os.read(key.fd, 256 * 1024)
                if not block:
                    wait.unregister(key.fileobj)
                elif key.data is streams.out:
                    streams.out += block
                elif len(streams.err) < _STDERR_LIMIT:
                    streams.err += block[:_STDERR_LIMIT]
            if len(streams.out) > limit:
                streams.cut = True
                del streams.out[limit:]
                break
    return streams


def _feed(handle: int, rest: memoryview) -> memoryview:
    try:
        return rest[os.write(handle, rest[: 256 * 1024]) :]
    except BlockingIOError:
        return rest
    except BrokenPipeError:
        return rest[:0]


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stop the command and its children: first so that git removes its lock files, then for certain."""
    for number, grace in ((signal.SIGTERM, _GRACE), (signal.SIGKILL, 10.0)):
        try:
            os.killpg(process.pid, number)
        except (ProcessLookupError, PermissionError):
            break
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def _last_words(result: Result) -> str:
    lines = [line for line in result.error_text.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:"))] or lines
    return (telling[-1] if telling else f"exit code {result.code}")[:500]
