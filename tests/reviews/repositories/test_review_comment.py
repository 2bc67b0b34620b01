from typing import Any

import pytest

from cw_site.foundation.errors import NotAllowed, NotFound
from initiatives.models import Phase
from reviews.models import ReviewComment
from reviews.repositories import ReviewCommentRepository
from tests.factories import make_phase

pytestmark = [pytest.mark.databases, pytest.mark.django_db]


def comment(phase: Phase, body: str = "Why?", **fields: Any) -> ReviewComment:
    return ReviewCommentRepository().create(
        **{"phase": phase, "file_path": "a.py", "line_number": 3, "line_type": "added", "body": body, **fields}
    )


def test_a_comment_is_open_and_yours() -> None:
    phase = make_phase()
    found = ReviewCommentRepository().get(comment(phase).pk)

    assert (found.author, found.resolved, found.round_number) == ("you", False, 1)
    assert ReviewCommentRepository().topics(found) == [f"phase:{phase.pk}"]


def test_replies_join_the_thread_of_whatever_they_answer() -> None:
    phase = make_phase()
    first = comment(phase)
    reply = comment(phase, parent_comment_id=first.pk)
    answer = comment(phase, parent_comment=reply)

    repository = ReviewCommentRepository()
    assert answer.parent_comment == first
    assert repository.find_replies(first.pk) == [reply, answer]
    assert repository.find_by_phase_id(phase.pk) == [first, reply, answer]
    assert repository.find_open_threads(phase.pk) == [first]
    with pytest.raises(NotAllowed, match="phase of its thread"):
        comment(make_phase(), parent_comment_id=first.pk)
    with pytest.raises(NotFound):
        comment(phase, parent_comment_id="gone")


def test_a_thread_is_resolved_and_opened_as_one() -> None:
    phase, other = make_phase(), make_phase()
    first, second = comment(phase), comment(phase)
    reply = comment(phase, parent_comment_id=first.pk)
    comment(other)
    repository = ReviewCommentRepository()

    assert repository.resolve(reply.pk) == first
    assert repository.find_open_threads(phase.pk) == [second]
    assert repository.count_open_by_phase([phase.pk, other.pk, "gone"]) == {phase.pk: 1, other.pk: 1}
    assert repository.unresolve(first.pk).resolved is False
    assert repository.count_open_by_phase([phase.pk]) == {phase.pk: 2}
    with pytest.raises(NotFound):
        repository.resolve("gone")


def test_deleting_the_first_comment_deletes_its_thread() -> None:
    phase = make_phase()
    first = comment(phase)
    comment(phase, parent_comment_id=first.pk)
    other = comment(phase)

    ReviewCommentRepository().delete(first.pk)

    assert ReviewCommentRepository().find_by_phase_id(phase.pk) == [other]
