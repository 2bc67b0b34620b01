"""Two workers of one host on one database: every task is carried out, and carried out once."""

from collections import Counter
from pathlib import Path

import pytest

from agents.repositories import AgentRepository
from initiatives.models import Phase
from tests.faults.conftest import Workers, scripted_task
from tests.waiting import wait_until

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
TASKS = 200


def test_two_hundred_tasks_are_each_run_once(workers: Workers, phase: Phase, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    for number in range(TASKS):
        scripted_task(phase, {"run": f"echo {number} >> {ran}"}, {"done": "Ran."})
    workers.start()
    workers.start()
    agents = AgentRepository()

    def finished() -> bool:
        # the cheap look first: this loop must not take the workers' time
        if not ran.exists() or ran.read_text().count("\n") < TASKS:
            return False
        assert all(session.end in {"", "success"} for session in agents.list_sessions("settled"))
        return len(agents.list_done_for_tasks()) == TASKS

    wait_until(finished, timeout=900, message=workers.log.read_text()[-3000:])
    assert Counter(ran.read_text().split()) == {str(number): 1 for number in range(TASKS)}
    assert Counter(agent.task_id for agent in agents.list_done_for_tasks()).most_common(1)[0][1] == 1
    assert all(len(agents.find_sessions(agent.id)) == 1 for agent in agents.list_done_for_tasks())
