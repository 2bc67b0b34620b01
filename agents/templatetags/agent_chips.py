"""Agents on the pages of the apps below: those templates name this library, their code imports nothing of ours."""

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from agents.models import Agent
from agents.repositories.agent import AgentRepository
from agents.states import AgentStatus

register = template.Library()


@register.simple_tag
def agent_chips_for_tasks(initiative_id: str) -> dict[str, SafeString]:
    """The chip of the newest agent of each task of an initiative that nobody has dismissed, by the task's id."""
    newest: dict[str, Agent] = {}
    for agent in AgentRepository().list_names_of_tasks(initiative_id):
        newest.setdefault(str(agent.task_id), agent)
    return {task_id: chip(agent) for task_id, agent in newest.items()}


@register.simple_tag
def agents_of_task(task_id: str) -> list[Agent]:
    """All agents that worked on a task, newest first."""
    return AgentRepository().find_by_task_id(task_id)


def chip(agent: Agent) -> SafeString:
    """As components/agent_chip.html writes it, linked and with its status; a test holds the two together.

    Written by Python, because a list of a hundred tasks has a hundred of them.
    """
    label = AgentStatus(agent.status).label
    return format_html(
        '<a class="agent-chip" href="{}"><span class="monogram" data-letter="{}" aria-hidden="true">{}</span>'
        '<span class="truncate">{}</span><span data-status="{}" title="{}">'
        '<span class="status-mark" aria-hidden="true"></span><span class="sr-only">{}</span></span></a>',
        reverse("agent", args=[agent.name]),
        agent.name[:1].lower(),
        agent.name[:2],
        agent.name,
        agent.status,
        label,
        label,
    )
