import os
import random
import stat
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unidiff.patch import PatchSet

from reviews.diffs.model import FileDiff, Line
from reviews.diffs.parse import parse_patch

type PatchOf = Callable[..., bytes]


def shown(diff: FileDiff) -> list[Line]:
    return [line for hunk in diff.hunks for line in hunk.lines]


def test_a_change_in_the_middle(patch_of: PatchOf) -> None:
    old = b"def f():\n" + b"".join(b"    a%d\n" % i for i in range(1, 10))
    diff = parse_patch(patch_of(old, old.replace(b"a6", b"b6\n    c6"), context=1))
    (hunk,) = diff.hunks
    assert (hunk.old_start, hunk.old_count, hunk.new_start, hunk.new_count) == (6, 3, 6, 4)
    assert hunk.heading == "def f():"
    assert shown(diff) == [
        ("context", 6, 6, "    a5"),
        ("removed", 7, None, "    a6"),
        ("added", None, 7, "    b6"),
        ("added", None, 8, "    c6"),
        ("context", 8, 9, "    a7"),
    ]
    assert (diff.old_eof_newline, diff.new_eof_newline, diff.binary, diff.truncated) == (True, True, False, False)


@pytest.mark.parametrize(
    ("old", "new", "ends"),
    [
        (b"a", b"a\n", (False, True)),
        (b"a\n", b"a", (True, False)),
        (b"a\nb", b"c\nb", (False, False)),
        (b"a", b"b", (False, False)),
        (None, b"b", (True, False)),
        (b"b", None, (False, True)),
    ],
)
def test_no_newline_at_the_end(patch_of: PatchOf, old: bytes, new: bytes, ends: tuple[bool, bool]) -> None:
    diff = parse_patch(patch_of(old, new))
    assert (diff.old_eof_newline, diff.new_eof_newline) == ends
    assert not any(line.text.startswith("\\") or "No newline" in line.text for h in diff.hunks for line in h.lines)


def test_carriage_returns_tabs_and_other_line_breaks_stay_in_the_text(patch_of: PatchOf) -> None:
    diff = parse_patch(patch_of(b"a\r\n", b"a\r\n\tb\x0cc\xe2\x80\xa8d\x85\x1c\re\r\n"))
    assert shown(diff) == [("context", 1, 1, "a\r"), ("added", None, 2, "\tb\x0cc\u2028d\\x85\x1c\re\r")]
    assert diff.line_endings == "crlf"


def test_a_change_of_line_endings_is_seen(patch_of: PatchOf) -> None:
    diff = parse_patch(patch_of(b"a\nb\n", b"a\r\nb\r\n"))
    assert diff.line_endings == "mixed"
    assert [line[3] for line in shown(diff)] == ["a", "b", "a\r", "b\r"]
    assert parse_patch(patch_of(b"a\n", b"b\n")).line_endings == "lf"


def test_bytes_that_are_not_utf8_are_told_apart(patch_of: PatchOf) -> None:
    diff = parse_patch(patch_of(b"caf\xe9\n", b"caf\xe8\n\xe2\x82\n"))
    assert shown(diff) == [
        ("removed", 1, None, "caf\\xe9"),
        ("added", None, 1, "caf\\xe8"),
        ("added", None, 2, "\\xe2\\x82"),
    ]
    assert not diff.valid_utf8


def test_lines_that_look_like_headers(patch_of: PatchOf) -> None:
    old = b"-- a/file\n@@ -1,9 +1,9 @@\n\\ No newline at end of file\ndiff --git a/x b/x\n"
    new = b"++ b/file\n@@ -1 +1 @@ f\n\\\n"
    diff = parse_patch(patch_of(old, new))
    sides = {kind: [line[3] for line in shown(diff) if line[0] == kind] for kind in ("removed", "added")}
    assert sides == {"removed": old.decode().split("\n")[:-1], "added": new.decode().split("\n")[:-1]}
    assert (diff.old_eof_newline, diff.new_eof_newline, diff.truncated) == (True, True, False)


def test_a_rename_with_an_edit(repo: Any) -> None:
    text = "".join(f"line {i}\n" for i in range(40))
    (repo.root / "old name").write_text(text)
    old = repo.commit()
    (repo.root / "old name").rename(repo.root / 'new "name"\n')
    (repo.root / 'new "name"\n').write_text(text.replace("line 20", "LINE 20"))
    diff = parse_patch(repo.patch(old, repo.commit()))
    assert [line[3] for line in shown(diff) if line[0] != "context"] == ["line 20", "LINE 20"]


def test_a_change_of_mode_and_empty_files_have_no_hunks(repo: Any) -> None:
    file = repo.root / "run"
    file.write_text("x\n")
    old = repo.commit()
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    (repo.root / "empty").touch()
    new = repo.commit()
    assert parse_patch(repo.patch(old, new, "run")) == FileDiff([])
    assert parse_patch(repo.patch(old, new, "empty")) == FileDiff([])
    assert parse_patch(repo.patch(new, old, "empty")) == FileDiff([])
    assert parse_patch(b"") == FileDiff([])


def test_a_file_that_becomes_a_symlink_has_two_parts(repo: Any) -> None:
    file = repo.root / "file"
    file.write_text("one\ntwo\n")
    old = repo.commit()
    file.unlink()
    file.symlink_to("elsewhere")
    diff = parse_patch(repo.patch(old, repo.commit()))
    assert shown(diff) == [
        ("removed", 1, None, "one"),
        ("removed", 2, None, "two"),
        ("added", None, 1, "elsewhere"),
    ]
    assert (diff.old_eof_newline, diff.new_eof_newline) == (True, False)


def test_a_submodule_shows_its_commits(repo: Any) -> None:
    commits = [character * 40 for character in "ab"]
    heads = []
    for commit in commits:
        repo.git("update-index", "--add", "--cacheinfo", f"160000,{commit},module")
        tree = repo.git("write-tree").decode().strip()
        heads.append(repo.git("commit-tree", "-m", "x", tree).decode().strip())
    diff = parse_patch(repo.patch(*heads))
    assert [line[3] for line in shown(diff)] == [f"Subproject commit {commit}" for commit in commits]


def test_a_binary_file(patch_of: PatchOf) -> None:
    diff = parse_patch(patch_of(b"a\0b", b"a\0c"))
    assert diff.binary
    assert diff.hunks == []


def test_one_line_of_five_megabytes(patch_of: PatchOf) -> None:
    diff = parse_patch(patch_of(b"x" * 5_000_000 + b"\n", b"y" * 5_000_000 + b"\n"))
    assert [(line[0], len(line[3])) for line in shown(diff)] == [("removed", 5_000_000), ("added", 5_000_000)]


def test_a_patch_that_stops_early_gives_what_there_is(patch_of: PatchOf) -> None:
    patch = patch_of(None, b"".join(b"line %d\n" % i for i in range(50)))
    diff = parse_patch(patch[: patch.index(b"line 20")])
    assert diff.truncated
    assert shown(diff)[19] == ("added", None, 20, "line 19")


@given(st.binary(max_size=300))
def test_anything_at_all_is_read(data: bytes) -> None:
    parse_patch(data)
    parse_patch(b"@@ -1,3 +1,3 @@\n" + data)


LINE = st.text(st.sampled_from("ab \t\r\x0c-+@\\\u2028\u202eé<&"), max_size=4)
TEXT = st.tuples(st.lists(LINE, max_size=12), st.booleans()).map(
    lambda made: "\n".join(made[0]) + ("\n" if made[1] and made[0] else "")
)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(old=TEXT, new=TEXT, context=st.sampled_from([0, 1, 3, 1000]))
def test_both_sides_come_back_with_their_numbers(old: str, new: str, context: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "a").write_bytes(old.encode())
        Path(folder, "b").write_bytes(new.encode())
        patch = subprocess.run(
            ["git", "-c", "core.autocrlf=false", "diff", "--no-index", "--no-color", f"-U{context}", "a", "b"],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null"},
            capture_output=True,
        ).stdout
    diff = parse_patch(patch)
    assert not diff.truncated
    for text, number, kind in ((old, 1, "removed"), (new, 2, "added")):
        lines = text.split("\n")
        if lines[-1] == "":
            lines.pop()
        numbered = [(line.old_number if number == 1 else line.new_number, line.text) for line in shown(diff)]
        seen = {at: line for at, line in numbered if at is not None}
        assert all(lines[at - 1] == line for at, line in seen.items())
        if context == 1000 and old != new:
            assert len(seen) == len(lines)
        for hunk in diff.hunks:
            side = [line for line in hunk.lines if line.kind in (kind, "context")]
            assert len(side) == (hunk.old_count if number == 1 else hunk.new_count)
    if old != new and context == 1000:
        assert diff.old_eof_newline == (old == "" or old.endswith("\n"))
        assert diff.new_eof_newline == (new == "" or new.endswith("\n"))


def test_it_counts_what_unidiff_and_git_count(repo: Any) -> None:
    chance = random.Random(7)
    source = Path(parse_patch.__code__.co_filename).parent
    files = {file.name: file.read_text().split("\n") for file in sorted(source.glob("*.py"))}
    commits = []
    for _ in range(2):
        for name, lines in files.items():
            for _ in range(8):
                at = chance.randrange(len(lines))
                lines[at : at + chance.randrange(3)] = [f"changed {chance.random()}"] * chance.randrange(3)
            (repo.root / name).write_text("\n".join(lines))
        commits.append(repo.commit())
    for row in repo.git("diff", "--numstat", *commits).decode().splitlines():
        added, removed, name = row.split("\t")
        patch = repo.patch(*commits, name)
        (theirs,) = PatchSet(patch.decode())
        ours = parse_patch(patch)
        kinds = [line.kind for hunk in ours.hunks for line in hunk.lines]
        assert (kinds.count("added"), kinds.count("removed")) == (int(added), int(removed))
        assert [
            (line.source_line_no, line.target_line_no, line.value.removesuffix("\n"))
            for hunk in theirs
            for line in hunk
            if line.line_type != "\\"
        ] == [line[1:] for line in shown(ours)]
