from functools import partial

import pytest
from django.db import transaction

from cw_site.foundation.errors import InvalidTransition, LostRace, NotFound
from cw_site.foundation.models import Event
from cw_site.foundation.repository import Repository, StatusRepository, SteppedRepository
from initiatives.models import Page, Phase
from initiatives.states import PHASE_MACHINE
from reviews.models import ChatSession
from reviews.states import CHAT_MACHINE
from tests.factories import make_initiative, make_phase
from tests.threads import run_together

pytestmark = [pytest.mark.databases, pytest.mark.django_db]


class Pages(Repository[Page]):
    model = Page
    noun = "page"


class Phases(StatusRepository[Phase]):
    model = Phase
    noun = "phase"
    machine = PHASE_MACHINE

    def topics(self, row: Phase) -> list[str]:
        return [f"phase:{row.pk}"]


class Chats(SteppedRepository[ChatSession]):
    model = ChatSession
    noun = "chat"
    machine = CHAT_MACHINE


def test_rows_come_and_go() -> None:
    page = Pages().create(initiative=make_initiative(), title="Notes")

    assert Pages().find_by_id(page.pk) == Pages().get(page.pk) == page
    assert Pages().update(page.pk, title="Plan").title == "Plan"
    assert Pages().find_all() == [page]
    Pages().delete(page.pk)
    assert Pages().find_by_id(page.pk) is None
    for act in (Pages().get, Pages().delete, partial(Pages().update, title="x")):
        with pytest.raises(NotFound, match="no such page"):
            act(page.pk)


def test_an_update_leaves_the_other_columns_to_others() -> None:
    page = Pages().create(initiative=make_initiative(), title="Notes", content="old")
    Page.objects.filter(pk=page.pk).update(content="new")

    updated = Pages().update(page.pk, title="Plan")

    assert (updated.title, updated.content) == ("Plan", "new")
    assert updated.updated_at > page.updated_at


def test_a_move_writes_status_reason_evidence_and_fields_at_once() -> None:
    phase = make_phase()

    moved = Phases().move(phase.pk, to="blocked", reason="No room.", evidence={"code": 3}, content="x")

    assert (moved.status, moved.status_reason, moved.status_evidence) == ("blocked", "No room.", {"code": 3})
    assert moved.content == "x"
    assert Phases().move(phase.pk, to="pending").status_reason == ""


def test_a_move_against_the_table_or_from_elsewhere_is_refused_and_writes_nothing() -> None:
    phase = make_phase()
    Event.objects.all().delete()

    with pytest.raises(InvalidTransition, match="is pending and cannot become completed"):
        Phases().move(phase.pk, to="completed")
    with pytest.raises(LostRace, match="is pending by now"):
        Phases().move(phase.pk, to="approved", source=("in_progress", "blocked"))
    with pytest.raises(NotFound):
        Phases().move("gone", to="approved")
    assert Phases().get(phase.pk).status == "pending"
    assert not Event.objects.exists()


def test_a_mover_who_saw_an_earlier_stay_in_the_same_status_is_late() -> None:
    seen = Phases().move(make_phase().pk, to="approved")
    Phases().move(seen.pk, to="pending")
    Phases().move(seen.pk, to="approved")

    with pytest.raises(LostRace):
        Phases().move(seen.pk, to="in_progress", source="approved", since=seen.status_since)
    fresh = Phases().get(seen.pk)
    assert Phases().move(seen.pk, to="in_progress", since=fresh.status_since).status == "in_progress"


def test_a_step_is_a_move_without_a_reason() -> None:
    phase = make_phase()
    chat = Chats().create(target_type="phase", target_id=phase.pk, initiative=phase.initiative)

    assert Chats().step(chat.pk, to="closed", answered_session=2).answered_session == 2
    with pytest.raises(InvalidTransition):
        Chats().step(chat.pk, to="active")
    with pytest.raises(NotFound):
        Chats().step("gone", to="closed")


@pytest.mark.parametrize("repository", [Phases(), Chats()])
def test_a_status_is_never_updated(repository: Phases | Chats) -> None:
    with pytest.raises(ValueError, match="transition table"):
        repository.update("any", status="closed")


def test_what_did_not_happen_is_not_told() -> None:
    phase = make_phase()
    Event.objects.all().delete()

    with transaction.atomic():
        Phases().move(phase.pk, to="approved")
        transaction.set_rollback(True)

    assert not Event.objects.exists()
    Phases().move(phase.pk, to="approved")
    assert list(Event.objects.values_list("topic", "kind")) == [(f"phase:{phase.pk}", "approved")]


@pytest.mark.django_db(transaction=True)
def test_of_several_movers_one_wins_and_tells_it_once() -> None:
    phase = make_phase()
    Event.objects.all().delete()

    answers = run_together([partial(Phases().move, phase.pk, to="approved", source="pending")] * 6)

    assert sum(isinstance(answer, Phase) for answer in answers) == 1
    assert sum(isinstance(answer, LostRace) for answer in answers) == 5
    assert Event.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_several_steps_one_wins() -> None:
    phase = make_phase()
    chat = Chats().create(target_type="phase", target_id=phase.pk, initiative=phase.initiative)

    answers = run_together([partial(Chats().step, chat.pk, to="closed")] * 6)

    assert sum(isinstance(answer, ChatSession) for answer in answers) == 1
