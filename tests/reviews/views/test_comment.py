"""Threads through the browser: with htmx a part comes back, without scripts the page."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from reviews import ticks
from reviews.actions.comment import add_comment, reply
from reviews.file_views import anchor_of
from reviews.models import ReviewComment
from reviews.repositories import ReviewCommentRepository
from tests.conftest import BACKEND
from tests.factories import make_user
from tests.reviews.conftest import World, replace_line

HTMX = {"HX-Request": "true"}


@pytest.fixture
def waiting(world: World) -> World:
    """A phase in review with line 3 of app.py changed."""
    world.do_task({"app.py": replace_line(3, "changed")})
    ticks.merge_tasks()
    ticks.close_phases()
    return world


@pytest.fixture
def comment(waiting: World, person: User) -> ReviewComment:
    """A thread of the signed-in person."""
    return add_comment(
        waiting.phase.pk, file_path="app.py", line_number=3, line_type="added", body="Why?", author="person"
    )


def fields(world: World, **changes: str) -> dict[str, str]:
    place = {"file": anchor_of(world.project.pk, "app.py"), "line": "3", "type": "added", "body": "Hello *you*"}
    return {**place, **changes}


def test_the_form_names_its_line(waiting: World, person_client: Client) -> None:
    address = reverse("comment-form", args=[waiting.phase.pk])
    html = person_client.get(address, fields(waiting), headers=HTMX).content.decode()
    assert 'name="line" value="3"' in html
    assert f'data-draft-key="comment:{waiting.phase.pk}:' in html
    assert person_client.get(address, {"file": "x", "line": "-1", "type": "added"}).status_code == 422


def test_a_comment_comes_back_as_a_row(waiting: World, person_client: Client) -> None:
    address = reverse("comment-create", args=[waiting.phase.pk])
    response = person_client.post(address, fields(waiting), headers=HTMX)
    assert response.status_code == 201
    assert response.content.decode().startswith('<tr class="thread-row">')
    assert "<em>you</em>" in response.content.decode()
    (row,) = ReviewCommentRepository().find_by_phase_id(waiting.phase.pk)
    assert (row.author, row.body, row.line_text) == ("person", "Hello *you*", "changed")


def test_without_scripts_the_form_is_on_the_page_and_leads_back(waiting: World, person_client: Client) -> None:
    where = fields(waiting)["file"]
    page = reverse("phase-review", args=[waiting.phase.pk])
    html = person_client.get(f"{page}?file={where}&comment=added-3").content.decode()
    assert 'name="inline" value="1"' in html
    address = reverse("comment-create", args=[waiting.phase.pk])
    response = person_client.post(address, fields(waiting, inline="1"))
    (row,) = ReviewCommentRepository().find_by_phase_id(waiting.phase.pk)
    assert (response.status_code, response["Location"]) == (303, f"{page}?file={where}#thread-{row.pk}")


@pytest.mark.parametrize("body", ["", "   "])
def test_an_empty_comment_comes_back_with_the_reason(waiting: World, person_client: Client, body: str) -> None:
    address = reverse("comment-create", args=[waiting.phase.pk])
    for headers in (HTMX, {}):
        response = person_client.post(address, fields(waiting, body=body), headers=headers)
        assert response.status_code == 422
        assert "errorlist" in response.content.decode()


def test_a_line_that_is_gone_is_said_and_the_text_kept(waiting: World, person_client: Client) -> None:
    address = reverse("comment-create", args=[waiting.phase.pk])
    response = person_client.post(address, fields(waiting, line="19", body="Long text"), headers=HTMX)
    assert response.status_code == 422
    assert "has no added line 19" in response.content.decode()
    assert "Long text" in response.content.decode()


def test_reply_resolve_and_open_again(comment: ReviewComment, person_client: Client) -> None:
    def post(name: str, **data: str) -> str:
        response = person_client.post(reverse(name, args=[comment.pk]), data, headers=HTMX)
        assert response.status_code == 200
        return str(response.content.decode())

    assert "Because" in post("comment-reply", body="Because")
    assert 'data-state="resolved"' in post("comment-resolve")
    assert 'data-state="open"' in post("comment-unresolve")
    plain = person_client.post(reverse("comment-resolve", args=[comment.pk]))
    assert plain.status_code == 303
    assert plain["Location"].endswith(f"#thread-{comment.pk}")
    assert ReviewCommentRepository().get(comment.pk).resolved


def test_edit_and_delete_are_the_authors(comment: ReviewComment, person_client: Client, client: Client) -> None:
    edit, delete = reverse("comment-edit", args=[comment.pk]), reverse("comment-delete", args=[comment.pk])
    assert "Why?" in person_client.get(edit, headers=HTMX).content.decode()
    assert "How?" in person_client.post(edit, {"body": "How?"}, headers=HTMX).content.decode()
    assert person_client.post(edit, {"body": ""}, headers=HTMX).status_code == 422
    client.force_login(make_user("other"), backend=BACKEND)
    assert client.get(edit).status_code == 409
    assert client.post(delete).status_code == 409
    page = client.get(reverse("phase-review", args=[comment.phase_id])).content.decode()
    assert edit not in page
    assert person_client.post(delete, headers=HTMX).content == b""
    assert ReviewCommentRepository().find_by_id(comment.pk) is None


def test_a_deleted_reply_leaves_its_thread(comment: ReviewComment, person_client: Client) -> None:
    answer = reply(comment.pk, body="Never mind", author="person")
    response = person_client.post(reverse("comment-delete", args=[answer.pk]), headers=HTMX)
    assert f"thread-{comment.pk}" in response.content.decode()
    assert "Never mind" not in response.content.decode()
