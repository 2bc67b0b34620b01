"""A worker may die at any line: whoever comes next goes on, and nothing happens twice."""

import json
import os
import signal
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from agents import ticks
from agents.actions import launch
from agents.actions.agent import start_agent_for_task
from agents.actions.settle import settle_session
from agents.models import Agent, AgentSession
from agents.repositories import LogChunkRepository
from agents.runtime import ingest, process, supervisor
from agents.runtime.paths import session_folder
from agents.runtime.supervisor import Supervisor
from agents.states import AgentStatus, SessionState
from agents.ticks import settle_sessions, start_tasks
from cw_site.foundation.errors import LostRace
from initiatives.models import Task
from initiatives.states import TaskStatus
from tests.agents.conftest import Engine, Plan, done_steps, output_of, reload
from tests.factories import make_initiative, make_phase, make_project, make_task


class Died(BaseException):
    """The worker was killed here."""


def die(*args: object, **kwargs: object) -> None:
    raise Died


def queued(engine: Engine, task: Task) -> AgentSession:
    start_tasks()
    session = engine.agents.open_session(engine.agents.find_by_task_id(task.id)[0].id)
    assert session is not None
    return session


@pytest.mark.parametrize(
    "place",
    ["_prepare", "process.start", "record_live", "ensure_workspace", "process.write_launch"],
)
def test_a_start_that_was_cut_off_is_finished_by_the_next(
    engine: Engine, plan: Plan, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    task = plan.task(*done_steps())
    session = queued(engine, task)
    with monkeypatch.context() as patch:
        patch.setattr(f"agents.actions.launch.{place}", die)
        with pytest.raises(Died):
            launch.launch_session(session.id)
    monkeypatch.setattr(supervisor, "START_PATIENCE_SECONDS", 0)
    agent = engine.until_settled(task)
    assert json.loads(agent.result or "")["status"] == "done"
    assert len(engine.agents.find_sessions(agent.id)) == 1
    started = [line for line in output_of(session).read_text().splitlines() if '"session"' in line]
    assert len(started) == 1, "one process, however often it was asked for"


def test_a_new_supervisor_adopts_what_runs_and_stores_every_line_once(engine: Engine, plan: Plan) -> None:
    task = plan.task({"print_lines": {"count": 200, "every": 0.005}}, *done_steps())
    running = engine.until(lambda: engine.agents.find_by_status(AgentStatus.RUNNING))[0]
    engine.until(lambda: LogChunkRepository().get_session_count(running.id))
    engine.supervisor = Supervisor(engine.supervisor.host)
    agent = engine.until_settled(task)
    session = engine.agents.find_sessions(agent.id)[0]
    stored = "".join(chunk.content for chunk in LogChunkRepository().find_by_agent_id(agent.id, 0, 10_000))
    assert stored == output_of(session).read_text()


def test_two_supervisors_store_a_block_once(engine: Engine, plan: Plan) -> None:
    task = plan.task({"print_lines": {"count": 50, "every": 0}}, *done_steps())
    agent_id = engine.until(lambda: [a.id for a in engine.agents.find_by_status(AgentStatus.RUNNING)])[0]
    session = engine.agents.open_session(agent_id)
    assert session is not None
    engine.until(lambda: output_of(session).stat().st_size > 500)
    fresh = engine.agents.find_session(session.id)
    assert fresh is not None
    intakes = [ingest.read_output(fresh, final=False) for _ in range(2)]
    if intakes[0].block.data:
        assert ingest.store_all(intakes) == 1
    engine.until_settled(task)
    stored = "".join(chunk.content for chunk in LogChunkRepository().find_by_agent_id(agent_id, 0, 10_000))
    assert stored == output_of(session).read_text()


def test_settling_twice_changes_nothing_more(engine: Engine, plan: Plan) -> None:
    task = plan.task({"fail": {"exit": 3, "times": 9}}, *done_steps())
    engine.settles = False
    [session] = engine.until(lambda: engine.agents.list_sessions(SessionState.ENDED))
    settle_session(session)
    with pytest.raises(LostRace):
        settle_session(session)
    assert reload(task).retry_count == 1
    assert len(engine.agents.find_sessions(session.agent_id)) == 2


def test_an_agent_whose_shim_was_killed_is_swept_and_retried(engine: Engine, plan: Plan) -> None:
    task = plan.task({"print_lines": {"count": 3, "every": 0}}, {"wait": 60}, *done_steps())
    agent: Agent = engine.until(lambda: engine.agents.find_by_status(AgentStatus.RUNNING))[0]
    session = engine.agents.open_session(agent.id)
    assert session is not None
    engine.until(lambda: LogChunkRepository().get_session_count(agent.id))
    shim = process.probe(session_folder(agent.id, session.number)).shim_pid
    assert shim is not None
    os.kill(shim, signal.SIGKILL)
    agent = engine.until_settled(task)
    first = engine.agents.find_sessions(agent.id)[0]
    assert first.end == "crashed"
    assert process.survivors(first.id) == []
    assert json.loads(agent.result or "")["status"] == "done"


def test_trouble_with_one_row_is_written_on_it_and_the_others_go_on(
    engine: Engine, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = plan.task(*done_steps("a.txt")), plan.task(*done_steps("b.txt"))

    def sometimes(task: Task) -> Agent:
        if task.id == bad.id:
            raise RuntimeError("boom")
        return start_agent_for_task(task)

    monkeypatch.setattr(ticks, "start_agent_for_task", sometimes)
    assert start_tasks() == 1
    assert "An error of our own: RuntimeError" in reload(bad).status_reason
    assert reload(good).status == TaskStatus.IN_PROGRESS


def test_a_project_without_a_clone_blocks_with_the_reason_after_its_retries(engine: Engine, tmp_path: Path) -> None:
    initiative = make_initiative(projects=[make_project(url=str(tmp_path / "nowhere"))])
    task = make_task(make_phase(initiative, status="in_progress"), provider="scripted")
    agent = engine.until_settled(task)
    assert agent.status == AgentStatus.CRASHED
    assert reload(task).status == TaskStatus.BLOCKED
    assert "project" in reload(task).status_reason
    assert settle_sessions() == 0


def test_a_log_without_end_is_stored_up_to_its_cap(engine: Engine, plan: Plan, settings: Settings) -> None:
    settings.CW_LOG_MAX_BYTES = 2_000
    task = plan.task({"print_lines": {"count": 2_000, "every": 0.001}}, *done_steps())
    agent = engine.until_settled(task)
    session = engine.agents.find_sessions(agent.id)[0]
    stored = "".join(chunk.content for chunk in LogChunkRepository().find_by_agent_id(agent.id, 0, 10_000))
    assert stored.count("The log is longer than") == 1
    assert len(stored) < output_of(session).stat().st_size
    assert session.output_offset == output_of(session).stat().st_size
    assert json.loads(agent.result or "")["status"] == "done", "a cap is not a failure"
