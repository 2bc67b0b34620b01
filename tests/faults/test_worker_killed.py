"""The worker is killed at ten moments while ten agents print: nothing is lost, doubled or left behind."""

import json
import random
import time

import pytest

from agents.models import Agent
from agents.repositories import AgentRepository, LogChunkRepository
from agents.runtime import process
from agents.runtime.paths import session_folder
from initiatives.models import Phase
from tests.faults.conftest import Workers, scripted_task
from tests.waiting import wait_until

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
AGENTS, LINES, KILLS = 10, 600, 10


def done_agents() -> list[Agent]:
    return AgentRepository().list_done_for_tasks()


def stored_text(agent: Agent) -> str:
    chunks = LogChunkRepository().find_by_agent_id(agent.id, 0, 100_000)
    assert [chunk.sequence for chunk in chunks] == list(range(1, len(chunks) + 1))
    return "".join(chunk.content for chunk in chunks)


def test_every_line_is_stored_once_and_in_order(workers: Workers, phase: Phase) -> None:
    chance = random.Random(20261123)
    for _ in range(AGENTS):
        scripted_task(phase, {"print_lines": {"count": LINES, "every": 0.02}}, {"done": "Printed."})
    worker = workers.start()
    wait_until(lambda: AgentRepository().list_sessions(["queued", "starting"]), timeout=30)
    for _ in range(KILLS):
        # the moments are the test's subject: anywhere between claim, launch, ingest and settle
        time.sleep(chance.uniform(0.2, 1.6))
        workers.kill(worker)
        worker = workers.start()
    wait_until(lambda: len(done_agents()) == AGENTS, timeout=120, message=workers.log.read_text()[-3000:])
    for agent in done_agents():
        [session] = AgentRepository().find_sessions(agent.id)
        folder = session_folder(agent.id, session.number)
        text = stored_text(agent)
        assert text == (folder / "output.jsonl").read_text()
        printed = [json.loads(line)["text"] for line in text.splitlines() if json.loads(line)["type"] == "text"]
        assert len(printed) >= LINES
        assert len(set(printed)) == len(printed)
        assert process.survivors(session.id) == []
        assert process.probe(folder).state == "ended"
