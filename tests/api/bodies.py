"""Requests that the filled workspace accepts: hostile values put into them get past the first checks."""

from typing import Any

from tests.api.operations import Operation, sample
from tests.factories_api import Workspace

PLANNED = {"phases", "tasks"}
"""Tags of operations on plans, which need a phase that has not started."""


def ids_for(operation: Operation, workspace: Workspace) -> dict[str, str]:
    """The rows on which the operation has something to do."""
    ids = dict(workspace.ids)
    if PLANNED & set(operation.spec["tags"]):
        ids |= {"phase_id": ids["draft_phase_id"], "task_id": ids["draft_task_id"]}
    if operation.path.endswith("/complete"):
        ids["task_id"] = ids["checkpoint_id"]
    if operation.path.endswith("/resume"):
        ids["name"] = ids["resting_agent"]
    return ids


def body_for(operation: Operation, workspace: Workspace) -> Any:
    """A body that it takes."""
    ids = workspace.ids
    known: dict[str, Any] = {
        "POST /projects": {"name": "new", "url": "https://git.example.org/new.git"},
        "POST /phases/{phase_id}/dependencies": {"depends_on_phase_id": ids["phase_id"]},
        "DELETE /phases/{phase_id}/dependencies": {"depends_on_phase_id": ids["earlier_phase_id"]},
        "POST /phases/{phase_id}/approve-review": {"head": workspace.heads},
        "POST /phases/{phase_id}/comments": {
            "file_path": "app.py",
            "line_number": 3,
            "line_type": "added",
            "body": "Why?",
        },
        "POST /initiatives/{initiative_id}/finish": {"action": "merge", "head": workspace.heads},
        "POST /chat-sessions": {"target_type": "phase", "target_id": ids["phase_id"]},
        "POST /conversations": {"from_agent": ids["name"], "to_agent": ids["resting_agent"], "question": "Where?"},
        "POST /agents/{name}/answer": {"answers": {"q1": "Blue"}},
    }
    return known.get(str(operation), sample(operation.body_schema) if operation.body_schema else None)
