"""Agents on the pages of the apps below: those templates name this library, their code imports nothing of ours."""

from typing import Any

from django import template

from agents.models import Agent
from agents.repositories.agent import AgentRepository

register = template.Library()


@register.simple_tag
def agent_chips_for_tasks(initiative_id: str) -> dict[str, Agent]:
    """The newest agent of each task of an initiative that nobody has dismissed, in one query."""
    chips: dict[str, Agent] = {}
    for agent in AgentRepository().find_by_initiative_id(initiative_id):
        if agent.task_id and agent.user_dismissed_at is None:
            chips.setdefault(agent.task_id, agent)
    return chips


@register.simple_tag
def agents_of_task(task_id: str) -> list[Agent]:
    """All agents that worked on a task, newest first."""
    return AgentRepository().find_by_task_id(task_id)


@register.inclusion_tag("agents/_chip.html")
def agent_chip(chips: dict[str, Agent], task_id: str) -> dict[str, Any]:
    """The chip of a task's agent, linked to its page; nothing where it has none."""
    return {"agent": chips.get(task_id)}
