from pathlib import Path

import pytest

from cw_site.git.errors import BadUrl
from cw_site.git.urls import check_url
from tests.factories_git import Lab

REFUSED = {
    "": "is empty",
    "   ": "is empty",
    "-x": "cannot start with a dash",
    "--upload-pack=touch /tmp/x": "cannot start with a dash",
    "ext::sh -c touch% /tmp/x": "can start programs",
    "EXT::sh": "can start programs",
    "fd::17": "can start programs",
    "https::https://example.org/x": "can start programs",
    "file:///etc": "as a plain path",
    "FILE:///etc": "as a plain path",
    "http://example.org/x": "not encrypted",
    "git://example.org/x": "not encrypted",
    "ftp://example.org/x": "not supported",
    "javascript://example.org/x": "not supported",
    "ssh+git://example.org/x": "not supported",
    "relative/path": "neither a full path",
    "./x": "neither a full path",
    "c:\\x": "not supported",
    "c:/x": "not supported",
    "https://example.org": "no repository",
    "https://example.org/": "no repository",
    "https:///x": "no host",
    "https://user@example.org/x": "user name or password",
    "https://user:secret@example.org/x": "user name or password",
    "https://:@example.org/x": "user name or password",
    "https://token@example.org@evil.example/x": "user name or password",
    "ssh://git:secret@example.org/x": "user name or password",
    "ssh://-oProxyCommand=touch@example.org/x": "user name",
    "ssh://-oProxyCommand=touch/x": "not allowed",
    "ssh://example.org/-x": "cannot start with a dash",
    "-oProxyCommand=x@example.org:x": "cannot start with a dash",
    "git@-oProxyCommand:x": "not allowed",
    "git@example.org:-x": "cannot start with a dash",
    "git@example.org:": "neither a full path",
    "git@exa mple.org:x": "neither a full path",
    "https://example.org/x y": "not allowed",
    "https://example.org/$(touch x)": "not allowed",
    "https://example.org/`x`": "not allowed",
    "https://example.org/x;y": "not allowed",
    "https://example.org/../x": "not allowed",
    "https://example.org/x?y": "no '?' or '#'",
    "https://example.org/x#y": "no '?' or '#'",
    "https://example.org:99999/x": "cannot be read",
    "https://example.org:x/x": "cannot be read",
    "https://[::1/x": "cannot be read",
    "https://localhost/x": "this machine itself",
    "https://LOCALHOST/x": "this machine itself",
    "https://localhost./x": "not allowed",
    "https://a.localhost/x": "this machine itself",
    "https://127.0.0.1/x": "this machine itself",
    "https://127.1/x": "unusual form",
    "https://2130706433/x": "unusual form",
    "https://0x7f000001/x": "unusual form",
    "https://0177.0.0.1/x": "unusual form",
    "https://0/x": "unusual form",
    "https://[::1]/x": "this machine itself",
    "https://[::ffff:127.0.0.1]/x": "this machine itself",
    "https://169.254.169.254/latest": "this machine itself",
    "https://0.0.0.0/x": "this machine itself",
    "https://exam%70le.org/x": "not allowed",
    "https://\u0435xample.org/x": "not allowed",
    "https://example.org/x\r\nHost: evil": "control character",
    "https://example.org/x\x00": "control character",
    "/tmp/x\ny": "control character",
    "/no/such/folder": "There is no folder",
    "/etc/../etc": "without '..'",
    "/etc": "not a git repository",
    "https://example.org/" + "x" * 3000: "too long",
}


@pytest.mark.parametrize("url", REFUSED, ids=lambda url: ascii(url)[:40])
def test_an_address_that_could_do_harm_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(BadUrl) as caught:
        check_url(url)
    assert REFUSED[url] in caught.value.message
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    ("url", "kind", "cleaned"),
    [
        ("https://example.org/me/project.git", "https", "https://example.org/me/project.git"),
        (" https://Example.org:8443/me/project ", "https", "https://example.org:8443/me/project"),
        ("HTTPS://example.org/x", "https", "https://example.org/x"),
        ("https://10.0.0.5/x", "https", "https://10.0.0.5/x"),
        ("https://[2001:db8::1]/x", "https", "https://[2001:db8::1]/x"),
        ("ssh://git@example.org:2222/x.git", "ssh", "ssh://git@example.org:2222/x.git"),
        ("git@example.org:me/x.git", "ssh", "git@example.org:me/x.git"),
        ("example.org:me/x.git", "ssh", "example.org:me/x.git"),
        ("git@example.org:~me/x.git", "ssh", "git@example.org:~me/x.git"),
    ],
)
def test_a_good_address_is_taken(url: str, kind: str, cleaned: str) -> None:
    checked = check_url(url)
    assert (checked.kind, checked.url, checked.path) == (kind, cleaned, None)


def test_a_folder_of_this_machine_is_taken(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_url(str(lab.source)).path == lab.source
    assert check_url(str(lab.clone.git_dir)).kind == "local"
    monkeypatch.setenv("HOME", str(lab.root))
    assert check_url("~/source").url == str(lab.source)
    with pytest.raises(BadUrl, match="is not a git repository"):
        check_url(str(lab.root))


def test_a_file_is_not_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadUrl, match="There is no folder"):
        check_url(str(tmp_path / "file"))
