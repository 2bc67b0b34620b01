"""Questions between agents: asked, delivered to a target that rests, answered."""

from django.db import transaction

from agents.actions.agent import resume_agent
from agents.models import Agent, Conversation
from agents.policies import check_can_resume, reason_against
from agents.prompts import render_prompt
from agents.repositories.agent import AgentRepository
from agents.repositories.conversation import ConversationRepository
from agents.states import AgentStatus
from cw_site.foundation.errors import Invalid, NotFound

LONGEST = 64 * 1024


def ask(
    *,
    from_agent: str,
    question: str,
    to_agent: str | None = None,
    task_id: str | None = None,
    phase_id: str | None = None,
) -> Conversation:
    """Store the question; a target that rests is resumed to answer it. Exactly one of the three names the target."""
    agents = AgentRepository()
    asker = _agent(from_agent)
    target = _target(asker, to_agent=to_agent, task_id=task_id, phase_id=phase_id)
    text = _checked(question, "question")
    if target.id == asker.id:
        raise Invalid("An agent cannot ask itself.", {"to_agent": ["Name another agent."]})
    with transaction.atomic():
        conversation = ConversationRepository().create(
            from_agent_id=asker.id,
            to_agent_id=target.id,
            initiative_id=asker.initiative_id,
            phase_id=target.phase_id,
            task_id=target.task_id,
            question=text,
        )
        rests = target.status == AgentStatus.IDLE and not reason_against(
            check_can_resume, target, agents.open_session(target.id)
        )
        if rests and target.session_id:
            prompt = render_prompt("conversation", asker=asker.name, question=text)
            resume_agent(target.id, prompt=prompt, by=asker.name)
    return ConversationRepository().get(conversation.id)


def answer(conversation_id: str, text: str) -> Conversation:
    """Store the answer; raises InvalidTransition where there is one already."""
    return ConversationRepository().answer(conversation_id, _checked(text, "answer"))


def _agent(name_or_id: str) -> Agent:
    agent = AgentRepository().find_by_name_or_id(name_or_id)
    if agent is None:
        raise NotFound(f"There is no agent {name_or_id[:80]}.")
    return agent


def _target(asker: Agent, *, to_agent: str | None, task_id: str | None, phase_id: str | None) -> Agent:
    agents = AgentRepository()
    if sum(value is not None for value in (to_agent, task_id, phase_id)) != 1:
        raise Invalid("Name exactly one of to_agent, task_id and phase_id.", {"to_agent": ["Name one target."]})
    if to_agent is not None:
        return _agent(to_agent)
    if task_id is not None:
        found = agents.find_by_task_id(task_id)
    else:
        rows = agents.find_by_initiative_id(asker.initiative_id) if asker.initiative_id else []
        found = [agent for agent in rows if agent.phase_id == phase_id]
    others = [agent for agent in found if agent.id != asker.id and agent.user_dismissed_at is None]
    if not others:
        raise NotFound("No agent has worked on that, so there is nobody to ask.")
    return others[0]


def _checked(text: str, field: str) -> str:
    text = text.strip()
    if not text or len(text) > LONGEST:
        raise Invalid("Write a text of at most 64 KiB.", {field: ["Write a text of at most 64 KiB."]})
    return text
