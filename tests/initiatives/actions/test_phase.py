"""Planning, approving and queueing phases."""

import pytest

from cw_site.foundation.errors import Invalid, NotAllowed, NotFound
from initiatives.actions.phase import (
    add_dependency,
    approve_phase,
    create_phase,
    delete_phase,
    edit_phase,
    queue_phase,
    remove_dependency,
    withdraw_approval,
)
from initiatives.repositories.branch import BranchRepository
from initiatives.repositories.initiative import InitiativeRepository
from initiatives.repositories.phase import PhaseRepository
from initiatives.richtext import markdown_of
from tests.factories import make_initiative, make_phase, make_project, make_task

pytestmark = pytest.mark.django_db


def waits_for(phase_id: str) -> list[str]:
    return [phase.name for phase in PhaseRepository().get_dependencies(phase_id)]


def test_a_new_phase_is_pending() -> None:
    initiative = make_initiative()
    first = create_phase(initiative.pk, name="A", content="# Why\n\nBecause.")
    second = create_phase(initiative.pk, name="B", depends_on=[first.pk, first.pk])
    assert (first.status, markdown_of(first.content).strip()) == ("pending", "# Why\n\nBecause.")
    assert waits_for(second.pk) == ["A"]


def test_a_new_phase_makes_a_reviewed_initiative_active_again() -> None:
    initiative = make_initiative(status="pending_review")
    create_phase(initiative.pk, name="More")
    again = InitiativeRepository().get(initiative.pk)
    assert (again.status, again.status_reason) == ("active", "The phase “More” was added.")


@pytest.mark.parametrize("status", ["completed", "archived"])
def test_a_closed_initiative_takes_no_phase(status: str) -> None:
    with pytest.raises(NotAllowed, match="plan cannot change"):
        create_phase(make_initiative(status=status).pk, name="Late")


def test_dependencies_stay_inside_the_initiative() -> None:
    stranger = make_phase()
    initiative = make_initiative()
    with pytest.raises(Invalid) as refused:
        create_phase(initiative.pk, name="A", depends_on=[stranger.pk])
    assert list(refused.value.fields) == ["depends_on"]
    assert PhaseRepository().find_by_initiative_id(initiative.pk) == []


def test_editing_replaces_dependencies_and_keeps_the_rest() -> None:
    initiative = make_initiative()
    one, two = make_phase(initiative, name="1"), make_phase(initiative, name="2")
    phase = create_phase(initiative.pk, name="A", content="Text", depends_on=[one.pk])
    edit_phase(phase.pk, depends_on=[two.pk])
    assert waits_for(phase.pk) == ["2"]
    edited = edit_phase(phase.pk, name="B")
    assert (edited.name, markdown_of(edited.content).strip(), waits_for(phase.pk)) == ("B", "Text", ["2"])
    assert edit_phase(phase.pk, content="").content is None


def test_a_circle_is_refused_and_changes_nothing() -> None:
    initiative = make_initiative()
    one = make_phase(initiative, name="1")
    two = make_phase(initiative, name="2", after=[one])
    with pytest.raises(NotAllowed, match="circle"):
        edit_phase(one.pk, name="New", depends_on=[two.pk])
    assert PhaseRepository().get(one.pk).name == "1"


def test_add_and_remove_a_dependency() -> None:
    initiative = make_initiative()
    one, two = make_phase(initiative, name="1"), make_phase(initiative, name="2")
    add_dependency(two.pk, depends_on_phase_id=one.pk)
    assert waits_for(two.pk) == ["1"]
    remove_dependency(two.pk, depends_on_phase_id=one.pk)
    with pytest.raises(NotFound):
        remove_dependency(two.pk, depends_on_phase_id=one.pk)
    PhaseRepository().move(two.pk, to="approved")
    PhaseRepository().move(two.pk, to="in_progress")
    with pytest.raises(NotAllowed, match="no longer matter"):
        add_dependency(two.pk, depends_on_phase_id=one.pk)


def test_approve_withdraw_queue() -> None:
    phase = make_phase()
    with pytest.raises(NotAllowed, match="Approve it first"):
        queue_phase(phase.pk)
    assert approve_phase(phase.pk).status == "approved"
    with pytest.raises(NotAllowed, match="nothing to approve"):
        approve_phase(phase.pk)
    assert queue_phase(phase.pk).queued_at is not None
    with pytest.raises(NotAllowed, match="queued already"):
        queue_phase(phase.pk)
    withdrawn = withdraw_approval(phase.pk)
    assert (withdrawn.status, withdrawn.queued_at) == ("pending", None)
    with pytest.raises(NotAllowed, match="not started is withdrawn"):
        withdraw_approval(phase.pk)


def test_a_blocked_phase_goes_on_from_where_it_was() -> None:
    fresh, started = make_phase(status="blocked"), make_phase(status="blocked")
    BranchRepository().ensure(
        owner_type="phase", owner_id=started.pk, project_id=make_project().pk, name="cw-phase/x", base_sha="0" * 40
    )
    assert approve_phase(fresh.pk).status == "approved"
    assert approve_phase(started.pk).status == "in_progress"


def test_only_a_phase_that_has_not_started_is_deleted() -> None:
    phase = make_phase()
    make_task(phase)
    delete_phase(phase.pk)
    assert PhaseRepository().find_by_id(phase.pk) is None
    with pytest.raises(NotAllowed, match="so it stays"):
        delete_phase(make_phase(status="in_progress").pk)
    with pytest.raises(NotAllowed, match="cannot change"):
        delete_phase(make_phase(status="completed").pk)
    kept = make_phase(status="blocked")
    make_task(kept, status="completed")
    with pytest.raises(NotAllowed, match="the phase stays"):
        delete_phase(kept.pk)


def test_content_that_is_not_known_is_refused_by_name() -> None:
    with pytest.raises(Invalid) as refused:
        create_phase(make_initiative().pk, name="A", content={"type": "doc", "content": [{"type": "widget"}]})
    assert list(refused.value.fields) == ["content"]
