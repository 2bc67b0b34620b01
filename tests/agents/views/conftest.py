"""Agents with a log, without processes."""

import json
from collections.abc import Callable

import pytest
from pytest_django.fixtures import Settings

from agents.models import Agent
from agents.repositories import AgentRepository
from tests.factories import make_agent, make_session, make_task


@pytest.fixture(autouse=True)
def nothing_waits(settings: Settings) -> None:
    """The count beside the navigation belongs to the app above; here it is int() = 0."""
    settings.CW_ATTENTION_COUNT = "builtins.int"


@pytest.fixture
def talker(db: None) -> Callable[..., Agent]:
    """An agent of the scripted provider that printed these events; further columns as given."""

    def make(*events: dict[str, object], **fields: object) -> Agent:
        agent = make_agent(make_task(), **fields)
        session = make_session(agent, status="live")
        offset = 0
        for event in events:
            text = json.dumps(event) + "\n"
            stored = AgentRepository().store_output(
                session.id, agent_id=agent.id, expected_offset=offset, text=text, next_offset=offset + len(text)
            )
            assert stored
            offset += len(text)
        return AgentRepository().get(agent.id)

    return make
