"""Settings of the workers that the fault tests kill: the test run's database, and the ticks of agents alone."""

from tests.settings import *  # noqa: F403

CW_TICKS = [
    "agents.ticks.free_accounts",
    "agents.ticks.settle_sessions",
    "agents.ticks.start_tasks",
    "agents.ticks.resume_waiting",
    "agents.ticks.release_worktrees",
]
CW_TASK_INPUTS = []
