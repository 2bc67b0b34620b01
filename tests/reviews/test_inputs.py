"""What an agent is given for review work."""

import json

import pytest
from django.contrib.auth.models import User

from initiatives.models import Task
from reviews import ticks
from reviews.actions.comment import add_comment, reply, resolve_thread
from reviews.actions.decision import request_changes
from reviews.inputs import review_comments
from reviews.models import ReviewComment
from tests.factories import make_task
from tests.reviews.conftest import World, commit_on, replace_line


@pytest.fixture
def waiting(world: World) -> World:
    """A phase in review with line 3 of app.py changed."""
    world.do_task({"app.py": replace_line(3, "chan`ged")})
    ticks.merge_tasks()
    ticks.close_phases()
    return world


def comment(world: World, body: str, *, number: int = 3, kind: str = "added") -> ReviewComment:
    return add_comment(world.phase.pk, file_path="app.py", line_number=number, line_type=kind, body=body, author="ann")


def comments_of(task: Task) -> list[dict[str, object]]:
    loaded: list[dict[str, object]] = json.loads(review_comments(task)["comments.json"])
    return loaded


def test_the_open_threads_go_to_the_agent(waiting: World, person: User) -> None:
    first = comment(waiting, "Why?\n\n> really")
    reply(first.pk, body="Because", author="bob")
    resolve_thread(comment(waiting, "Done already").pk)
    task = request_changes(waiting.phase.pk, person=person, person_name="ann")
    (item,) = comments_of(task)
    assert item == {
        "comment_id": first.pk,
        "file_path": "app.py",
        "line_number": 3,
        "line_type": "added",
        "line_text": "chan`ged",
        "body": "Why?\n\n> really",
        "author": "ann",
        "replies": [{"author": "bob", "body": "Because"}],
        "project": waiting.project.name,
    }
    text = review_comments(task)["review.md"]
    assert "**ann:**\n\n> Why?\n>\n> > really" in text
    assert "**bob:**\n\n> Because" in text
    assert "> 3 +chan`ged" in text
    assert "Done already" not in text


def test_a_line_that_moved_is_named_where_it_is(waiting: World, person: User) -> None:
    comment(waiting, "Why?")
    comment(waiting, "Why that?", number=4, kind="context")
    commit_on(waiting.project, waiting.phase_branch.name, {"app.py": "first\n" + replace_line(3, "chan`ged")})
    ticks.merge_phases()
    task = request_changes(waiting.phase.pk, person=person, person_name="ann")
    assert [(item["line_number"], item["line_type"]) for item in comments_of(task)] == [(4, "added"), (5, "context")]
    assert "> 4 +chan`ged" in (task.description or "")


def test_a_line_that_is_gone_is_quoted(waiting: World, person: User) -> None:
    comment(waiting, "Why?")
    commit_on(waiting.project, waiting.phase_branch.name, {"app.py": replace_line(9, "else")})
    ticks.merge_phases()
    task = request_changes(waiting.phase.pk, person=person, person_name="ann")
    assert [item["line_number"] for item in comments_of(task)] == [3]
    assert "```\nchan`ged\n```" in (task.description or "")


def test_other_tasks_get_nothing(waiting: World) -> None:
    comment(waiting, "Why?")
    assert review_comments(make_task(waiting.phase)) == {}
