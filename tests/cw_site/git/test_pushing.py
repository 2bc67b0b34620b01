import pytest

from cw_site.git import pushing, refs
from cw_site.git.errors import BadName, BadUrl, RemoteFailed
from tests.factories_git import Lab


def test_a_commit_is_pushed_to_a_branch(lab: Lab) -> None:
    made = lab.branch("cw/demo", "main", a__txt="1\n")
    assert pushing.push(lab.clone, url=str(lab.source), commit="cw/demo", ref="cw/demo").ok
    assert lab.in_source("rev-parse", "cw/demo") == made
    assert pushing.push(lab.clone, url=str(lab.source), commit=made, ref="refs/heads/cw/demo").ok


def test_the_branch_that_a_person_has_checked_out_is_not_touched(lab: Lab) -> None:
    made = lab.branch("cw/demo", "main", a__txt="1\n")
    lab.in_source("config", "receive.denyCurrentBranch", "updateInstead")
    (lab.source / "a.txt").write_text("a person's work")
    before = lab.in_source("rev-parse", "HEAD"), lab.in_source("status", "--porcelain")
    result = pushing.push(lab.clone, url=str(lab.source), commit=made, ref="main")
    assert (result.ok, result.checked_out) == (False, True)
    assert "Check out another branch there" in result.reason
    assert (lab.in_source("rev-parse", "HEAD"), lab.in_source("status", "--porcelain")) == before


def test_a_push_is_never_forced(lab: Lab) -> None:
    one, two = lab.branch("one", "main", a__txt="1\n"), lab.branch("two", "main", a__txt="2\n")
    assert pushing.push(lab.clone, url=str(lab.source), commit=one, ref="shared").ok
    result = pushing.push(lab.clone, url=str(lab.source), commit=two, ref="shared")
    assert (result.ok, result.checked_out) == (False, False)
    assert "commits that we do not have" in result.reason
    lab.commit(lab.source, "elsewhere", a__txt="3\n")
    lab.in_source("checkout", "--quiet", "-b", "away")
    assert "commits that we do not have" in pushing.push(lab.clone, url=str(lab.source), commit=one, ref="main").reason


def test_a_push_that_a_server_refuses_says_why(lab: Lab) -> None:
    lab.in_source("config", "receive.fsckObjects", "true")
    lab.in_source("branch", "a")
    made = lab.branch("one", "main", a__txt="1\n")
    result = pushing.push(lab.clone, url=str(lab.source), commit=made, ref="a/b")
    assert not result.ok
    assert "refused the push to a/b" in result.reason


@pytest.mark.parametrize("ref", ["+main:x", "main:other", "--force", "", "a b", "refs/tags/../heads/x"])
def test_only_a_plain_branch_can_be_pushed_to(lab: Lab, ref: str) -> None:
    with pytest.raises(BadName):
        pushing.push(lab.clone, url=str(lab.source), commit="main", ref=ref)


def test_only_a_checked_address_can_be_pushed_to(lab: Lab) -> None:
    with pytest.raises(BadUrl):
        pushing.push(lab.clone, url=f"file://{lab.source}", commit="main", ref="x")


def test_a_target_that_broke_is_a_sentence(lab: Lab) -> None:
    (lab.source / ".git" / "HEAD").unlink()
    with pytest.raises(RemoteFailed, match="There is no git repository at that address"):
        pushing.push(lab.clone, url=str(lab.source), commit="main", ref="x")


def test_an_agent_has_no_remote_to_push_to(lab: Lab) -> None:
    lab.add_worktree()
    assert lab.in_worktree("remote") == ""
    assert refs.list_refs(lab.clone, "refs/remotes/origin/")
