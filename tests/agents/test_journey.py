"""From a pending task to an idle agent, with real processes and real git."""

import json

from agents.repositories.log_chunk import LogChunkRepository
from agents.states import AgentStatus
from cw_site.git.refs import branch_ref, read_ref
from initiatives.actions.branches import clone_of
from initiatives.repositories import BranchRepository
from initiatives.states import TaskStatus
from tests.agents.conftest import Engine, Plan, done_steps, output_of, reload


def test_a_task_is_carried_out_committed_and_its_log_stored(engine: Engine, plan: Plan) -> None:
    task = plan.task(*done_steps())
    agent = engine.until_settled(task)
    assert agent.status == AgentStatus.IDLE
    assert json.loads(agent.result or "") == {"status": "done", "summary": "Made made.txt.", "session": 1}
    assert reload(task).status == TaskStatus.IN_PROGRESS, "merging completes it, which is not an agent's business"
    branch = BranchRepository().find("task", task.id, plan.project.id)
    assert branch is not None
    tip = read_ref(clone_of(plan.project), branch_ref(branch.name))
    assert tip == branch.head_sha != branch.base_sha
    session = engine.agents.find_sessions(agent.id)[0]
    stored = "".join(chunk.content for chunk in LogChunkRepository().find_by_agent_id(agent.id))
    assert stored == output_of(session).read_text() != ""
    assert [found.id for found in engine.agents.list_done_for_tasks()] == [agent.id]
