import pytest

from cw_site.foundation.errors import NotAllowed, NotFound
from initiatives.models import Branch
from initiatives.repositories import BranchRepository
from tests.factories import make_phase, make_project

pytestmark = [pytest.mark.databases, pytest.mark.django_db]
BASE, TIP, MERGE = "a" * 40, "b" * 40, "c" * 40


def ensure(owner_id: str, project_id: str, name: str) -> Branch:
    return BranchRepository().ensure(
        owner_type="phase", owner_id=owner_id, project_id=project_id, name=name, base_sha=BASE
    )


def test_ensuring_twice_keeps_the_first_name_and_base() -> None:
    project, phase = make_project(), make_phase()

    branch = ensure(phase.pk, project.pk, "cw-phase/x/y-1")

    assert ensure(phase.pk, project.pk, "cw-phase/x/other-1") == branch
    assert (branch.name, branch.base_sha, branch.head_sha) == ("cw-phase/x/y-1", BASE, "")
    assert BranchRepository().find("phase", phase.pk, project.pk) == branch
    assert BranchRepository().find("task", phase.pk, project.pk) is None
    assert BranchRepository().topics(branch) == [f"phase:{phase.pk}"]


def test_a_name_belongs_to_one_owner_in_a_project() -> None:
    project = make_project()
    ensure("one", project.pk, "cw-phase/x/y-1")

    with pytest.raises(NotAllowed, match="belongs to something else"):
        ensure("two", project.pk, "cw-phase/x/y-1")
    assert ensure("two", make_project().pk, "cw-phase/x/y-1").owner_id == "two"


def test_branches_are_listed_by_owner_and_by_name() -> None:
    b, a = make_project(name="b"), make_project(name="a")
    rows = [ensure("one", b.pk, "cw-phase/one"), ensure("one", a.pk, "cw-phase/one"), ensure("two", a.pk, "cw-phase/2")]

    repository = BranchRepository()
    assert repository.list_for_owner("phase", "one") == [rows[1], rows[0]]
    assert set(repository.list_for_owners("phase", ["one", "two"])) == set(rows)
    assert repository.find_by_name("cw-phase/one") == [rows[1], rows[0]]


def test_heads_and_merges_are_remembered() -> None:
    branch = ensure("one", make_project().pk, "cw-phase/one")
    repository = BranchRepository()

    seen = repository.record_head(branch.pk, TIP)
    assert seen.head_sha == TIP
    assert repository.record_head(branch.pk, TIP).updated_at == seen.updated_at
    merged = repository.record_merge(branch.pk, merged_sha=TIP, merge_commit=MERGE)
    assert (merged.base_sha, merged.merged_sha, merged.merge_commit) == (BASE, TIP, MERGE)
    with pytest.raises(NotFound):
        repository.record_head("gone", TIP)
