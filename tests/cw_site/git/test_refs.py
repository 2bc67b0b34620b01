import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cw_site.git import refs
from cw_site.git.clones import fetch
from cw_site.git.errors import BadName, GitError, RefBusy, RefExists, RefMoved, UnknownCommit
from tests.factories_git import Lab

HOSTILE_NAMES = [
    "-x", "--output=evil", "--upload-pack=touch evil", "-h", "", " ", "a b", "a..b", "a~1", "a^", "a:b", "a?", "a*",
    "a[b", "a\\b", "a@{b", "a//b", "/a", "a/", ".a", "a/.b", "a.lock", "a/b.lock/c", "a.", "a\x00b", "a\nb", "a\x7f",
    "x/-y", "\ud800", "x" * 300,
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_name_that_git_could_misread_is_refused(name: str) -> None:
    with pytest.raises(BadName):
        refs.branch_ref(name)


def test_a_name_from_outside_never_becomes_an_option(lab: Lab) -> None:
    for name in [*HOSTILE_NAMES, "--help", "@{-1}", "main:a.txt", "\u3000", "main --output=evil"]:
        with pytest.raises(UnknownCommit):
            refs.resolve_commit(lab.clone, name)
    assert not list(lab.root.rglob("*evil*"))


def test_a_ref_created_twice_with_the_same_commit_is_fine(lab: Lab) -> None:
    refs.create_ref(lab.clone, "refs/heads/cw/demo", "main")
    refs.create_ref(lab.clone, "refs/heads/cw/demo", "main")
    assert refs.read_ref(lab.clone, "refs/heads/cw/demo") == lab.in_source("rev-parse", "main")


def test_an_existing_ref_is_never_forced(lab: Lab) -> None:
    refs.create_ref(lab.clone, "refs/heads/cw/demo", "main")
    other = lab.branch("other", "main", a__txt="other\n")
    with pytest.raises(RefExists):
        refs.create_ref(lab.clone, "refs/heads/cw/demo", other)
    assert refs.read_ref(lab.clone, "refs/heads/cw/demo") != other


def test_a_ref_moves_only_from_where_it_was_last_seen(lab: Lab) -> None:
    first = refs.resolve_commit(lab.clone, "main")
    second = lab.branch("second", first, a__txt="2\n")
    third = lab.branch("third", second, a__txt="3\n")
    refs.create_ref(lab.clone, "refs/heads/cw/x", first)
    refs.move_ref(lab.clone, "refs/heads/cw/x", new=second, old=first)
    with pytest.raises(RefMoved) as caught:
        refs.move_ref(lab.clone, "refs/heads/cw/x", new=third, old=first)
    assert caught.value.actual == second
    assert refs.read_ref(lab.clone, "refs/heads/cw/x") == second


def test_moving_a_ref_that_is_not_there_says_so(lab: Lab) -> None:
    first = refs.resolve_commit(lab.clone, "main")
    with pytest.raises(RefMoved) as caught:
        refs.move_ref(lab.clone, "refs/heads/cw/none", new=lab.branch("second", first, a__txt="2\n"), old=first)
    assert caught.value.actual is None


def test_of_many_racers_exactly_one_moves_the_ref(lab: Lab) -> None:
    first = refs.resolve_commit(lab.clone, "main")
    refs.create_ref(lab.clone, "refs/heads/cw/x", first)
    tips = [lab.branch(f"tip-{n}", first, a__txt=f"{n}\n") for n in range(6)]

    def race(tip: str) -> bool:
        try:
            refs.move_ref(lab.clone, "refs/heads/cw/x", new=tip, old=first)
        except (RefMoved, RefBusy):
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        won = list(pool.map(race, tips))
    assert won.count(True) == 1
    assert refs.read_ref(lab.clone, "refs/heads/cw/x") == tips[won.index(True)]


def test_a_symbolic_ref_planted_by_an_agent_does_not_move_what_it_names(lab: Lab) -> None:
    main = refs.resolve_commit(lab.clone, "main")
    other = lab.branch("other", main, a__txt="other\n")
    lab.in_clone("symbolic-ref", "refs/heads/cw/x", "refs/heads/main")
    refs.move_ref(lab.clone, "refs/heads/cw/x", new=other, old=main)
    assert refs.read_ref(lab.clone, "refs/heads/main") == main
    assert refs.read_ref(lab.clone, "refs/heads/cw/x") == other


def test_a_tag_or_odd_ref_planted_by_an_agent_does_not_stand_in_for_a_branch(lab: Lab) -> None:
    main = refs.resolve_commit(lab.clone, "main")
    other = lab.branch("other", main, a__txt="other\n")
    lab.in_clone("update-ref", "refs/tags/main", other)
    lab.in_clone("update-ref", "refs/heads/refs/heads/gone", other)
    assert refs.resolve_commit(lab.clone, "main") == main
    assert refs.read_ref(lab.clone, "refs/heads/gone") is None


def test_a_fresh_lock_file_is_respected_and_a_stale_one_is_not(lab: Lab) -> None:
    lock = lab.clone.git_dir / "refs" / "heads" / "stuck.lock"
    lock.touch()
    with pytest.raises(RefBusy, match=r"delete the file .*stuck\.lock"):
        refs.create_ref(lab.clone, "refs/heads/stuck", "main")
    os.utime(lock, (1_000_000_000, 1_000_000_000))
    refs.create_ref(lab.clone, "refs/heads/stuck", "main")
    assert refs.read_ref(lab.clone, "refs/heads/stuck") is not None


def test_refs_are_listed_below_a_prefix_only(lab: Lab) -> None:
    for name in ("cw/a", "cw/b", "cwx"):
        refs.create_ref(lab.clone, f"refs/heads/{name}", "main")
    assert sorted(refs.list_refs(lab.clone, "refs/heads/cw/")) == ["refs/heads/cw/a", "refs/heads/cw/b"]
    assert "refs/heads/cwx" in refs.list_refs(lab.clone, "refs/heads")
    with pytest.raises(BadName):
        refs.list_refs(lab.clone, "--format=x")


def test_a_branch_name_with_a_unicode_line_separator_is_one_branch(lab: Lab) -> None:
    name = "odd\u2028name\u0085end"
    lab.run(lab.source, "branch", name, "main")
    fetch(lab.clone, url=str(lab.source))
    assert f"refs/remotes/origin/{name}" in refs.list_refs(lab.clone, "refs/remotes/origin")


def test_ancestry_and_merge_base_are_those_of_git(lab: Lab) -> None:
    main = refs.resolve_commit(lab.clone, "main")
    one, two = lab.branch("one", main, a__txt="1\n"), lab.branch("two", main, a__txt="2\n")
    assert refs.is_ancestor(lab.clone, main, one)
    assert refs.is_ancestor(lab.clone, one, one)
    assert not refs.is_ancestor(lab.clone, one, two)
    assert refs.merge_base(lab.clone, one, "two") == main
    alone = lab.run(lab.root, f"--git-dir={lab.clone.git_dir}", "commit-tree", "-m", "alone", f"{main}^{{tree}}")
    assert refs.merge_base(lab.clone, alone, main) is None


def test_what_is_kept_survives_a_collision_of_names_and_a_collection_of_garbage(lab: Lab) -> None:
    one = lab.branch("one", "main", a__txt="1\n")
    two = lab.branch("two", "main", a__txt="2\n")
    assert refs.keep(lab.clone, "run/1", one) == refs.keep(lab.clone, "run/1", one) == "refs/cw/keep/run/1"
    assert refs.keep(lab.clone, "run/1", two) == f"refs/cw/keep/run/1-{two[:12]}"
    lab.in_clone("branch", "-D", "one", "two")
    lab.in_clone("gc", "--quiet", "--prune=now")
    assert refs.resolve_commit(lab.clone, one) == one
    assert refs.resolve_commit(lab.clone, two) == two


def test_an_unknown_commit_is_a_sentence(lab: Lab) -> None:
    with pytest.raises(UnknownCommit, match="There is no commit 'nothing'"):
        refs.resolve_commit(lab.clone, "nothing")
    with pytest.raises(GitError):
        refs.is_ancestor(lab.clone, "0" * 39 + "1", "main")


def test_a_project_without_a_clone_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="Sync the project first"):
        refs.read_ref(Lab(tmp_path).clone, "refs/heads/main")


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Add the login page", "add-the-login-page"),
        ("Über Größe!", "uber-groe"),
        ("../../etc/passwd", "etc-passwd"),
        ("--force", "force"),
        ("日本語", "fallback"),
        ("a.lock", "a-lock"),
        ("x" * 100, "x" * 48),
        ("  ", "fallback"),
    ],
)
def test_a_slug_is_a_safe_part_of_a_branch_name(text: str, slug: str) -> None:
    assert refs.branch_slug(text, "fallback") == slug
    assert refs.branch_ref(slug)


def test_a_ref_is_read_without_git_where_its_file_says_it(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = lab.in_source("rev-parse", "main")
    refs.create_ref(lab.clone, "refs/heads/cw/loose", expected)
    monkeypatch.setattr(refs, "git", None)
    assert refs.read_ref(lab.clone, "refs/heads/cw/loose") == expected


def test_git_is_asked_where_the_file_of_a_ref_is_no_plain_id(lab: Lab) -> None:
    expected = lab.in_source("rev-parse", "main")
    refs.create_ref(lab.clone, "refs/heads/cw/true", expected)
    folder = lab.clone.git_dir / "refs" / "heads" / "cw"
    (folder / "symbolic").write_text("ref: refs/heads/cw/true\n")
    (folder / "linked").symlink_to("/etc/hostname")
    os.mkfifo(folder / "pipe")
    (folder / "short").write_text("abc\n")
    assert refs.read_ref(lab.clone, "refs/heads/cw/symbolic") == expected
    os.unlink(folder / "pipe")
    for name in ("linked", "short", "absent"):
        assert refs.read_ref(lab.clone, f"refs/heads/cw/{name}") is None
