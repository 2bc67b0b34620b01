"""What can be wanted and how it moves: enumerations of the seed and their transition tables."""

from django.db.models import TextChoices

from cw_site.foundation.state_machine import StateMachine


class InitiativeStatus(TextChoices):
    ACTIVE = "active", "Active"
    PENDING_REVIEW = "pending_review", "Waiting for review"
    COMPLETED = "completed", "Completed"
    ARCHIVED = "archived", "Archived"


class ExecutionMode(TextChoices):
    REVIEW_PER_PHASE = "review_per_phase", "Review each phase"
    YOLO = "yolo", "Merge without review (yolo)"


class PhaseStatus(TextChoices):
    PENDING = "pending", "Pending"
    APPROVED = "approved", "Approved"
    IN_PROGRESS = "in_progress", "In progress"
    PENDING_REVIEW = "pending_review", "Waiting for review"
    COMPLETED = "completed", "Completed"
    BLOCKED = "blocked", "Blocked"


class TaskStatus(TextChoices):
    PENDING = "pending", "Pending"
    IN_PROGRESS = "in_progress", "In progress"
    COMPLETED = "completed", "Completed"
    BLOCKED = "blocked", "Blocked"


class TaskType(TextChoices):
    AUTO = "auto", "Agent"
    HUMAN_VERIFY = "checkpoint:human-verify", "Checkpoint: verify"
    DECISION = "checkpoint:decision", "Checkpoint: decide"
    HUMAN_ACTION = "checkpoint:human-action", "Checkpoint: act"


class TaskCategory(TextChoices):
    EXECUTE = "execute", "Execute"
    RESEARCH = "research", "Research"
    DISCUSS = "discuss", "Discuss"
    PLAN = "plan", "Plan"
    DETAIL = "detail", "Detail"
    REFINE = "refine", "Refine"
    VERIFY = "verify", "Verify"
    MERGE = "merge", "Merge"
    REVIEW = "review", "Review"


class TaskPriority(TextChoices):
    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"


class FinishAction(TextChoices):
    MERGE = "merge", "Merge"
    PUSH_BRANCH = "push_branch", "Push the branch"
    MERGE_AND_PUSH = "merge_and_push", "Merge and push"


class SyncState(TextChoices):
    NEVER = "never", "Not cloned yet"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"


class BranchOwner(TextChoices):
    INITIATIVE = "initiative", "Initiative"
    PHASE = "phase", "Phase"
    TASK = "task", "Task"


INITIATIVE_MACHINE = StateMachine(
    name="initiative",
    states=InitiativeStatus,
    initial=InitiativeStatus.ACTIVE,
    transitions={
        "active": {"pending_review": "every phase completed", "archived": "archive"},
        "pending_review": {
            "completed": "merged or pushed",
            "active": "a phase was added",
            "archived": "archive",
        },
        "completed": {"archived": "archive"},
        "archived": {"active": "restore"},
    },
)
PHASE_MACHINE = StateMachine(
    name="phase",
    states=PhaseStatus,
    initial=PhaseStatus.PENDING,
    transitions={
        "pending": {"approved": "a person approves", "blocked": "a reason"},
        "approved": {
            "in_progress": "queued, dependencies completed",
            "pending": "approval withdrawn",
            "blocked": "a reason",
        },
        "in_progress": {
            "pending_review": "every task completed",
            "completed": "yolo, merged",
            "blocked": "a reason",
        },
        "pending_review": {
            "completed": "approved and merged",
            "in_progress": "changes requested",
            "blocked": "a reason",
        },
        "blocked": {"pending": "unblocked", "approved": "unblocked", "in_progress": "unblocked"},
    },
)
TASK_MACHINE = StateMachine(
    name="task",
    states=TaskStatus,
    initial=TaskStatus.PENDING,
    transitions={
        "pending": {
            "in_progress": "an agent starts",
            "completed": "a person completes a checkpoint",
            "blocked": "a reason",
        },
        "in_progress": {"completed": "done and merged", "blocked": "a reason", "pending": "taken back"},
        "blocked": {"pending": "a person retries"},
    },
)

CHECKPOINTS = frozenset({TaskType.HUMAN_VERIFY, TaskType.DECISION, TaskType.HUMAN_ACTION})
PRIORITY_ORDER = {TaskPriority.HIGH: 0, TaskPriority.MEDIUM: 1, TaskPriority.LOW: 2}
