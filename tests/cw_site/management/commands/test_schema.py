from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db.models import Q

from cw_site.management.commands.schema import _condition


def printed(command: str) -> str:
    output = StringIO()
    call_command(command, stdout=output)
    return output.getvalue()


def test_the_document_is_what_the_command_prints() -> None:
    document = Path(settings.BASE_DIR, "docs", "database.md").read_text(encoding="utf-8")

    assert document == printed("schema"), "run: make schema > docs/database.md"


def test_it_names_columns_references_and_rules() -> None:
    text = printed("schema")

    assert "## agent_log_chunks" in text
    assert "| initiative_id | text (32) | no | | initiatives, on delete cascade |" in text
    assert "- check `phases_status`: status in (pending, approved," in text
    assert "where status in (idle, running, waiting_for_input) and user_dismissed_at is null" in text
    assert "- check `phase_dependencies_not_self`: not (phase_id = depends_on_phase_id)" in text
    assert "text (encrypted)" in text
    assert "django_" not in text


def test_what_it_has_no_words_for_is_an_error() -> None:
    with pytest.raises(TypeError, match="no words"):
        _condition("status", {})
    assert _condition(Q(a__isnull=False) | Q(b="x"), {"a": "a", "b": "b_id"}) == "a is not null or b_id = x"
