"""Engine tasks of this app. Each may run twice: it reads its row afresh and ensures what the row asks for."""

from django.tasks import task

from initiatives.actions.project import carry_out_sync


@task
def sync_project(project_id: str) -> None:
    """Clone or fetch a project's repository; how it went is on the project's row."""
    carry_out_sync(project_id)
