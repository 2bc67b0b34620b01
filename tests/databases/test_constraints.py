"""What must never be stored is refused by the database, whoever writes it."""

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import CharField, Model

from agents.models import Agent, AgentSession
from initiatives.models import Branch, Page, PhaseDependency, TaskDependency
from reviews.models import ChatSession
from tests.factories import make_agent, make_initiative, make_phase, make_project, make_session, make_task

pytestmark = [pytest.mark.databases, pytest.mark.django_db]

OURS = ("foundation", "cw_site", "initiatives", "agents", "reviews")
ENUMS = {
    f"{model._meta.db_table}.{field.name}": (model, field.name)
    for model in apps.get_models()
    if model._meta.app_label in OURS
    for field in model._meta.get_fields()
    if isinstance(field, CharField) and field.choices
}


@pytest.mark.parametrize("column", sorted(ENUMS))
def test_a_value_outside_the_enumeration_is_refused(column: str, world: dict[type[Model], Model]) -> None:
    model, name = ENUMS[column]
    table, quoted = connection.ops.quote_name(model._meta.db_table), connection.ops.quote_name(name)

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {quoted} = 'whatever' WHERE id = %s", [world[model].pk])


def test_a_task_has_one_active_agent_and_any_number_of_others() -> None:
    task = make_task()
    for status in ("stopped", "crashed", "crashed"):
        make_agent(task, status=status)
    make_agent(task, status="running")

    for status in ("idle", "running", "waiting_for_input"):
        with pytest.raises(IntegrityError), transaction.atomic():
            Agent.objects.create(name=f"second-{status}", task=task, status=status, worktree_id="w")


def test_an_agent_has_one_open_session_and_any_number_of_settled_ones() -> None:
    agent = make_agent()
    make_session(agent, status="settled")
    make_session(agent, status="settled")
    make_session(agent, status="live")

    for status in ("queued", "starting", "live", "ended"):
        with pytest.raises(IntegrityError), transaction.atomic():
            AgentSession.objects.create(agent=agent, number=4, status=status, prompt="Go.")
    with pytest.raises(IntegrityError), transaction.atomic():
        AgentSession.objects.create(agent=agent, number=2, status="settled", prompt="Twice.")


def test_a_target_has_one_open_chat_and_any_number_of_closed_ones() -> None:
    phase = make_phase()
    place = {"target_type": "phase", "target_id": phase.pk, "initiative": phase.initiative}
    for status in ("closed", "closed", "active"):
        ChatSession.objects.create(status=status, **place)

    with pytest.raises(IntegrityError), transaction.atomic():
        ChatSession.objects.create(**place)


def test_an_initiative_has_one_root_page() -> None:
    initiative = make_initiative()
    root = Page.objects.create(initiative=initiative, title="Root")
    for _ in range(2):
        Page.objects.create(initiative=initiative, parent_page=root, title="Child")

    with pytest.raises(IntegrityError), transaction.atomic():
        Page.objects.create(initiative=initiative, title="Second root")


def test_edges_are_unique_and_lead_elsewhere() -> None:
    phase = make_phase()
    later = make_phase(phase.initiative, after=[phase])
    first = make_task(phase)
    second = make_task(phase, after=[first])

    with pytest.raises(IntegrityError), transaction.atomic():
        PhaseDependency.objects.create(phase=phase, depends_on_phase=phase)
    with pytest.raises(IntegrityError), transaction.atomic():
        PhaseDependency.objects.create(phase=later, depends_on_phase=phase)
    with pytest.raises(IntegrityError), transaction.atomic():
        TaskDependency.objects.create(task=first, depends_on_task=first)
    with pytest.raises(IntegrityError), transaction.atomic():
        TaskDependency.objects.create(task=second, depends_on_task=first)


def test_a_branch_has_one_owner_and_an_owner_one_branch_in_a_project() -> None:
    project = make_project()
    branch = {"owner_type": "phase", "owner_id": "one", "project": project, "name": "cw-phase/one", "base_sha": "a"}
    Branch.objects.create(**branch)

    with pytest.raises(IntegrityError), transaction.atomic():
        Branch.objects.create(**{**branch, "name": "cw-phase/other"})
    with pytest.raises(IntegrityError), transaction.atomic():
        Branch.objects.create(**{**branch, "owner_id": "two"})
