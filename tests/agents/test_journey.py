"""From a pending task to an idle agent and every other end, with real processes and real git."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from agents.actions.agent import (
    answer_questions,
    dismiss_agent,
    questions_of,
    resume_agent,
    start_talk,
    stop_agent,
)
from agents.models import Agent
from agents.repositories import AccountRepository, LogChunkRepository, MessageRepository
from agents.runtime import process
from agents.runtime.cw_files import read_comment_responses
from agents.states import AgentStatus, SessionPurpose, SessionState
from agents.ticks import release_worktrees
from cw_site.foundation.clock import now
from cw_site.foundation.errors import Invalid, NotAllowed
from cw_site.git.clones import ensure_clone
from cw_site.git.refs import branch_ref, list_refs, read_ref
from initiatives.actions.branches import clone_of
from initiatives.actions.task import retry_task
from initiatives.models import Task
from initiatives.repositories import BranchRepository, TaskRepository
from initiatives.states import TaskStatus
from tests.agents.conftest import Engine, Plan, done_steps, output_of, reload, script
from tests.factories import make_account, make_initiative, make_phase, make_project, make_task, run_git


def purposes(engine: Engine, agent: Agent) -> list[str]:
    return [session.purpose for session in engine.agents.find_sessions(agent.id)]


def result_of(agent: Agent) -> dict[str, object]:
    value = json.loads(agent.result or "null")
    assert isinstance(value, dict)
    return value


def tip_of(plan: Plan, task: Task) -> str | None:
    branch = BranchRepository().find("task", task.id, plan.project.id)
    assert branch is not None
    return read_ref(clone_of(plan.project), branch_ref(branch.name))


def test_a_task_is_carried_out_committed_and_its_log_stored(engine: Engine, plan: Plan) -> None:
    task = plan.task(*done_steps())
    agent = engine.until_settled(task)
    assert agent.status == AgentStatus.IDLE
    assert result_of(agent) == {"status": "done", "summary": "Made made.txt.", "session": 1}
    assert reload(task).status == TaskStatus.IN_PROGRESS, "merging completes it, which is not an agent's business"
    branch = BranchRepository().find("task", task.id, plan.project.id)
    assert branch is not None
    assert tip_of(plan, task) == branch.head_sha != branch.base_sha
    session = engine.agents.find_sessions(agent.id)[0]
    stored = "".join(chunk.content for chunk in LogChunkRepository().find_by_agent_id(agent.id))
    assert stored == output_of(session).read_text() != ""
    assert [found.id for found in engine.agents.list_done_for_tasks()] == [agent.id]


def test_questions_wait_for_a_person_and_the_answers_resume_the_same_conversation(engine: Engine, plan: Plan) -> None:
    question = {"id": "name", "question": "Which name?", "options": ["red", "blue"]}
    task = plan.task(
        {"ask": {"questions": [question]}},
        {"write": {"path": "answer.txt", "content": "{{prompt}}"}},
        {"commit": "Use the answer"},
        {"done": "Used it."},
    )
    agent = engine.until_settled(task)
    assert agent.status == AgentStatus.WAITING_FOR_INPUT
    assert [item["id"] for item in questions_of(agent)] == ["name"]
    assert len(MessageRepository().find_requiring_response()) == 1
    with pytest.raises(Invalid):
        answer_questions(agent.id, {"name": "  "})
    answer_questions(agent.id, {"name": "blue, please"}, by="ada")
    agent = engine.until_settled(task)
    assert result_of(agent)["summary"] == "Used it."
    first, second = engine.agents.find_sessions(agent.id)
    assert first.cli_session_id == second.cli_session_id
    assert "blue, please" in (Path(agent.worktree_id) / "answer.txt").read_text()
    assert MessageRepository().find_requiring_response() == []
    with pytest.raises(NotAllowed):
        answer_questions(agent.id, {"name": "again"})


def test_a_crash_is_retried_a_bounded_number_of_times_then_the_task_is_blocked(engine: Engine, plan: Plan) -> None:
    task = plan.task({"fail": {"exit": 3, "times": 9, "message": "no luck"}}, *done_steps())
    agent = engine.until_settled(task)
    assert agent.status == AgentStatus.CRASHED
    assert purposes(engine, agent) == ["work", "retry", "retry"]
    blocked = reload(task)
    assert blocked.status == TaskStatus.BLOCKED
    assert "no luck" in blocked.status_reason
    assert "3 times" in blocked.status_reason


def test_a_crash_that_passes_costs_a_retry_and_nothing_else(engine: Engine, plan: Plan) -> None:
    task = plan.task({"fail": {"exit": 3, "times": 1}}, *done_steps())
    agent = engine.until_settled(task)
    assert result_of(agent)["status"] == "done"
    assert purposes(engine, agent) == ["work", "retry"]
    assert reload(task).retry_count == 1


def test_a_persons_retry_goes_on_in_the_same_worktree(engine: Engine, plan: Plan) -> None:
    task = plan.task(
        {"write": {"path": "kept.txt", "content": "kept"}}, {"fail": {"exit": 3, "times": 3}}, {"commit": "Keep"}
    )
    first = engine.until_settled(task)
    assert reload(task).status == TaskStatus.BLOCKED
    retry_task(task.id)
    agent = engine.until(lambda: engine.agents.list_done_for_tasks())[0]
    assert agent.id == first.id
    assert "kept" in run_git(Path(agent.worktree_id), "show", "HEAD:kept.txt")


def test_a_stop_ends_everything_and_says_what_can_be_done(engine: Engine, plan: Plan) -> None:
    task = plan.task({"run": "setsid sleep 300 & echo started"}, {"hang": True}, *done_steps())
    engine.until(lambda: engine.agents.list_sessions(SessionState.LIVE))
    agent = engine.until(lambda: engine.agents.find_by_status(AgentStatus.RUNNING))[0]
    session = engine.agents.open_session(agent.id)
    assert session is not None
    engine.until(lambda: LogChunkRepository().find_by_agent_id(agent.id))
    stop_agent(agent.id, by="ada")
    with pytest.raises(NotAllowed):
        stop_agent(agent.id)
    agent = engine.until_settled(task)
    assert agent.status == AgentStatus.STOPPED
    assert process.survivors(session.id) == []
    assert "Resume the agent, or retry the task" in reload(task).status_reason
    resume_agent(agent.id, prompt="Go on, please.")
    assert reload(task).status == TaskStatus.IN_PROGRESS
    assert result_of(engine.until_settled(task))["status"] == "done"


def test_a_queued_session_can_be_stopped_before_it_started(engine: Engine, plan: Plan, settings: Settings) -> None:
    task = plan.task(*done_steps())
    settings.CW_AGENTS_PER_HOST = 1
    engine.until(lambda: engine.agents.find_by_task_id(task.id), timeout=5)
    agent = engine.agents.find_by_task_id(task.id)[0]
    if engine.agents.open_session(agent.id) is not None:
        stop_agent(agent.id)
    assert engine.until_settled(task).status == AgentStatus.STOPPED


def test_a_limit_parks_the_account_and_another_one_goes_on(engine: Engine, plan: Plan) -> None:
    accounts = [make_account(provider="scripted"), make_account(provider="scripted")]
    task = plan.task({"limit": {"resets_in": 3600, "times": 1}}, *done_steps())
    agent = engine.until_settled(task)
    assert result_of(agent)["status"] == "done"
    first, second = engine.agents.find_sessions(agent.id)
    assert (first.end, second.purpose) == ("limit", SessionPurpose.LIMIT)
    assert {first.account_id, second.account_id} == {account.id for account in accounts}
    parked = AccountRepository().get(first.account_id or "")
    assert parked.exhausted_until is not None
    assert parked.exhausted_until > now() + timedelta(minutes=50)
    assert reload(task).retry_count == 0, "a limit is a clock, not a failure"


def test_without_another_account_it_waits_for_the_reset_and_says_so(engine: Engine, plan: Plan) -> None:
    account = make_account(provider="scripted")
    task = plan.task({"limit": {"resets_in": 3600, "times": 1}}, *done_steps())
    agent = engine.until(
        lambda: [a for a in engine.agents.find_by_task_id(task.id) if "goes on by itself" in a.status_reason]
    )[0]
    session = engine.agents.open_session(agent.id)
    assert session is not None
    assert session.not_before is not None
    waiting = plan.task(*done_steps("other.txt"))
    engine.step()
    assert "used up until" in reload(waiting).status_reason
    AccountRepository().mark_available(account.id)
    engine.agents.update_session(session.id, created_at=now() - timedelta(minutes=1))
    assert result_of(engine.until_settled(task))["status"] == "done"


def test_uncommitted_work_is_asked_for_once_then_kept_on_a_ref(engine: Engine, plan: Plan) -> None:
    task = plan.task({"write": {"path": "loose.txt", "content": "loose"}}, {"done": "Forgot to commit."})
    agent = engine.until_settled(task)
    assert purposes(engine, agent) == ["work", "commit"]
    result = result_of(agent)
    assert result["status"] == "done"
    assert result["summary"] == "Forgot to commit."
    assert "loose.txt" in str(result["uncommitted"])
    kept = list_refs(clone_of(plan.project), f"refs/cw/keep/agents/{agent.id}")
    assert any(run_git(clone_of(plan.project).git_dir, "show", f"{sha}:loose.txt") == "loose" for sha in kept.values())


def test_an_agent_that_forgets_its_signal_is_asked_once(engine: Engine, plan: Plan) -> None:
    task = plan.task({"quit": "I am off."}, *done_steps())
    agent = engine.until_settled(task)
    assert purposes(engine, agent)[:2] == ["work", "signal"]
    assert result_of(agent)["status"] == "done"


def test_a_task_whose_provider_is_missing_says_what_to_install(engine: Engine, plan: Plan, settings: Settings) -> None:
    settings.CW_PROVIDER_EXECUTABLES = {"claude": "/nonexistent/claude"}
    task = plan.task(*done_steps(), provider="claude")
    engine.step()
    assert reload(task).status == TaskStatus.PENDING
    assert "/nonexistent/claude" in reload(task).status_reason


def test_places_are_limited_per_host(engine: Engine, plan: Plan, settings: Settings) -> None:
    settings.CW_AGENTS_PER_HOST = 1
    tasks = [plan.task(*done_steps(f"file-{number}.txt")) for number in range(3)]
    most = 0

    def all_done() -> bool:
        nonlocal most
        most = max(most, len(engine.agents.list_sessions([SessionState.STARTING, SessionState.LIVE])))
        return len(engine.agents.list_done_for_tasks()) == len(tasks)

    engine.step()
    assert any("Waits for a place" in reload(task).status_reason for task in tasks)
    engine.until(all_done)
    assert most == 1


def test_dependants_read_the_summaries_of_what_they_waited_for(engine: Engine, plan: Plan) -> None:
    before = plan.task(*done_steps(), status="completed", summary="The parser is in parser.py.")
    task = plan.task({"run": "cat .cw/input/context/tasks/*"}, *done_steps("b.txt"))
    TaskRepository().create_dependency(task.id, before.id)
    agent = engine.until_settled(task)
    log = "".join(chunk.content for chunk in LogChunkRepository().find_by_agent_id(agent.id))
    assert "The parser is in parser.py." in log


def test_an_agent_works_in_several_projects_at_once(engine: Engine, tmp_path: Path, settings: Settings) -> None:
    projects = [make_project(tmp_path / name, name=name, default_branch="main") for name in ("front", "back")]
    for project in projects:
        ensure_clone(clone_of(project), url=project.url)
    phase = make_phase(make_initiative(projects=projects), status="in_progress")
    settings.CW_TASK_INPUTS = ["tests.agents.hooks.comments"]
    commit = "(cd $p && echo x > x && git add x && git commit -qm x)"
    steps = script({"run": f"cat .cw/input/comments.json; for p in front back; do {commit}; done"}, {"done": "Both."})
    task = make_task(phase, description=steps, provider="scripted", category="review")
    agent = engine.until_settled(task)
    assert result_of(agent)["status"] == "done"
    branches = BranchRepository().list_for_owner("task", task.id)
    assert len(branches) == 2
    assert all(branch.head_sha != branch.base_sha for branch in branches)
    log = "".join(chunk.content for chunk in LogChunkRepository().find_by_agent_id(agent.id))
    assert '\\"folder\\": \\"back\\"' in log


def test_answers_to_comments_survive_the_question_for_a_commit(engine: Engine, plan: Plan) -> None:
    responses = '[{"comment_id": "c", "body": "Done."}]'
    task = plan.task(
        {"run": f"echo '{responses}' > .cw/output/comment-responses.json; echo loose > loose.txt"},
        {"done": "Forgot to commit."},
        {"commit": "Remember"},
    )
    agent = engine.until_settled(task)
    assert purposes(engine, agent) == ["work", "commit"]
    assert [item.comment_id for item in read_comment_responses(Path(agent.worktree_id))] == ["c"]


def test_work_on_another_branch_is_taken_over_where_it_only_adds(engine: Engine, plan: Plan) -> None:
    task = plan.task(
        {"run": "git checkout -q -b mine && echo a > a.txt && git add a.txt && git commit -qm Mine"}, {"done": "Done."}
    )
    agent = engine.until_settled(task)
    assert "uncommitted" not in result_of(agent)
    branch = BranchRepository().find("task", task.id, plan.project.id)
    assert branch is not None
    assert tip_of(plan, task) == branch.head_sha != branch.base_sha


def test_a_talk_looks_at_the_plan_and_changes_nothing(engine: Engine, plan: Plan) -> None:
    agent = start_talk(initiative_id=None, phase_id=plan.phase.id, provider="scripted", prompt="What is this about?")
    engine.until(lambda: engine.agents.open_session(agent.id) is None)
    session = engine.agents.find_sessions(agent.id)[-1]
    assert (session.end, engine.agents.get(agent.id).status) == ("success", AgentStatus.IDLE)
    assert "What is this about?" in session.final_text
    resume_agent(agent.id, prompt="And now?")
    engine.until(lambda: engine.agents.open_session(agent.id) is None)
    assert "And now?" in engine.agents.find_sessions(agent.id)[-1].final_text


def test_a_talk_about_a_task_does_not_carry_it_out(engine: Engine, plan: Plan) -> None:
    task = plan.task({"write": {"path": "made.txt", "content": "by a chat"}}, {"done": "It is carried out."})
    agent = start_talk(
        initiative_id=None, phase_id=plan.phase.id, task_id=task.id, provider="scripted", prompt="Is it hard?"
    )
    engine.until(lambda: engine.agents.open_session(agent.id) is None)
    assert engine.agents.find_sessions(agent.id)[-1].final_text == "I read: Is it hard?"


def test_finished_agents_lose_their_worktree_and_none_of_their_work(engine: Engine, plan: Plan) -> None:
    task = plan.task(*done_steps())
    agent = engine.until_settled(task)
    (Path(agent.worktree_id) / "late.txt").write_text("left behind")
    TaskRepository().complete(task.id, summary="Made.")
    assert release_worktrees() == 1
    assert release_worktrees() == 0
    released = engine.agents.get(agent.id)
    assert released.worktree_released_at is not None
    assert not Path(agent.worktree_id).exists()
    kept = list_refs(clone_of(plan.project), f"refs/cw/keep/agents/{agent.id}")
    assert any("late.txt" in run_git(clone_of(plan.project).git_dir, "ls-tree", "-r", sha) for sha in kept.values())
    with pytest.raises(NotAllowed):
        resume_agent(agent.id, prompt="Once more.")


def test_a_dismissed_agents_task_is_taken_up_by_a_new_one_on_the_same_branch(engine: Engine, plan: Plan) -> None:
    half = {"write": {"path": "half.txt", "content": "half"}}
    task = plan.task(half, {"commit": "Half"}, {"fail": {"exit": 1, "times": 3}})
    first = engine.until_settled(task)
    dismiss_agent(first.id)
    retry_task(task.id)
    crashed = engine.agents.find_by_status
    second = engine.until(lambda: [a for a in crashed(AgentStatus.CRASHED) if a.id != first.id])[0]
    assert "half" in run_git(Path(second.worktree_id), "show", "HEAD:half.txt")
