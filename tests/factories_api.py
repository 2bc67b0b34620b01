"""A workspace with a row of every kind that the JSON API answers, and a real repository behind its diffs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from agents.models import Agent
from agents.repositories import AgentRepository, ConversationRepository, MessageRepository
from cw_site.foundation.clock import now
from initiatives.models import Task
from initiatives.repositories import PageRepository, TaskRepository
from reviews import ticks
from reviews.actions.chat import open_chat
from reviews.actions.comment import add_comment, reply
from reviews.actions.decision import request_changes
from reviews.repositories import ChatSessionRepository, ProposalRepository
from tests.factories import make_account, make_agent, make_phase, make_project, make_session, make_task
from tests.reviews.conftest import World, make_world, replace_line

SECRET = "sk-canary-zebra-quartz-7"
QUESTION = {"id": "q1", "question": "Which colour?", "options": [{"label": "Blue"}], "multiSelect": False}


@dataclass(frozen=True)
class Workspace:
    """The ids that paths are filled with, and the commits that may be approved."""

    ids: dict[str, str]
    heads: dict[str, str]


@contextmanager
def rolled_back() -> Iterator[None]:
    """Whatever happens inside is undone."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def fill_workspace(path: Path) -> Workspace:
    """Fill an empty database; `path` is a folder for the project's repository."""
    world = make_world(path / "source", provider="scripted")
    comment_id = _reviewed_twice(world)
    agent, task = _asking_agent(world)
    assert task.phase is not None
    draft = make_phase(world.initiative, after=[task.phase], name="Later")
    checkpoint = make_task(draft, after=[make_task(draft)], type="checkpoint:human-action")
    resting = make_agent(make_task(draft, status="blocked"), status="crashed")
    make_project(name="unused")
    page = PageRepository().create(
        initiative_id=world.initiative.pk,
        title="Notes",
        content=json.dumps({"type": "doc", "content": []}),
        parent_page_id=PageRepository().get_or_create_root_page(world.initiative.pk).pk,
    )
    ids = {
        "project_id": world.project.pk,
        "initiative_id": world.initiative.pk,
        "phase_id": world.phase.pk,
        "task_id": task.pk,
        "page_id": page.pk,
        "comment_id": comment_id,
        "name": agent.name,
        "agent_id": agent.pk,
        "account_id": make_account(provider="claude", credentials=SECRET, config_json=f'{{"key": "{SECRET}"}}').pk,
        "project": world.project.pk,
        "path": "app.py",
        "draft_phase_id": draft.pk,
        "earlier_phase_id": task.phase.pk,
        "draft_task_id": make_task(draft).pk,
        "checkpoint_id": checkpoint.pk,
        "resting_agent": resting.name,
        **_talk(world, agent),
    }
    return Workspace(ids, world.heads())


def _reviewed_twice(world: World) -> str:
    """Bring the phase into its second round; returns a thread that is open."""
    files: dict[str, str | bytes | None] = {"app.py": replace_line(3, "changed"), "new.txt": "one\n"}
    files["bin.dat"] = b"\0\1\2"
    world.do_task(files, provider="scripted")
    _merge()
    thread = add_comment(
        world.phase.pk, file_path="app.py", line_number=3, line_type="added", body="Why?", author="script"
    )
    reply(thread.pk, body="Because.", author="brisk-otter")
    task = request_changes(world.phase.pk, person=None, person_name="person", note="Please.")
    TaskRepository().move(task.pk, to="in_progress")
    world.finish_agent(TaskRepository().get(task.pk))
    _merge()
    return thread.pk


def _merge() -> None:
    ticks.merge_tasks()
    ticks.close_phases()


def _asking_agent(world: World) -> tuple[Agent, Task]:
    """An agent at work that has printed lines and asks; its task is of a phase of its own."""
    phase, _ = world.add_phase(name="Second")
    task = make_task(phase, status="in_progress", provider="scripted")
    agent = make_agent(task, status="waiting_for_input", pending_questions=json.dumps([QUESTION]))
    session = make_session(agent, status="live")
    for number, text in enumerate(("first\n", "zweite Zeile ␀ \u202e\n")):
        AgentRepository().store_output(
            session.pk, agent_id=agent.pk, expected_offset=number, text=text, next_offset=number + 1
        )
    AgentRepository().move_session(session.pk, to="ended", ended_at=now())
    AgentRepository().move_session(session.pk, to="settled", end="question", cost_usd=0.25, input_tokens=7)
    return agent, task


def _talk(world: World, agent: Agent) -> dict[str, str]:
    """A conversation, a message, a chat and a proposal that wait, and what was applied once."""
    other = make_agent(make_task(world.phase, status="completed"), status="idle")
    conversation = ConversationRepository().create(
        from_agent_id=agent.pk, to_agent_id=other.pk, initiative_id=world.initiative.pk, question="Where?"
    )
    message = MessageRepository().create(
        sender_type="agent",
        sender_id=agent.pk,
        recipient_type="user",
        type="question",
        content="Which colour?",
        requires_response=True,
    )
    chat = open_chat(target_type="phase", target_id=world.phase.pk)
    ChatSessionRepository().create_message(chat.pk, role="user", content="Hello", delivered_at=now())
    proposal = ProposalRepository().create(
        agent_id=agent.pk, initiative_id=world.initiative.pk, target_type="task", title="Do more", content="…"
    )
    entry = {"entity_type": "task", "entity_id": "t1", "action": "create", "new_state": {"name": "x"}}
    ProposalRepository().create_change_set(initiative_id=world.initiative.pk, source="chat", entries=[entry])
    return {
        "conversation_id": conversation.pk,
        "message_id": message.pk,
        "chat_id": chat.pk,
        "proposal_id": proposal.pk,
    }
