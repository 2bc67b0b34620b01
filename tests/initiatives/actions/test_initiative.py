"""Making, changing and archiving initiatives, and queueing all that is approved."""

import pytest

from cw_site.foundation.errors import Invalid, NotAllowed
from initiatives.actions.branches import ensure_initiative_branch
from initiatives.actions.initiative import (
    archive_initiative,
    create_initiative,
    delete_initiative,
    edit_initiative,
    queue_all,
    restore_initiative,
)
from initiatives.models import Initiative, Project
from initiatives.repositories.initiative import InitiativeRepository
from initiatives.repositories.phase import PhaseRepository
from initiatives.repositories.project import ProjectRepository
from initiatives.repositories.task import TaskRepository
from tests.factories import make_initiative, make_phase, make_project, make_task

pytestmark = pytest.mark.django_db


def test_the_branch_is_made_from_the_name() -> None:
    projects = [make_project(), make_project()]
    ids = [project.pk for project in projects]
    first = create_initiative(name="User auth!", project_ids=[*ids, ids[0]])
    second = create_initiative(name="User Auth", project_ids=[])
    assert (first.branch, second.branch) == ("cw/user-auth", "cw/user-auth-2")
    assert first.execution_mode == "review_per_phase"
    found = ProjectRepository().find_projects_by_initiative_id(first.pk)
    assert sorted(project.pk for project in found) == sorted(ids)


def test_a_name_that_a_deleted_initiative_left_in_a_clone_is_not_used_again(project: Project) -> None:
    first = create_initiative(name="Again", project_ids=[project.pk])
    ensure_initiative_branch(first, project)
    delete_initiative(first.pk)
    assert create_initiative(name="Again", project_ids=[project.pk]).branch == "cw/again-2"


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", {"name": ""}),
        ("project_ids", {"project_ids": ["gone"]}),
        ("execution_mode", {"execution_mode": "fast"}),
        ("provider", {"provider": "hal9000"}),
        ("model", {"model": "two words"}),
        ("model", {"model": "--dangerous"}),
        ("branch", {"branch": "a..b"}),
        ("branch", {"branch": "cw-task/x"}),
        ("branch", {"branch": "cw/taken"}),
    ],
)
def test_bad_fields_are_refused_by_name(field: str, values: dict[str, object]) -> None:
    make_initiative(branch="cw/taken")
    with pytest.raises(Invalid) as refused:
        create_initiative(**{"name": "X", "project_ids": [], **values})  # type: ignore[arg-type]
    assert list(refused.value.fields) == [field]


def test_the_default_branch_is_no_branch_for_an_initiative() -> None:
    project = make_project(default_branch="main")
    with pytest.raises(Invalid, match="default branch of a project"):
        create_initiative(name="X", project_ids=[project.pk], branch="main")


def test_editing_changes_what_is_given() -> None:
    initiative = create_initiative(name="Old", project_ids=[], provider="scripted", model="m")
    edited = edit_initiative(initiative.pk, name="New", execution_mode="yolo")
    assert (edited.name, edited.execution_mode, edited.provider, edited.model) == ("New", "yolo", "scripted", "m")
    assert edited.branch == "cw/old"


def test_projects_are_fixed_once_a_phase_has_started() -> None:
    one, two = make_project(), make_project()
    initiative = create_initiative(name="X", project_ids=[one.pk])
    edit_initiative(initiative.pk, project_ids=[two.pk])
    make_phase(initiative, status="in_progress")
    edit_initiative(initiative.pk, project_ids=[two.pk])
    with pytest.raises(NotAllowed, match="projects cannot change"):
        edit_initiative(initiative.pk, project_ids=[one.pk])


def test_archive_and_restore() -> None:
    initiative = make_initiative()
    assert archive_initiative(initiative.pk).status == "archived"
    with pytest.raises(NotAllowed, match="archived already"):
        archive_initiative(initiative.pk)
    with pytest.raises(NotAllowed, match="Restore it first"):
        edit_initiative(initiative.pk, name="New")
    assert restore_initiative(initiative.pk).status == "active"
    with pytest.raises(NotAllowed, match="not archived"):
        restore_initiative(initiative.pk)


def test_an_initiative_is_not_deleted_under_a_working_agent() -> None:
    task = make_task(status="in_progress")
    with pytest.raises(NotAllowed, match=task.name):
        delete_initiative(str(task.initiative_id))


def names(initiative: Initiative) -> dict[str, list[str]]:
    phases = {phase.pk: phase.name for phase in PhaseRepository().find_by_initiative_id(initiative.pk)}
    after: dict[str, list[str]] = {name: [] for name in phases.values()}
    for phase_id, other_id in PhaseRepository().list_edges(initiative.pk):
        after[phases[phase_id]].append(phases[other_id])
    return after


def test_queue_all_adds_one_integration_phase_where_several_end() -> None:
    initiative = make_initiative()
    first = make_phase(initiative, name="A", status="approved")
    make_phase(initiative, name="B", status="approved", after=[first])
    make_phase(initiative, name="C", after=[first])
    assert [phase.name for phase in queue_all(initiative.pk)] == ["A", "B", "Integration"]
    assert names(initiative)["Integration"] == ["B", "C"]
    last = PhaseRepository().find_by_initiative_id(initiative.pk)[-1]
    assert last.status == "approved"
    assert [task.category for task in TaskRepository().find_by_phase_id(last.pk)] == ["verify"]
    with pytest.raises(NotAllowed, match="queued already"):
        queue_all(initiative.pk)
    make_phase(initiative, name="D", status="approved")
    assert [phase.name for phase in queue_all(initiative.pk)] == ["D"]
    assert names(initiative)["Integration"] == ["B", "C", "D"]


def test_queue_all_adds_nothing_where_one_phase_ends() -> None:
    initiative = make_initiative()
    make_phase(initiative, name="Done", status="completed")
    make_phase(initiative, name="Only", status="approved")
    assert [phase.name for phase in queue_all(initiative.pk)] == ["Only"]
    assert list(names(initiative)) == ["Done", "Only"]


def test_queue_all_wants_an_approved_phase() -> None:
    initiative = make_initiative()
    make_phase(initiative)
    with pytest.raises(NotAllowed, match="No phase is approved"):
        queue_all(initiative.pk)


def test_queue_all_fetches_the_projects_that_have_no_branch_yet(initiative: Initiative, project: Project) -> None:
    make_phase(initiative, status="approved")
    queue_all(initiative.pk)
    assert ProjectRepository().get(project.pk).sync_requested_at is not None


def test_archiving_tells_live_pages() -> None:
    from cw_site.foundation.events import events_after, last_event_id

    initiative = make_initiative()
    before = last_event_id()
    archive_initiative(initiative.pk)
    told = {(event.topic, event.kind) for event in events_after(before)}
    assert (f"initiative:{initiative.pk}", "archived") in told
    assert InitiativeRepository().get(initiative.pk).status_reason == "Archived by a person."
