from functools import partial

import pytest
from django.contrib.auth.models import User

from cw_site.foundation.errors import LostRace, NotFound
from cw_site.foundation.models import Event
from reviews.models import ReviewRound
from reviews.repositories import ReviewRoundRepository
from tests.factories import make_phase, make_user
from tests.threads import run_together

pytestmark = [pytest.mark.databases, pytest.mark.django_db]
HEADS = {"project": {"base": "a" * 40, "head": "b" * 40, "diff": "c" * 64}}


def test_rounds_are_numbered_for_each_owner() -> None:
    phase = make_phase()
    repository = ReviewRoundRepository()
    assert repository.latest_round("phase", phase.pk) is None

    first = repository.open_round("phase", phase.pk, HEADS)
    second = repository.open_round("phase", phase.pk, {})
    other = repository.open_round("initiative", phase.initiative_id, {})

    assert [first.number, second.number, other.number] == [1, 2, 1]
    assert first.heads == HEADS
    assert repository.latest_round("phase", phase.pk) == second
    assert repository.list_rounds("phase", phase.pk) == [first, second]
    assert repository.topics(first) == [f"phase:{phase.pk}", "hq"]


def test_the_newest_decision_counts_and_all_are_kept(person: User) -> None:
    phase = make_phase()
    repository = ReviewRoundRepository()
    first = repository.open_round("phase", phase.pk, HEADS)
    assert repository.latest_decision(first.pk) is None

    sent_back = repository.add_decision(
        first.pk, decision="changes_requested", heads=HEADS, person=person, note="See the comments."
    )
    second = repository.open_round("phase", phase.pk, HEADS)
    Event.objects.all().delete()
    approved = repository.add_decision(second.pk, decision="approved", heads=HEADS, person=person)

    assert repository.latest_decision(first.pk) == sent_back
    assert repository.latest_decision(second.pk) == approved
    assert repository.list_decisions("phase", phase.pk) == [sent_back, approved]
    assert (approved.person, approved.person_name) == (person, "person")
    assert set(Event.objects.values_list("topic", "kind")) == {(f"phase:{phase.pk}", "approved"), ("hq", "approved")}
    with pytest.raises(NotFound):
        repository.add_decision("gone", decision="approved", heads={}, person=person)


def test_a_decision_outlives_the_person_by_name() -> None:
    person = make_user("ada")
    repository = ReviewRoundRepository()
    review_round = repository.open_round("phase", make_phase().pk, HEADS)
    decision = repository.add_decision(review_round.pk, decision="approved", heads=HEADS, person=person)
    by_name = repository.add_decision(
        review_round.pk, decision="approved", heads=HEADS, person=None, person_name="the demo"
    )

    person.delete()

    decision.refresh_from_db()
    assert (decision.person, decision.person_name) == (None, "ada")
    assert (by_name.person, by_name.person_name) == (None, "the demo")


@pytest.mark.django_db(transaction=True)
def test_of_several_callers_each_round_is_opened_by_one() -> None:
    phase = make_phase()

    answers = run_together([partial(ReviewRoundRepository().open_round, "phase", phase.pk, HEADS)] * 4)

    rounds = ReviewRoundRepository().list_rounds("phase", phase.pk)
    opened = [answer for answer in answers if isinstance(answer, ReviewRound)]
    assert {row.pk for row in opened} == {row.pk for row in rounds}
    assert [row.number for row in rounds] == list(range(1, len(rounds) + 1))
    assert all(isinstance(answer, LostRace) for answer in answers if answer not in opened)
