"""Deleting is the database's own doing: raw SQL, without Django's collector, leaves nothing that hangs."""

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import ForeignKey, Model

pytestmark = [pytest.mark.databases, pytest.mark.django_db]

OURS = ("foundation", "cw_site", "initiatives", "agents", "reviews")
SET_NULL = {
    "agent_sessions.account_id",
    "agents.account_id",
    "agents.initiative_id",
    "agents.phase_id",
    "agents.task_id",
    "change_sets.agent_id",
    "chat_messages.change_set_id",
    "chat_sessions.agent_id",
    "conversations.initiative_id",
    "conversations.phase_id",
    "conversations.task_id",
    "messages.parent_message_id",
    "review_comments.author_agent_id",
    "review_decisions.person_id",
}
CASCADE = {
    "agent_sessions.agent_id",
    "api_tokens.user_id",
    "branches.project_id",
    "change_set_entries.change_set_id",
    "change_sets.initiative_id",
    "chat_messages.chat_session_id",
    "chat_sessions.initiative_id",
    "conversations.from_agent_id",
    "conversations.to_agent_id",
    "initiative_projects.initiative_id",
    "initiative_projects.project_id",
    "pages.initiative_id",
    "pages.parent_page_id",
    "phase_dependencies.depends_on_phase_id",
    "phase_dependencies.phase_id",
    "phases.initiative_id",
    "proposals.agent_id",
    "proposals.initiative_id",
    "review_comments.parent_comment_id",
    "review_comments.phase_id",
    "review_comments.project_id",
    "review_decisions.round_id",
    "task_dependencies.depends_on_task_id",
    "task_dependencies.task_id",
    "tasks.initiative_id",
    "tasks.parent_task_id",
    "tasks.phase_id",
}


def foreign_keys() -> dict[str, tuple[type[Model], ForeignKey[Model, Model]]]:
    models = [model for model in apps.get_models() if model._meta.app_label in OURS]
    return {
        f"{model._meta.db_table}.{field.column}": (model, field)
        for model in models
        for field in model._meta.get_fields()
        if isinstance(field, ForeignKey)
    }


def test_every_reference_is_in_one_of_the_two_lists() -> None:
    assert set(foreign_keys()) == SET_NULL | CASCADE


@pytest.mark.parametrize("column", sorted(SET_NULL | CASCADE))
def test_the_database_does_it_alone(column: str, world: dict[type[Model], Model]) -> None:
    model, field = foreign_keys()[column]
    row = world[model]
    parent_id = getattr(row, field.attname)
    assert parent_id is not None, "the world must set every reference"

    with connection.cursor() as cursor:
        table = field.related_model._meta.db_table
        cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)} WHERE id = %s", [parent_id])

    found = model._default_manager.filter(pk=row.pk).first()
    if column in CASCADE:
        assert found is None
    else:
        assert found is not None
        assert getattr(found, field.attname) is None
    connection.check_constraints()


def test_every_table_is_in_the_world(world: dict[type[Model], Model]) -> None:
    assert set(world) == {model for model in apps.get_models() if model._meta.app_label in OURS}
