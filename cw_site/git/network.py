"""Talking to another repository: what may be reached, what the other side may run, and its errors in plain words."""

from pathlib import Path

from cw_site.git.errors import GitFailed, RemoteFailed
from cw_site.git.run import Network
from cw_site.git.urls import ProjectUrl

# For a local folder git starts the other side itself, in that repository, with that repository's config. These strings
# are constants (nothing of ours or of anybody's is put into them) that switch off what its config could start.
# safe.directory: the person registered that folder, and its config cannot start anything.
_OTHER_SIDE = (
    "GIT_ALLOW_PROTOCOL=none GIT_NO_LAZY_FETCH=1 git -c safe.directory='*' -c core.hooksPath=/dev/null "
    "-c core.fsmonitor=false -c core.alternateRefsCommand= -c core.sshCommand=/bin/false -c core.gitProxy= "
    "-c credential.helper= -c protocol.allow=never -c gc.auto=0 -c maintenance.auto=false"
)
UPLOAD_PACK = f"{_OTHER_SIDE} upload-pack"
RECEIVE_PACK = (
    f"{_OTHER_SIDE} -c receive.denyCurrentBranch=refuse -c receive.denyNonFastForwards=true "
    "-c receive.denyDeletes=true -c receive.autogc=false -c receive.updateServerInfo=false "
    "-c gpg.program=/bin/false -c gpg.ssh.program=/bin/false receive-pack"
)

_NEEDS_LOGIN = "The server asks for a password. Use an ssh address, or a public repository."
_REDIRECT = "The server redirects to another address. Use that one (often the same with .git at its end)."
_SENTENCES = (
    (
        "host key verification failed",
        "This machine does not know the server's host key. Connect once by hand with ssh.",
    ),
    ("permission denied (publickey", "The server refused our SSH key. Add this machine's public key there."),
    ("terminal prompts disabled", _NEEDS_LOGIN),
    ("could not read username", _NEEDS_LOGIN),
    ("authentication failed", "The server refused the login. Use an ssh address, or a public repository."),
    ("could not resolve host", "The host name cannot be found. Check the address and the network."),
    ("connection refused", "The server refuses connections. Check the address."),
    ("connection timed out", "The server does not answer. Check the address and the network."),
    ("unable to update url base from redirection", _REDIRECT),
    ("the requested url returned error: 30", _REDIRECT),
    (
        "shallow update not allowed",
        "That repository is a shallow clone. Run `git fetch --unshallow` in it first.",
    ),
    ("repository not found", "There is no such repository on the server, or we may not see it."),
    ("does not appear to be a git repository", "There is no git repository at that address."),
    ("mismatched algorithms", "That repository uses SHA-256 object names, which are not supported yet."),
)


def network_for(url: ProjectUrl, known_hosts: Path | None) -> Network:
    """The one transport that this address needs."""
    return Network("file" if url.kind == "local" else url.kind, known_hosts)


def explain(error: GitFailed, url: ProjectUrl) -> RemoteFailed:
    """The same failure with a sentence that says what to do about it."""
    seen = error.detail.lower()
    for pattern, sentence in _SENTENCES:
        if pattern in seen:
            return RemoteFailed(f"{url.url}: {sentence}")
    return RemoteFailed(f"{url.url}: {error.message}")
