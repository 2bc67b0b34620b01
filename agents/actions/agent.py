"""What people and ticks want of agents. Everything here only writes what is wanted; the worker makes it so."""

import json
from typing import Any

from django.conf import settings
from django.db import transaction

from agents.actions.queueing import queue_session
from agents.models import Agent, AgentSession
from agents.names import new_name
from agents.policies import check_can_answer, check_can_delete, check_can_dismiss, check_can_resume, check_can_stop
from agents.prompts import render_prompt
from agents.providers.registry import get_provider
from agents.repositories.agent import AgentRepository
from agents.repositories.message import MessageRepository
from agents.states import AgentMode, AgentStatus, PartyType, SessionPurpose, SessionState
from cw_site.foundation.clock import now
from cw_site.foundation.errors import Invalid, NotAllowed
from cw_site.foundation.reconcile import request_reconcile
from initiatives.models import Task
from initiatives.repositories.phase import PhaseRepository
from initiatives.repositories.task import TaskRepository
from initiatives.states import TaskStatus

LONGEST_PROMPT = 256 * 1024
ANSWERED = "Answered; it goes on as soon as there is a place for it."
STOPPED_TASK = "You stopped its agent. Resume the agent, or retry the task."


def provider_for(task: Task) -> str:
    """Who works on the task: its own choice, the initiative's, or the setting's."""
    initiative = task.initiative
    return task.provider or (initiative.provider if initiative else "") or settings.CW_DEFAULT_PROVIDER


def model_for(task: Task) -> str:
    """The model for the task; the initiative's only where the provider is the initiative's too."""
    if task.model or task.initiative is None:
        return task.model
    same = provider_for(task) == (task.initiative.provider or settings.CW_DEFAULT_PROVIDER)
    return task.initiative.model if same else ""


def start_agent_for_task(task: Task) -> Agent:
    """Give the task an agent and queue its session: one that worked on it before and still has its worktree, else
    a new one. Raises LostRace where somebody was faster, NotAllowed where an agent works on it."""
    agents = AgentRepository()
    with transaction.atomic():
        TaskRepository().move(task.id, to=TaskStatus.IN_PROGRESS, source=TaskStatus.PENDING, retry_count=0)
        former = _former_agent(task)
        if former is not None:
            agent = _back_to_idle(former, reason="It tries again.")
            reason = former.status_reason or "it was interrupted."
            queue_session(agent, prompt=render_prompt("retry", reason=reason), purpose=SessionPurpose.RETRY)
        else:
            agent = agents.create(
                name=new_name(lambda name: agents.find_by_name(name) is not None),
                task_id=task.id,
                phase_id=task.phase_id,
                initiative_id=task.initiative_id,
                provider=provider_for(task),
                model=model_for(task),
                mode=AgentMode.EXECUTE,
                host=settings.CW_HOST_NAME,
                worktree_id="",
                status_reason="Waits for a worker to start it.",
            )
            queue_session(agent, prompt="", purpose=SessionPurpose.WORK)
        TaskRepository().explain(task.id, f"{agent.name} works on it.")
    return agents.get(agent.id)


def _former_agent(task: Task) -> Agent | None:
    """The agent to go on with a task that was taken up before. One that cannot is dismissed: its work is kept."""
    agents = AgentRepository()
    usable: Agent | None = None
    for agent in agents.find_by_task_id(task.id):
        if agent.user_dismissed_at is not None:
            continue
        fits = agent.provider == provider_for(task) and agent.host == settings.CW_HOST_NAME
        if usable is None and fits and agent.session_id and agent.worktree_released_at is None:
            usable = agent
        else:
            agents.update(agent.id, user_dismissed_at=now())
    return usable


def _back_to_idle(agent: Agent, *, reason: str, **fields: Any) -> Agent:
    """A resting agent is queued again: nothing it said before counts any longer."""
    agents = AgentRepository()
    fields |= {"result": None, "pending_questions": None}
    if agent.status == AgentStatus.IDLE:
        agents.explain(agent.id, reason)
        return agents.update(agent.id, **fields)
    return agents.move(agent.id, to=AgentStatus.IDLE, reason=reason, **fields)


def start_talk(
    *,
    initiative_id: str | None,
    phase_id: str | None = None,
    task_id: str | None = None,
    provider: str = "",
    mode: AgentMode = AgentMode.DISCUSS,
    prompt: str,
) -> Agent:
    """An agent to talk with: it looks at the phase's (or initiative's) branch, and changes nothing.

    `task_id` names a task to talk about; the agent does not carry it out.
    """
    agents = AgentRepository()
    task = TaskRepository().get(task_id) if task_id else None
    phase = PhaseRepository().get(phase_id) if phase_id else (task.phase if task else None)
    initiative = phase.initiative if phase else None
    chosen = provider or (initiative.provider if initiative else "") or settings.CW_DEFAULT_PROVIDER
    get_provider(chosen)
    with transaction.atomic():
        name = new_name(lambda name: agents.find_by_name(name) is not None)
        agent = agents.create(
            name=name,
            phase_id=phase.id if phase else None,
            initiative_id=phase.initiative_id if phase else initiative_id,
            provider=chosen,
            model=initiative.model if initiative and chosen == initiative.provider else "",
            mode=mode,
            host=settings.CW_HOST_NAME,
            worktree_id="",
            status_reason="Waits for a worker to start it.",
        )
        about = f'It is about the task "{task.name}":\n\n{_quoted(task.description or "")}\n\n' if task else ""
        text = render_prompt("talk", agent_name=name, message=about + prompt)
        queue_session(agent, prompt=text, purpose=SessionPurpose.MESSAGE)
    return agents.get(agent.id)


def _quoted(text: str) -> str:
    """What somebody wrote, as a quotation: to be read, not to be done."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def resume_agent(
    agent_id: str, *, prompt: str, purpose: SessionPurpose = SessionPurpose.MESSAGE, by: str = ""
) -> AgentSession:
    """Queue a session in which a resting agent reads `prompt` and goes on. Raises NotAllowed, Invalid."""
    agents = AgentRepository()
    agent = agents.get(agent_id)
    check_can_resume(agent, agents.open_session(agent_id))
    message = _checked_prompt(prompt)
    with transaction.atomic():
        if agent.task is not None:
            _take_task_up(agent.task, agent)
        _withdraw_questions(agent)
        _back_to_idle(agent, reason=f"A message{f' of {by}' if by else ''} waits for it.")
        text = render_prompt("message", message=message)
        return queue_session(agents.get(agent_id), prompt=text, purpose=purpose)


def _take_task_up(task: Task, agent: Agent) -> None:
    """The agent's task is in progress again."""
    tasks = TaskRepository()
    active = AgentRepository().find_active_by_task_id(task.id)
    if active is not None and active.id != agent.id:
        raise NotAllowed(f"{active.name} works on this task by now.")
    if task.status == TaskStatus.BLOCKED:
        tasks.move(task.id, to=TaskStatus.PENDING, retry_count=0)
    if task.status != TaskStatus.IN_PROGRESS:
        tasks.move(task.id, to=TaskStatus.IN_PROGRESS)
    tasks.explain(task.id, f"{agent.name} works on it.")


def answer_questions(agent_id: str, answers: dict[str, str], *, by: str = "") -> AgentSession:
    """Answer what the agent asked; it is resumed with the answers. Raises NotAllowed, or Invalid by question id."""
    agents = AgentRepository()
    agent = agents.get(agent_id)
    check_can_answer(agent)
    questions = questions_of(agent)
    missing = {item["id"]: ["Answer this question."] for item in questions if not answers.get(item["id"], "").strip()}
    if missing:
        raise Invalid("Answer every question, please.", missing)
    given = [{"question": item["question"], "answer": answers[item["id"]].strip()} for item in questions]
    text = render_prompt("answer", answers=given)
    _checked_prompt(text)
    with transaction.atomic():
        agents.move(
            agent_id,
            to=AgentStatus.IDLE,
            source=AgentStatus.WAITING_FOR_INPUT,
            reason=ANSWERED,
            evidence={"answers": given, "by": by},
            pending_questions=None,
        )
        _withdraw_questions(agent, answer="\n".join(item["answer"] for item in given))
        return queue_session(agents.get(agent_id), prompt=text, purpose=SessionPurpose.ANSWER)


def questions_of(agent: Agent) -> list[dict[str, Any]]:
    """The agent's open questions: id, question, options, multiSelect."""
    try:
        value = json.loads(agent.pending_questions or "[]")
    except ValueError:
        return []
    return value if isinstance(value, list) else []


def _withdraw_questions(agent: Agent, answer: str = "") -> None:
    """The message that carried the agent's questions is answered too, wherever the answer was given."""
    messages = MessageRepository()
    for message in messages.find_requiring_response(PartyType.USER):
        if message.sender_type == PartyType.AGENT and message.sender_id == agent.id:
            messages.respond(message.id, answer or "Withdrawn.")


def stop_agent(agent_id: str, *, by: str = "") -> Agent:
    """Have everything of the agent stopped. Raises NotAllowed where nothing runs."""
    agents = AgentRepository()
    agent = agents.get(agent_id)
    session = agents.open_session(agent_id)
    check_can_stop(agent, session)
    with transaction.atomic():
        if session is None:
            _withdraw_questions(agent)
            agents.move(
                agent_id,
                to=AgentStatus.STOPPED,
                source=AgentStatus.WAITING_FOR_INPUT,
                since=agent.status_since,
                reason="You stopped it.",
                evidence={"by": by},
                pending_questions=None,
            )
            if agent.task is not None:
                TaskRepository().move(agent.task.id, to=TaskStatus.BLOCKED, reason=STOPPED_TASK)
        elif session.status == SessionState.QUEUED:
            agents.move_session(
                session.id,
                to=SessionState.ENDED,
                source=SessionState.QUEUED,
                reason="Stopped before it started.",
                evidence={"stopped": True, "by": by},
                stop_requested_at=now(),
                ended_at=now(),
            )
        else:
            agents.update_session(session.id, stop_requested_at=now())
            agents.explain(agent_id, "It is being stopped.")
        request_reconcile()
    return agents.get(agent_id)


def dismiss_agent(agent_id: str) -> Agent:
    """The person is done with the agent: it leaves the lists, and its worktree is cleared away, all work kept."""
    agents = AgentRepository()
    agent = agents.get(agent_id)
    check_can_dismiss(agent, agents.open_session(agent_id))
    with transaction.atomic():
        if agent.status == AgentStatus.WAITING_FOR_INPUT:
            stop_agent(agent_id)
        agents.update(agent_id, user_dismissed_at=now())
        request_reconcile()
    return agents.get(agent_id)


def delete_agent(agent_id: str) -> None:
    """Delete the agent's row and sessions; its log and its commits stay. Raises NotAllowed."""
    agents = AgentRepository()
    agent = agents.get(agent_id)
    check_can_delete(agent, agents.open_session(agent_id))
    agents.delete(agent_id)


def _checked_prompt(text: str) -> str:
    text = text.strip()
    if not text:
        raise Invalid("Write what it is to do.", {"prompt": ["Write what it is to do."]})
    if len(text.encode("utf-8", "replace")) > LONGEST_PROMPT:
        raise Invalid("That is too long: 256 KiB at most.", {"prompt": ["256 KiB at most."]})
    return text
