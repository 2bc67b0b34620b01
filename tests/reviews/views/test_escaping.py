"""What agents and people write is text on the review page, and our own HTML is HTML."""

import pytest
from django.test import Client
from django.urls import reverse

from reviews.actions.comment import add_comment
from tests.reviews.conftest import World, commit_on, replace_line

pytestmark = pytest.mark.django_db
HOSTILE = '<img src=x onerror="alert(1)">'


@pytest.fixture
def page(world: World, person_client: Client) -> str:
    """The file of a hostile change with a hostile comment and an open form."""
    commit_on(world.project, world.phase_branch.name, {"app.py": replace_line(3, HOSTILE)})
    add_comment(world.phase.pk, file_path="app.py", line_number=3, line_type="added", body=HOSTILE, author="ann")
    address = reverse("phase-review", args=[world.phase.pk])
    text = person_client.get(address).content.decode()
    anchor = text.split('class="file-diff" id="')[1].split('"')[0]
    answer = person_client.get(address, {"file": anchor, "comment": "added-3", "full": "1"})
    return answer.content.decode()


def test_what_others_write_is_escaped(page: str) -> None:
    assert "<img" not in page
    assert "&lt;img" in page


def test_our_rows_threads_and_forms_are_html(page: str) -> None:
    assert "&lt;table" not in page
    assert "&lt;form" not in page
    assert "&lt;tr" not in page
    assert '<tr class="thread-row' in page
