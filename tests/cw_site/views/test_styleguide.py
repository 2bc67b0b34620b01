import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from cw_site.views.styleguide import STATUSES, styleguide


@pytest.fixture
def page(rf: RequestFactory) -> str:
    request = rf.get("/styleguide/")
    request.user = AnonymousUser()
    return styleguide(request).content.decode()


def test_shows_a_badge_of_every_status(page: str) -> None:
    shown = set(re.findall(r'class="badge" data-status="(\w+)"', page))
    assert {status for values in STATUSES.values() for status in values} <= shown


def test_names_a_status_in_words(page: str) -> None:
    assert "Waiting for review" in page
    assert "pending_review</span>" not in page


def test_ties_errors_to_their_field(page: str) -> None:
    assert 'aria-describedby="id_bad-branch_error"' in page
    assert 'id="id_bad-branch_error"' in page


def test_progress_draws_each_part_after_the_one_before(page: str) -> None:
    assert '<rect class="is-done" width="3" height="1"/>' in page
    assert '<rect class="is-running" x="3" width="2" height="1"/>' in page
    assert '<rect class="is-blocked" x="5" width="1" height="1"/>' in page
    assert 'aria-label="3 of 8 tasks completed, 2 in progress, 1 blocked"' in page


def test_ids_are_unique(page: str) -> None:
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert sorted(ids) == sorted(set(ids))


def test_every_control_has_a_name(page: str) -> None:
    for button in re.findall(r"<button\b[^>]*class=\"[^\"]*icon-only[^\"]*\"[^>]*>.*?</button>", page, re.DOTALL):
        assert "aria-label" in button or "sr-only" in button, button
