"""Whether work is good: enumerations of the seed and what is added to them, with their transition tables."""

from django.db.models import TextChoices

from cw_site.foundation.state_machine import StateMachine


class ProposalStatus(TextChoices):
    PENDING = "pending", "Pending"
    ACCEPTED = "accepted", "Accepted"
    DISMISSED = "dismissed", "Dismissed"


class ProposalTarget(TextChoices):
    PAGE = "page", "Page"
    PHASE = "phase", "Phase"
    TASK = "task", "Task"


class ChangeSetStatus(TextChoices):
    APPLIED = "applied", "Applied"
    REVERTED = "reverted", "Reverted"


class ChangeAction(TextChoices):
    CREATE = "create", "Created"
    UPDATE = "update", "Changed"
    DELETE = "delete", "Deleted"


class ChatTarget(TextChoices):
    PHASE = "phase", "Phase"
    TASK = "task", "Task"


class ChatStatus(TextChoices):
    ACTIVE = "active", "Open"
    CLOSED = "closed", "Closed"


class ChatRole(TextChoices):
    USER = "user", "You"
    ASSISTANT = "assistant", "Agent"
    SYSTEM = "system", "System"


class LineType(TextChoices):
    ADDED = "added", "Added"
    REMOVED = "removed", "Removed"
    CONTEXT = "context", "Context"


class ReviewOwner(TextChoices):
    PHASE = "phase", "Phase"
    INITIATIVE = "initiative", "Initiative"


class Decision(TextChoices):
    APPROVED = "approved", "Approved"
    CHANGES_REQUESTED = "changes_requested", "Changes requested"


PROPOSAL_MACHINE = StateMachine(
    name="proposal",
    states=ProposalStatus,
    initial=ProposalStatus.PENDING,
    transitions={"pending": {"accepted": "a person accepts", "dismissed": "a person dismisses"}},
)
CHAT_MACHINE = StateMachine(
    name="chat session",
    states=ChatStatus,
    initial=ChatStatus.ACTIVE,
    transitions={"active": {"closed": "a person closes it"}},
)
CHANGE_SET_MACHINE = StateMachine(
    name="change set",
    states=ChangeSetStatus,
    initial=ChangeSetStatus.APPLIED,
    transitions={"applied": {"reverted": "a person takes it back"}},
)
