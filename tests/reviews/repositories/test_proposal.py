from functools import partial
from typing import Any

import pytest

from agents.models import Agent
from cw_site.foundation.errors import InvalidTransition, NotAllowed, NotFound
from cw_site.foundation.models import Event
from reviews.models import ChangeSet, Proposal
from reviews.repositories import ProposalRepository
from tests.factories import make_agent, make_initiative
from tests.threads import run_together

pytestmark = [pytest.mark.databases, pytest.mark.django_db]


@pytest.fixture
def agent(db: None) -> Agent:
    return make_agent(initiative=make_initiative())


def propose(agent: Agent, title: str = "A phase", **fields: Any) -> Proposal:
    return ProposalRepository().create(
        agent=agent, initiative=agent.initiative, target_type="phase", title=title, **fields
    )


def test_proposals_come_in_their_order(agent: Agent) -> None:
    second, first = propose(agent, sort_order=2), propose(agent, sort_order=1)
    gone = propose(agent, status="dismissed")
    initiative_id = agent.initiative_id or ""

    repository = ProposalRepository()
    assert repository.find_by_agent_id_and_status(agent.pk, "pending") == [first, second]
    assert repository.count_by_agent_id_and_status(agent.pk, "pending") == 2
    assert repository.find_by_initiative_id(initiative_id) == [gone, first, second]
    assert repository.find_by_initiative_id(initiative_id, "dismissed") == [gone]
    assert repository.topics(first) == ["hq"]


def test_all_of_an_agents_proposals_move_at_once(agent: Agent) -> None:
    other = make_agent(initiative=agent.initiative)
    for owner in (agent, agent, other):
        propose(owner)
    dismissed = propose(agent, status="dismissed")
    Event.objects.all().delete()

    changed = ProposalRepository().update_many_by_agent_id(agent.pk, source_status="pending", status="accepted")

    repository = ProposalRepository()
    assert changed == 2
    assert repository.count_by_agent_id_and_status(agent.pk, "accepted") == 2
    assert repository.count_by_agent_id_and_status(other.pk, "pending") == 1
    assert repository.get(dismissed.pk).status == "dismissed"
    assert Event.objects.count() == 1
    with pytest.raises(InvalidTransition):
        repository.update_many_by_agent_id(agent.pk, source_status="dismissed", status="accepted")
    assert repository.update_many_by_agent_id(agent.pk, source_status="pending", status="dismissed") == 0


def test_a_proposal_is_decided_once(agent: Agent) -> None:
    proposal = propose(agent)

    assert ProposalRepository().step(proposal.pk, to="accepted").status == "accepted"
    with pytest.raises(InvalidTransition):
        ProposalRepository().step(proposal.pk, to="dismissed")
    with pytest.raises(ValueError, match="transition table"):
        ProposalRepository().update(proposal.pk, status="pending")


def test_a_change_set_keeps_its_entries_in_order_and_is_reverted_once(agent: Agent) -> None:
    initiative_id = agent.initiative_id or ""
    entries = [
        {"entity_type": "phase", "entity_id": "one", "action": "create", "new_state": {"name": "One"}},
        {"entity_type": "phase", "entity_id": "two", "action": "delete", "previous_state": {"name": "Two"}},
    ]
    repository = ProposalRepository()

    first = repository.create_change_set(
        initiative_id=initiative_id, source="proposals", summary="Two phases", agent_id=agent.pk, entries=entries
    )
    second = repository.create_change_set(initiative_id=initiative_id, source="chat", entries=[])

    found = repository.get_change_set(first.pk)
    assert [(entry.entity_id, entry.action) for entry in found.entries.all()] == [("one", "create"), ("two", "delete")]
    assert (found.status, found.agent, found.summary) == ("applied", agent, "Two phases")
    assert repository.find_change_sets(initiative_id) == [second, first]
    assert repository.mark_reverted(first.pk).status == "reverted"
    with pytest.raises(InvalidTransition):
        repository.mark_reverted(first.pk)
    with pytest.raises(NotFound, match="no such change set"):
        repository.get_change_set("gone")


@pytest.mark.django_db(transaction=True)
def test_of_several_reverts_one_wins() -> None:
    repository = ProposalRepository()
    change_set = repository.create_change_set(initiative_id=make_initiative().pk, source="chat", entries=[])

    answers = run_together([partial(repository.mark_reverted, change_set.pk)] * 4)

    assert sum(isinstance(answer, ChangeSet) for answer in answers) == 1
    assert sum(isinstance(answer, NotAllowed) for answer in answers) == 3
