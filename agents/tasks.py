"""Engine tasks of agents; short, each on the queue of the host that has the agent's files."""

from django.tasks import task

from agents.actions.launch import launch_session


@task
def start_session(session_id: str) -> None:
    """Start the session on this host, if it is still wanted and there is a place for it.

    Guarantee: at most one process for a session, however often and wherever this runs.
    """
    launch_session(session_id)
