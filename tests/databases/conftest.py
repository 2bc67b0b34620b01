"""One row of every table, with every reference set: what the database itself does to it is then seen."""

import pytest
from django.db.models import Model

from agents.models import AgentLogChunk, Conversation, Message
from cw_site.foundation.events import publish
from cw_site.foundation.models import Event
from cw_site.models import ApiToken
from initiatives.models import Branch, Initiative, InitiativeProject, Page, Phase, PhaseDependency, TaskDependency
from reviews.models import (
    ChangeSet,
    ChangeSetEntry,
    ChatMessage,
    ChatSession,
    Proposal,
    ReviewComment,
    ReviewDecision,
    ReviewRound,
)
from tests.factories import (
    make_account,
    make_agent,
    make_initiative,
    make_phase,
    make_project,
    make_session,
    make_task,
    make_user,
)

type World = dict[type[Model], Model]


@pytest.fixture
def world(db: None) -> World:
    """A row of each of our models by its class."""
    project, user, account = make_project(), make_user(), make_account()
    initiative = make_initiative(projects=[project])
    base = make_phase(initiative)
    phase = make_phase(initiative, after=[base])
    parent = make_task(phase)
    task = make_task(phase, after=[parent], parent_task=make_task(phase))
    agent = make_agent(task, account=account)
    session = make_session(agent, account=account)
    rows: list[Model] = [project, initiative, phase, task, account, agent, session]
    rows += [InitiativeProject.objects.get(), PhaseDependency.objects.get(), TaskDependency.objects.get()]
    rows += _papers(initiative, phase)
    rows.append(Branch.objects.create(owner_type="phase", owner_id=phase.pk, project=project, name="b", base_sha="a"))
    rows.append(
        AgentLogChunk.objects.create(
            agent_id=agent.pk, agent_name=agent.name, session_number=1, sequence=1, offset=0, content="{}\n"
        )
    )
    places = {"initiative": initiative, "phase": phase, "task": task}
    rows.append(Conversation.objects.create(from_agent=agent, to_agent=make_agent(), question="?", **places))
    asked = Message.objects.create(sender_type="agent", recipient_type="user", content="?")
    rows.append(Message.objects.create(sender_type="user", recipient_type="agent", content="!", parent_message=asked))
    about = {"initiative": initiative, "agent": agent, "target_type": "phase"}
    rows.append(Proposal.objects.create(title="A phase", **about))
    chat = ChatSession.objects.create(target_id=phase.pk, **about)
    change_set = ChangeSet.objects.create(initiative=initiative, agent=agent, source="chat")
    rows += [chat, change_set]
    rows.append(ChatMessage.objects.create(chat_session=chat, role="assistant", content="Done.", change_set=change_set))
    rows.append(
        ChangeSetEntry.objects.create(change_set=change_set, entity_type="phase", entity_id="x", action="create")
    )
    line = {"phase": phase, "project": project, "file_path": "a.py", "line_number": 1, "line_type": "added"}
    thread = ReviewComment.objects.create(body="Why?", **line)
    rows.append(ReviewComment.objects.create(body="So.", parent_comment=thread, author_agent=agent, **line))
    review_round = ReviewRound.objects.create(owner_type="phase", owner_id=phase.pk, number=1)
    rows.append(review_round)
    rows.append(
        ReviewDecision.objects.create(round=review_round, decision="approved", person=user, person_name=user.username)
    )
    rows.append(ApiToken.objects.create(user=user, prefix="cw_x", digest="d" * 64))
    publish("hq", "updated")
    rows.append(Event.objects.latest("id"))
    return {type(row): row for row in rows}


def _papers(initiative: Initiative, phase: Phase) -> list[Model]:
    root = Page.objects.create(initiative=initiative, title=phase.name)
    return [Page.objects.create(initiative=initiative, title="Child", parent_page=root)]
