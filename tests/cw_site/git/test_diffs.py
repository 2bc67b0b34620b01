import os
import subprocess
from pathlib import Path

import pytest

from cw_site.git import diffs, run
from cw_site.git.errors import TooLarge, UnknownCommit
from tests.factories_git import Lab, plain_environment

HOSTILE_FILES = [
    b"-x", b"--output=evil", b"-", b"a b", b" a", b"a ", b"a\tb", b"a\nb", b"a\rb", b'a"b', b"a'b", b"a\\b", b"\\",
    b"*", b"?", b"[a]", b":(top)a", b":!a", b"a;b", b"$(touch evil)", b"`touch evil`", b"|cat", b"&", b"<b>",
    b"%2e%2e", b"\xff\xfe", b"a\xc3", "ü".encode(), "u\u0308".encode(), "\u202etxt.exe".encode(), "日本".encode(),
    "\U0001f600".encode(), b"\x01", b"\x1b[31m", b"\x7f", b"x" * 255, b"CON", b"d/-y", b"d/a\nb", b"HEAD", b"refs",
    b"config", b"a => b", b"{a => b}",
]  # fmt: skip


def commit_files(lab: Lab, files: dict[bytes, bytes | None], *, onto: str, mode: str = "100644") -> str:
    """A commit made by git's own import, so that any name at all is possible. None deletes."""
    parts = [b"commit refs/heads/made\ncommitter A <a@b> 1700000000 +0000\ndata 1\nx\n", f"from {onto}\n".encode()]
    for name, data in files.items():
        escaped = "".join(f"\\{byte:03o}" for byte in name)
        if data is None:
            parts.append(f'D "{escaped}"\n'.encode())
        else:
            parts.append(f'M {mode} inline "{escaped}"\ndata {len(data)}\n'.encode() + data + b"\n")
    command = ["git", f"--git-dir={lab.clone.git_dir}", "fast-import", "--force", "--quiet"]
    subprocess.run(command, input=b"".join(parts), env=plain_environment(lab.root), check=True, capture_output=True)
    return lab.in_clone("rev-parse", "refs/heads/made")


def test_forty_hostile_names_are_listed_counted_and_patched(lab: Lab) -> None:
    assert len(HOSTILE_FILES) >= 40
    main = lab.in_clone("rev-parse", "main")
    added = commit_files(lab, dict.fromkeys(HOSTILE_FILES, b"one\n"), onto=main)
    changed = commit_files(lab, dict.fromkeys(HOSTILE_FILES, b"two\n"), onto=added)
    changes = diffs.list_files(lab.clone, added, changed)
    assert sorted(change.path_bytes for change in changes) == sorted(HOSTILE_FILES)
    assert len(diffs.count_lines(lab.clone, added, changed)) == len(HOSTILE_FILES)
    for change in changes:
        assert change.path.encode()
        patch = diffs.file_patch(lab.clone, added, changed, change)
        assert patch.count(b"\n@@ ") == 1, change
        assert patch.endswith(b"@@ -1 +1 @@\n-one\n+two\n")
    assert not list(lab.root.rglob("evil"))


def test_added_changed_deleted_renamed_and_retyped_files(lab: Lab) -> None:
    text = b"".join(b"%d\n" % n for n in range(50))
    main = lab.in_clone("rev-parse", "main")
    old = commit_files(lab, {b"change": b"1\n", b"delete": b"1\n", b"rename": text, b"link": b"file"}, onto=main)
    new = commit_files(lab, {b"change": b"2\n", b"delete": None, b"rename": None, b"add": b"quite another\n"}, onto=old)
    new = commit_files(lab, {b"moved": text + b"more\n"}, onto=new)
    new = commit_files(lab, {b"link": b"target"}, onto=new, mode="120000")
    found = {change.path: change for change in diffs.list_files(lab.clone, old, new)}
    assert {path: change.status for path, change in found.items()} == {
        "add": "A", "change": "M", "delete": "D", "moved": "R", "link": "T",
    }  # fmt: skip
    assert (found["moved"].old_path, found["moved"].old_path_bytes) == ("rename", b"rename")
    assert (found["add"].old_oid, found["delete"].new_mode) == ("0" * 40, "000000")
    assert (found["link"].old_mode, found["link"].new_mode) == ("100644", "120000")
    counts = diffs.count_lines(lab.clone, old, new)
    assert counts["moved"] == diffs.LineCount(1, 0, False)
    assert b"rename from rename\nrename to moved\n" in diffs.file_patch(lab.clone, old, new, found["moved"])
    retyped = diffs.file_patch(lab.clone, old, new, found["link"])
    assert retyped.count(b"diff --git a/link b/link") == 2


def test_a_file_that_became_a_folder_has_a_patch_of_its_own(lab: Lab) -> None:
    main = lab.in_clone("rev-parse", "main")
    old = commit_files(lab, {b"thing": b"file\n", b"other": b"1\n"}, onto=main)
    new = commit_files(lab, {b"thing": None, b"thing/a": b"a\n", b"thing/b": b"b\n"}, onto=old)
    found = {change.path: change for change in diffs.list_files(lab.clone, old, new)}
    assert {path: change.status for path, change in found.items()} == {"thing": "D", "thing/a": "A", "thing/b": "A"}
    deleted = diffs.file_patch(lab.clone, old, new, found["thing"])
    assert deleted.count(b"diff --git ") == 1
    assert deleted.endswith(b"@@ -1 +0,0 @@\n-file\n")
    back = {change.path: change for change in diffs.list_files(lab.clone, new, old)}
    assert diffs.file_patch(lab.clone, new, old, back["thing"]).endswith(b"@@ -0,0 +1 @@\n+file\n")


def test_a_patch_is_byte_for_byte_what_is_in_the_files(lab: Lab) -> None:
    main = lab.in_clone("rev-parse", "main")
    old = commit_files(lab, {b"f": b"a\r\n\xff\n\tx\n\x0c\n"}, onto=main)
    new = commit_files(lab, {b"f": b"a\r\n\xfe\n\tx\n\x0c\nno newline"}, onto=old)
    (change,) = diffs.list_files(lab.clone, old, new)
    patch = diffs.file_patch(lab.clone, old, new, change)
    assert patch.endswith(
        b"@@ -1,4 +1,5 @@\n a\r\n-\xff\n+\xfe\n \tx\n \x0c\n+no newline\n\\ No newline at end of file\n"
    )
    assert b"@@ -2 +2 @@" in diffs.file_patch(lab.clone, old, new, change, context=0)


def test_binary_files_are_marked_and_not_counted(lab: Lab) -> None:
    main = lab.in_clone("rev-parse", "main")
    new = commit_files(lab, {b"b.bin": b"\0\1\2"}, onto=main)
    assert diffs.count_lines(lab.clone, main, new)["b.bin"] == diffs.LineCount(0, 0, True)


def test_a_blob_is_read_up_to_the_limit(lab: Lab) -> None:
    main = lab.in_clone("rev-parse", "main")
    new = commit_files(lab, {b"big": b"0123456789" * 100_000, b"empty": b""}, onto=main)
    oids = {change.path: change.new_oid for change in diffs.list_files(lab.clone, main, new)}
    big = diffs.read_blob(lab.clone, oids["big"], limit=15)
    assert (big.data, big.size, big.truncated) == (b"012345678901234", 1_000_000, True)
    whole = diffs.read_blob(lab.clone, oids["big"], limit=1_000_000)
    assert (len(whole.data), whole.truncated) == (1_000_000, False)
    assert diffs.read_blob(lab.clone, oids["empty"], limit=10) == diffs.Blob(b"", 0, False)


@pytest.mark.parametrize("oid", ["0" * 40, "main", "--help", "HEAD:a.txt", "0" * 40 + "\n"])
def test_only_a_blob_that_is_there_can_be_read(lab: Lab, oid: str) -> None:
    with pytest.raises(UnknownCommit):
        diffs.read_blob(lab.clone, oid, limit=10)


def test_a_commit_is_not_a_blob(lab: Lab) -> None:
    with pytest.raises(UnknownCommit):
        diffs.read_blob(lab.clone, lab.in_clone("rev-parse", "main"), limit=10)


def test_the_hash_names_exactly_the_change(lab: Lab) -> None:
    main = lab.in_clone("rev-parse", "main")
    one = lab.branch("one", "main", a__txt="1\n")
    same = lab.branch("same", "main", a__txt="1\n")
    other = lab.branch("other", "main", a__txt="2\n")
    hashes = [diffs.diff_hash(lab.clone, main, head) for head in (one, same, other)]
    assert hashes[0] == hashes[1] != hashes[2]
    assert diffs.diff_hash(lab.clone, main, main) != hashes[0]


def test_a_submodule_that_moved_is_shown(lab: Lab) -> None:
    main = lab.in_clone("rev-parse", "main")
    tree = lab.run(lab.root, f"--git-dir={lab.clone.git_dir}", "mktree",
                   stdin=f"160000 commit {main}\tmodule\n".encode(), check=True)  # fmt: skip
    new = lab.in_clone("commit-tree", "-p", main, "-m", "x", tree)
    modules = [change for change in diffs.list_files(lab.clone, main, new) if change.path == "module"]
    assert [(change.status, change.new_mode, change.new_oid) for change in modules] == [("A", "160000", main)]
    assert b"+Subproject commit " in diffs.file_patch(lab.clone, main, new, modules[0])


def test_a_patch_too_large_to_hold_is_a_sentence(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    main = lab.in_clone("rev-parse", "main")
    new = commit_files(lab, {b"big": b"x\n" * 50_000}, onto=main)
    (change,) = diffs.list_files(lab.clone, main, new)
    monkeypatch.setitem(run.git.__kwdefaults__ or {}, "limit", 1000)
    with pytest.raises(TooLarge):
        diffs.file_patch(lab.clone, main, new, change)


def test_looking_writes_nothing(lab: Lab) -> None:
    new = lab.branch("new", "main", a__txt="1\n")
    diffs.list_files(lab.clone, "main", new)
    before = _stamps(lab.clone.root)
    for change in diffs.list_files(lab.clone, "main", new):
        diffs.file_patch(lab.clone, "main", new, change)
        diffs.read_blob(lab.clone, change.new_oid, limit=10)
    diffs.count_lines(lab.clone, "main", new)
    diffs.diff_hash(lab.clone, "main", new)
    assert _stamps(lab.clone.root) == before


def _stamps(root: Path) -> dict[Path, int]:
    return {path: os.lstat(path).st_mtime_ns for path in root.rglob("*")}
