import shutil
from pathlib import Path

import pytest

from cw_site.git import clones, fsck, network, refs
from cw_site.git.errors import BadUrl, BranchInUse, GitFailed, RemoteFailed
from cw_site.git.urls import check_url
from tests.factories_git import Lab


def everything(folder: Path) -> dict[Path, tuple[int, int]]:
    return {path: (path.lstat().st_mtime_ns, path.lstat().st_size) for path in folder.rglob("*")}


def test_a_clone_is_bare_has_no_remote_and_leaves_the_source_as_it_was(lab: Lab) -> None:
    shutil.rmtree(lab.clone.root)
    before = everything(lab.source)
    info = clones.ensure_clone(lab.clone, url=str(lab.source))
    assert (info.default_branch, info.head) == ("main", lab.in_source("rev-parse", "main"))
    assert everything(lab.source) == before
    assert lab.in_clone("config", "gc.auto") == "0"
    assert lab.in_clone("remote") == ""
    assert ".cw/\n" in (lab.clone.git_dir / "info" / "exclude").read_text()
    assert lab.in_clone("symbolic-ref", "HEAD") == "refs/heads/main"
    assert fsck.check(lab.clone) == []


def test_a_clone_may_be_asked_for_again_and_keeps_our_branches(lab: Lab) -> None:
    made = lab.branch("cw/demo", "main", a__txt="1\n")
    clones.ensure_clone(lab.clone, url=str(lab.source))
    assert refs.read_ref(lab.clone, "refs/heads/cw/demo") == made


@pytest.mark.parametrize("missing", ["HEAD", "config", "info/exclude", "refs", "objects", "."])
def test_a_clone_that_was_killed_in_the_making_is_finished(lab: Lab, missing: str) -> None:
    exclude = lab.clone.git_dir / "info" / "exclude"
    exclude.unlink()
    victim = lab.clone.git_dir / missing
    if victim.is_dir():
        shutil.rmtree(victim)
    else:
        victim.unlink(missing_ok=True)
    assert clones.ensure_clone(lab.clone, url=str(lab.source)).head == lab.in_source("rev-parse", "main")
    assert fsck.check(lab.clone) == []


def test_an_agents_edits_of_the_clones_config_do_not_matter(lab: Lab) -> None:
    (lab.clone.git_dir / "config").write_text("this is no config [[[")
    new = lab.commit(lab.source, "Second", a__txt="2\n")
    clones.fetch(lab.clone, url=str(lab.source))
    assert refs.read_ref(lab.clone, "refs/remotes/origin/main") == new
    assert clones.sync_default_branch(lab.clone, branch="main").state == "fast_forwarded"


def test_the_default_branch_is_the_one_that_the_source_says(lab: Lab) -> None:
    lab.in_source("checkout", "--quiet", "-b", "trunk")
    new = lab.commit(lab.source, "Trunk", a__txt="2\n")
    info = clones.ensure_clone(lab.clone, url=str(lab.source))
    assert (info.default_branch, info.head) == ("trunk", new)


def test_a_source_with_a_detached_head_has_a_default_branch_too(lab: Lab) -> None:
    lab.in_source("checkout", "--quiet", "--detach")
    assert clones.ensure_clone(lab.clone, url=str(lab.source)).default_branch == "main"
    lab.in_source("branch", "-m", "main", "only")
    assert clones.ensure_clone(lab.clone, url=str(lab.source)).default_branch == "only"


def test_an_empty_repository_is_a_sentence(lab: Lab) -> None:
    lab.run(lab.root, "init", "--quiet", "empty")
    with pytest.raises(RemoteFailed, match="Make a first commit"):
        clones.ensure_clone(lab.clone, url=str(lab.root / "empty"))


def test_a_bad_address_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    clone = Lab(tmp_path).clone
    with pytest.raises(BadUrl):
        clones.ensure_clone(clone, url="ext::sh -c x")
    assert not clone.root.exists()


def test_a_branch_that_was_rewritten_is_followed_and_its_old_commits_are_kept(lab: Lab) -> None:
    lab.in_source("checkout", "--quiet", "-b", "work")
    old = lab.commit(lab.source, "Old", a__txt="old\n")
    clones.fetch(lab.clone, url=str(lab.source))
    lab.in_source("commit", "--quiet", "--amend", "-m", "New")
    new = lab.in_source("rev-parse", "work")
    clones.fetch(lab.clone, url=str(lab.source))
    assert refs.read_ref(lab.clone, "refs/remotes/origin/work") == new
    assert old in refs.list_refs(lab.clone, "refs/cw/keep/").values()


def test_a_branch_that_became_a_folder_of_branches_is_followed(lab: Lab) -> None:
    lab.in_source("checkout", "--quiet", "-b", "topic")
    old = lab.commit(lab.source, "Topic", a__txt="old\n")
    clones.fetch(lab.clone, url=str(lab.source))
    lab.in_source("checkout", "--quiet", "main")
    lab.in_source("branch", "-D", "topic")
    lab.in_source("branch", "topic/one")
    clones.fetch(lab.clone, url=str(lab.source))
    assert refs.read_ref(lab.clone, "refs/remotes/origin/topic/one") == lab.in_source("rev-parse", "main")
    assert old in refs.list_refs(lab.clone, "refs/cw/keep/").values()


def test_a_branch_that_is_gone_over_there_stays_here(lab: Lab) -> None:
    lab.in_source("branch", "old")
    clones.fetch(lab.clone, url=str(lab.source))
    lab.in_source("branch", "-D", "old")
    clones.fetch(lab.clone, url=str(lab.source))
    assert refs.read_ref(lab.clone, "refs/remotes/origin/old") is not None


def test_the_default_branch_is_only_ever_fast_forwarded(lab: Lab) -> None:
    clone, url, first = lab.clone, str(lab.source), lab.in_source("rev-parse", "main")
    assert clones.sync_default_branch(clone, branch="main").state == "up_to_date"
    second = lab.commit(lab.source, "Second", a__txt="2\n")
    clones.fetch(clone, url=url)
    assert clones.sync_default_branch(clone, branch="main") == clones.SyncOutcome("fast_forwarded", second, second)
    ours = lab.branch("ours", "main", b__txt="ours\n")
    refs.move_ref(clone, "refs/heads/main", new=ours, old=second)
    assert clones.sync_default_branch(clone, branch="main") == clones.SyncOutcome("ahead", ours, second)
    third = lab.commit(lab.source, "Third", a__txt="3\n")
    clones.fetch(clone, url=url)
    assert clones.sync_default_branch(clone, branch="main") == clones.SyncOutcome("diverged", ours, third)
    assert refs.read_ref(clone, "refs/heads/main") == ours
    assert clones.sync_default_branch(clone, branch="none") == clones.SyncOutcome("missing", None, None)
    assert refs.is_ancestor(clone, first, ours)


def test_the_default_branch_does_not_move_under_an_agent_that_checked_it_out(lab: Lab) -> None:
    lab.add_worktree()
    lab.in_worktree("checkout", "--quiet", "main")
    lab.commit(lab.source, "Second", a__txt="2\n")
    clones.fetch(lab.clone, url=str(lab.source))
    with pytest.raises(BranchInUse):
        clones.sync_default_branch(lab.clone, branch="main")


def test_a_source_that_is_a_shallow_clone_is_a_sentence(lab: Lab) -> None:
    lab.commit(lab.source, "Second", a__txt="2\n")
    lab.run(lab.root, "clone", "--quiet", "--depth=1", f"file://{lab.source}", "shallow")
    shutil.rmtree(lab.clone.root)
    with pytest.raises(RemoteFailed, match="shallow clone"):
        clones.ensure_clone(lab.clone, url=str(lab.root / "shallow"))


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("Host key verification failed.", "does not know the server's host key"),
        ("git@x: Permission denied (publickey).", "Add this machine's public key"),
        ("could not read Username for 'https://x': terminal prompts disabled", "asks for a password"),
        ("unable to update url base from redirection:", "Use that one"),
        ("Could not resolve host: x", "cannot be found"),
        ("something new", "git fetch failed"),
    ],
)
def test_what_a_server_says_becomes_advice(said: str, advice: str) -> None:
    failed = GitFailed("git fetch failed: fatal", exit_code=128, detail=f"fatal: {said}")
    assert advice in network.explain(failed, check_url("https://example.org/x")).message
