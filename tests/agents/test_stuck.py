"""What must not wait for ever, take what it does not use, or stop others: agents whose world went wrong."""

import json
import os
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from agents.actions import agent as agent_actions
from agents.actions import launch
from agents.actions.agent import answer_questions, dismiss_agent, questions_of, start_talk, stop_agent
from agents.models import Agent
from agents.policies import check_can_stop
from agents.repositories import AccountRepository
from agents.runtime.workspace import read_workspace
from agents.states import AgentStatus, SessionState
from agents.ticks import release_worktrees, start_tasks, stop_orphans
from cw_site.foundation.errors import NotAllowed
from cw_site.git import removal
from cw_site.git.refs import list_refs
from initiatives.actions.branches import clone_of
from initiatives.actions.initiative import archive_initiative, delete_initiative, restore_initiative
from initiatives.states import TaskStatus
from tests.agents.conftest import Engine, Plan, done_steps, output_of, reload, script
from tests.factories import make_account, make_agent, make_initiative, make_phase, make_session, make_task


class Died(BaseException):
    """The worker was killed here."""


def test_sessions_that_wait_for_a_login_leave_the_places_to_others(
    engine: Engine, plan: Plan, settings: Settings
) -> None:
    settings.CW_AGENTS_PER_HOST = 2
    account = make_account(provider="claude")
    AccountRepository().mark_login_expired(account.id, "Log in again.")
    for _ in range(2):
        make_session(make_agent(plan.task(status="in_progress"), provider="claude", host=settings.CW_HOST_NAME))
    task = plan.task(*done_steps())
    start_tasks()
    assert reload(task).status == TaskStatus.IN_PROGRESS, reload(task).status_reason


def test_a_session_folder_that_cannot_be_read_does_not_stop_the_other_agents(engine: Engine, plan: Plan) -> None:
    plan.task({"wait": 60}, *done_steps("a.txt"))
    agent: Agent = engine.until(lambda: engine.agents.find_by_status(AgentStatus.RUNNING))[0]
    session = engine.agents.open_session(agent.id)
    assert session is not None
    (output_of(session).parent / "pid.json").unlink()
    (output_of(session).parent / "pid.json").mkdir()
    finished = engine.until_settled(plan.task(*done_steps("b.txt")))
    assert json.loads(finished.result or "")["status"] == "done"
    assert "cannot be read" in engine.agents.get_session(session.id).status_reason


def test_a_log_that_cannot_be_read_does_not_stop_the_other_agents(engine: Engine, plan: Plan) -> None:
    """An agent may do anything to its own session's files."""
    bad = plan.task({"print_lines": {"count": 1, "every": 0}}, {"wait": 60}, *done_steps("a.txt"))
    agent: Agent = engine.until(lambda: engine.agents.find_by_status(AgentStatus.RUNNING))[0]
    session = engine.agents.open_session(agent.id)
    assert session is not None
    engine.until(lambda: output_of(session).exists())
    output_of(session).unlink()
    output_of(session).mkdir()
    good = plan.task(*done_steps("b.txt"))
    finished = engine.until_settled(good)
    assert json.loads(finished.result or "")["status"] == "done"
    stop_agent(agent.id)
    assert engine.until_settled(bad).status == AgentStatus.STOPPED


def test_a_worktree_that_git_cannot_read_blocks_the_task_with_the_reason(
    engine: Engine, plan: Plan, settings: Settings
) -> None:
    settings.CW_RETRY_DELAY_SECONDS = 0
    task = plan.task(
        {"write": {"path": "a.txt", "content": "a"}},
        {"commit": "Make a"},
        {"run": 'echo nonsense > "$(git rev-parse --git-dir)/index"'},
        {"done": "Made it."},
    )
    agent = engine.until_settled(task)
    assert agent.status == AgentStatus.CRASHED
    assert reload(task).status == TaskStatus.BLOCKED
    assert "git" in reload(task).status_reason


def test_a_removal_that_was_cut_off_is_finished(engine: Engine, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    task = plan.task({"write": {"path": "draft.txt", "content": "draft"}}, {"fail": {"exit": 3, "times": 9}})
    agent = engine.until_settled(task)
    workspace = read_workspace(agent)
    assert workspace is not None
    path = workspace.trees[0].path
    dismiss_agent(agent.id)
    # killed after the folder was set aside and before anything in it was kept
    os.rename(path, path.with_name(f".{path.name}.removing"))
    release_worktrees()
    assert [entry.name for entry in path.parent.iterdir() if "remov" in entry.name] == []
    kept = list_refs(clone_of(plan.project), "refs/cw/keep/agents")
    assert kept, "the draft is reachable from a kept ref"


def test_a_removal_that_was_cut_off_at_its_end_leaves_no_folder(
    engine: Engine, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = plan.task({"fail": {"exit": 3, "times": 9}})
    agent = engine.until_settled(task)
    workspace = read_workspace(agent)
    assert workspace is not None
    path = workspace.trees[0].path
    dismiss_agent(agent.id)

    def die(folder: Path) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(removal, "_delete", die)
        with pytest.raises(Died):
            release_worktrees()
    release_worktrees()
    assert [entry.name for entry in path.parent.iterdir() if "remov" in entry.name] == []


def test_a_stop_is_obeyed_though_the_session_could_not_start(
    engine: Engine, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = plan.task(*done_steps())
    start_tasks()
    session = engine.agents.list_sessions(SessionState.QUEUED)[0]

    def stopped_meanwhile(*args: object) -> None:
        stop_agent(session.agent_id, by="ada")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(launch, "_prepare", stopped_meanwhile)
    launch.launch_session(session.id)
    agent = engine.until_settled(task)
    assert agent.status == AgentStatus.STOPPED
    assert len(engine.agents.find_sessions(agent.id)) == 1


def test_a_stop_that_comes_after_an_answer_stops_the_session_or_says_no(
    engine: Engine, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two windows: one answers while the other stops. A stopped agent must not have a session that starts."""
    task = plan.task({"ask": {"questions": [{"id": "q", "question": "Which?"}]}}, *done_steps())
    agent = engine.until_settled(task)

    def answered_meanwhile(*args: object) -> None:
        monkeypatch.setattr(agent_actions, "check_can_stop", check_can_stop)
        answer_questions(agent.id, {item["id"]: "this" for item in questions_of(agent)})

    monkeypatch.setattr(agent_actions, "check_can_stop", answered_meanwhile)
    with pytest.raises(NotAllowed):
        stop_agent(agent.id)
    assert reload(task).status == TaskStatus.IN_PROGRESS
    assert json.loads(engine.until_settled(task).result or "")["status"] == "done"


def test_nothing_queued_starts_in_an_archived_initiative_and_it_goes_on_when_restored(
    engine: Engine, plan: Plan, settings: Settings
) -> None:
    settings.CW_AGENTS_PER_HOST = 1
    task = plan.task({"ask": {"questions": [{"id": "q", "question": "Which?"}]}}, *done_steps())
    agent = engine.until_settled(task)
    archive_initiative(plan.initiative.id)
    answer_questions(agent.id, {item["id"]: "this" for item in questions_of(agent)})
    for _ in range(3):
        engine.step()
    session = engine.agents.open_session(agent.id)
    assert session is not None
    assert session.status == SessionState.QUEUED
    assert "archived" in session.status_reason
    other = make_initiative(projects=[plan.project])
    phase = make_phase(other, status="in_progress")
    elsewhere = make_task(phase, description=script(*done_steps("c.txt")), provider="scripted")
    assert json.loads(engine.until_settled(elsewhere).result or "")["status"] == "done", "it takes no place"
    restore_initiative(plan.initiative.id)
    assert json.loads(engine.until_settled(task).result or "")["status"] == "done"


def test_an_agent_whose_initiative_was_deleted_is_stopped_and_its_worktree_cleared(engine: Engine, plan: Plan) -> None:
    """One that talks hinders nobody from deleting the initiative, and nobody could find it afterwards."""
    agent = start_talk(
        initiative_id=plan.initiative.id, phase_id=plan.phase.id, provider="scripted", prompt=script({"wait": 60})
    )
    engine.until(lambda: engine.agents.find_by_status(AgentStatus.RUNNING))
    delete_initiative(plan.initiative.id)
    engine.until(lambda: stop_orphans() or engine.agents.open_session(agent.id) is None)
    engine.until(lambda: engine.agents.open_session(agent.id) is None)
    assert engine.agents.get(agent.id).status == AgentStatus.STOPPED
    stop_orphans()
    release_worktrees()
    assert engine.agents.get(agent.id).worktree_released_at is not None
