"""Which addresses of repositories we are ready to use: local folders, https and ssh. Everything else is refused."""

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from cw_site.git.errors import BadUrl

Kind = Literal["local", "https", "ssh"]

_HOST = re.compile(r"(?=.{1,253}\Z)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9-]{1,62}[A-Za-z0-9]?")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_PATH = re.compile(r"[A-Za-z0-9_.~/+@%,=-]+")
_SCP = re.compile(r"(?:(?P<user>[^@/:\s]+)@)?(?P<host>[^@/:\s]+):(?P<path>[^:].*)", re.DOTALL)
_LONGEST = 2000

_ACCEPTED = "Use a folder on this machine (/home/me/project), https://host/path or ssh (git@host:path)."


@dataclass(frozen=True)
class ProjectUrl:
    """A checked address. `url` is what git is given; `path` is set for a local folder only."""

    kind: Kind
    url: str
    path: Path | None = None


def check_url(url: str) -> ProjectUrl:
    """Read an address that a person typed. Raises BadUrl with a sentence about what is wrong with it."""
    url = url.strip(" ")
    if not url:
        raise BadUrl(f"The address of the repository is empty. {_ACCEPTED}")
    if len(url) > _LONGEST:
        raise BadUrl("The address of the repository is far too long.")
    if any(ord(char) < 32 or 127 <= ord(char) < 160 or 0xD800 <= ord(char) < 0xE000 for char in url):
        raise BadUrl("The address holds a control character (a line break, perhaps). Type it again by hand.")
    if url.startswith("-"):
        raise BadUrl(f"An address cannot start with a dash. {_ACCEPTED}")
    if url.startswith(("/", "~")):
        return _local(url)
    if "::" in url.split("/", 1)[0]:
        raise BadUrl(f"Git's own transports (ext:: and the like) can start programs and are not allowed. {_ACCEPTED}")
    scheme, separator, _ = url.partition("://")
    if separator:
        return _with_scheme(url, scheme.lower())
    if match := _SCP.fullmatch(url):
        return _scp(match)
    raise BadUrl(f"This is neither a full path nor an address with a host. {_ACCEPTED}")


def _local(url: str) -> ProjectUrl:
    try:
        path = Path(url).expanduser()
    except RuntimeError:
        raise BadUrl(f"There is no home folder for {url}. Write the whole path.") from None
    if ".." in path.parts:
        raise BadUrl("Write the whole path of the folder, without '..'.")
    try:
        looks_right = (path / ".git").exists() or ((path / "objects").is_dir() and (path / "HEAD").exists())
        if not path.is_dir():
            raise BadUrl(f"There is no folder {path} on this machine.")
    except OSError as error:
        raise BadUrl(f"The folder {path} cannot be read: {error.strerror}.") from None
    if not looks_right:
        raise BadUrl(f"The folder {path} is not a git repository. Run `git init` in it and make a first commit.")
    return ProjectUrl("local", str(path), path)


def _with_scheme(url: str, scheme: str) -> ProjectUrl:
    if scheme == "file":
        raise BadUrl("Write a folder on this machine as a plain path, without file://.")
    if scheme in ("http", "git"):
        raise BadUrl(f"{scheme}:// is not encrypted, so anyone on the way could change the code. Use https:// or ssh.")
    if scheme not in ("https", "ssh"):
        raise BadUrl(f"{scheme[:30]}:// is not supported. {_ACCEPTED}")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadUrl("The host or port in this address cannot be read.") from None
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise BadUrl("An address of a repository has no '?' or '#'. Leave that part out.")
    _check_user(parts, scheme)
    host = _check_host(parts.hostname or "")
    path = _check_path(parts.path)
    user = f"{parts.username}@" if parts.username else ""
    where = f"{host}:{port}" if port else host
    return ProjectUrl("https" if scheme == "https" else "ssh", f"{scheme}://{user}{where}{path}")


def _check_user(parts: SplitResult, scheme: str) -> None:
    if "@" not in parts.netloc:
        return
    if scheme == "https" or parts.password is not None:
        raise BadUrl("The address holds a user name or password, which would end up in logs. Leave it out.")
    if not _USER.fullmatch(parts.username or ""):
        raise BadUrl("The user name before the @ has characters that are not allowed.")


def _check_host(host: str) -> str:
    if not host:
        raise BadUrl(f"The address has no host. {_ACCEPTED}")
    literal = _as_address(host)
    if literal is not None:
        mapped = getattr(literal, "ipv4_mapped", None) or literal
        if mapped.is_loopback or mapped.is_link_local or mapped.is_unspecified or mapped.is_multicast:
            raise BadUrl("The host is this machine itself or a link-local address. Use the folder's path instead.")
        return f"[{literal}]" if literal.version == 6 else str(literal)
    if not _HOST.fullmatch(host) or host.startswith("-"):
        raise BadUrl("The host name has characters that are not allowed.")
    labels = host.lower().rstrip(".").split(".")
    if labels[-1] == "localhost":
        raise BadUrl("The host is this machine itself. Use the folder's path instead.")
    if re.fullmatch(r"\d+|0x[0-9a-f]*", labels[-1]):
        raise BadUrl("The host is a number in an unusual form. Write the host name or a plain IP address.")
    return host


def _as_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _check_path(path: str) -> str:
    if path in ("", "/"):
        raise BadUrl("The address names a host but no repository on it.")
    if not _PATH.fullmatch(path) or any(part in ("..", ".") for part in path.split("/")):
        raise BadUrl("The path in the address has characters that are not allowed.")
    if path.lstrip("/").startswith("-"):
        raise BadUrl("The path in an address cannot start with a dash.")
    return path


def _scp(match: re.Match[str]) -> ProjectUrl:
    user, host, path = match["user"], match["host"], match["path"]
    if user is not None and not _USER.fullmatch(user):
        raise BadUrl("The user name before the @ has characters that are not allowed.")
    if user is None and "." not in host:
        raise BadUrl(f"{host[:30]}: is not supported. {_ACCEPTED}")
    host = _check_host(host)
    _check_path(path)
    return ProjectUrl("ssh", f"{user}@{host}:{path}" if user else f"{host}:{path}")
