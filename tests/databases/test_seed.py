"""Every table, column and index of the seed is there under its name: anyone with a SQL client finds it."""

import pytest
from django.db import connection

pytestmark = [pytest.mark.databases, pytest.mark.django_db]

# a column that ends in "?" may be NULL
TABLES = {
    "initiatives": "id name status branch? execution_mode created_at updated_at",
    "phases": "id initiative_id name content? status created_at updated_at",
    "phase_dependencies": "id phase_id depends_on_phase_id",
    "tasks": "id phase_id? initiative_id? parent_task_id? name description? type category priority status order "
    "summary? created_at updated_at",
    "task_dependencies": "id task_id depends_on_task_id",
    "agents": "id name task_id? initiative_id? session_id? worktree_id provider account_id? status mode pid? "
    "exit_code? output_file_path? result? pending_questions? user_dismissed_at? created_at updated_at",
    "accounts": "id email provider config_json? credentials? is_exhausted exhausted_until? last_used_at? sort_order "
    "created_at updated_at",
    "proposals": "id agent_id initiative_id target_type target_id? title summary? content? metadata? status sort_order "
    "created_at updated_at",
    "pages": "id initiative_id parent_page_id? title content? sort_order created_at updated_at",
    "projects": "id name url default_branch last_fetched_at? created_at updated_at",
    "initiative_projects": "id initiative_id project_id",
    "messages": "id sender_type sender_id? recipient_type recipient_id? type content requires_response status "
    "parent_message_id? created_at updated_at",
    "agent_log_chunks": "id agent_id agent_name session_number content created_at",
    "conversations": "id from_agent_id to_agent_id initiative_id? phase_id? task_id? question answer? status "
    "created_at updated_at",
    "chat_sessions": "id target_type target_id initiative_id agent_id? status created_at updated_at",
    "chat_messages": "id chat_session_id role content change_set_id? created_at",
    "review_comments": "id phase_id file_path line_number line_type body author resolved created_at updated_at",
    "change_sets": "id initiative_id agent_id? source summary status created_at updated_at",
    "change_set_entries": "id change_set_id entity_type entity_id action previous_state? new_state? sort_order",
}
INDEXES = {
    "agent_log_chunks": [["agent_id"]],
    "conversations": [["to_agent_id", "status"], ["from_agent_id"]],
    "chat_sessions": [["target_type", "target_id"], ["initiative_id"]],
    "chat_messages": [["chat_session_id"]],
    "review_comments": [["phase_id"]],
}
UNIQUE = {
    "agents": [["name"]],
    "projects": [["name"], ["url"]],
    "initiative_projects": [["initiative_id", "project_id"]],
}


@pytest.mark.parametrize("table", sorted(TABLES))
def test_the_seeds_columns_are_there(table: str) -> None:
    with connection.cursor() as cursor:
        columns = connection.introspection.get_table_description(cursor, table)
    present = {column.name: bool(column.null_ok) for column in columns}

    expected = {word.removesuffix("?"): word.endswith("?") for word in TABLES[table].split()}
    assert {name: present.get(name) for name in expected} == expected


@pytest.mark.parametrize("table", sorted(INDEXES | UNIQUE))
def test_the_seeds_indexes_are_there(table: str) -> None:
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, table).values()

    indexed = [list(constraint["columns"]) for constraint in constraints if constraint["index"]]
    unique = [list(constraint["columns"]) for constraint in constraints if constraint["unique"]]
    assert all(columns in indexed for columns in INDEXES.get(table, []))
    assert all(columns in unique for columns in UNIQUE.get(table, []))


def test_the_log_has_no_foreign_key() -> None:
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, "agent_log_chunks").values()

    assert not [constraint for constraint in constraints if constraint["foreign_key"]]
