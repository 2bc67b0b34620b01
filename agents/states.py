"""Who does the work and how that moves: enumerations of the seed and their transition tables."""

from django.db.models import TextChoices

from cw_site.foundation.state_machine import StateMachine


class AgentStatus(TextChoices):
    IDLE = "idle", "Idle"
    RUNNING = "running", "Running"
    WAITING_FOR_INPUT = "waiting_for_input", "Waiting for an answer"
    STOPPED = "stopped", "Stopped"
    CRASHED = "crashed", "Crashed"


class AgentMode(TextChoices):
    EXECUTE = "execute", "Execute"
    DISCUSS = "discuss", "Discuss"
    PLAN = "plan", "Plan"
    DETAIL = "detail", "Detail"
    REFINE = "refine", "Refine"


class SessionState(TextChoices):
    QUEUED = "queued", "Queued"
    STARTING = "starting", "Starting"
    LIVE = "live", "Running"
    ENDED = "ended", "Ended"
    SETTLED = "settled", "Settled"


class SessionKind(TextChoices):
    SPAWN = "spawn", "Started"
    RESUME = "resume", "Resumed"


class SessionPurpose(TextChoices):
    WORK = "work", "To do its work"
    ANSWER = "answer", "With answers"
    MESSAGE = "message", "With a message"
    COMMIT = "commit", "Asked to commit"
    SIGNAL = "signal", "Asked for its signal"
    RETRY = "retry", "To try again"
    LIMIT = "limit", "To go on after a limit"


class ConversationStatus(TextChoices):
    PENDING = "pending", "Waiting for an answer"
    ANSWERED = "answered", "Answered"


class PartyType(TextChoices):
    AGENT = "agent", "Agent"
    USER = "user", "Person"


class MessageType(TextChoices):
    QUESTION = "question", "Question"
    INFO = "info", "Information"
    ERROR = "error", "Error"
    RESPONSE = "response", "Response"


class MessageStatus(TextChoices):
    PENDING = "pending", "Unread"
    READ = "read", "Read"
    RESPONDED = "responded", "Answered"


AGENT_MACHINE = StateMachine(
    name="agent",
    states=AgentStatus,
    initial=AgentStatus.IDLE,
    transitions={
        "idle": {
            "running": "a session starts",
            "stopped": "a person stops it",
            "crashed": "it could not start",
        },
        "running": {
            "idle": "the session is done",
            "waiting_for_input": "it asks",
            "stopped": "stopped",
            "crashed": "it failed",
        },
        "waiting_for_input": {
            "running": "resumed",
            "stopped": "a person stops it",
            "idle": "answered, queued again",
        },
        "stopped": {"running": "resumed", "idle": "queued again"},
        "crashed": {"running": "resumed", "idle": "queued again", "stopped": "a person gives up"},
    },
)
SESSION_MACHINE = StateMachine(
    name="session",
    states=SessionState,
    initial=SessionState.QUEUED,
    transitions={
        "queued": {"starting": "a worker takes it", "ended": "it could not start or was stopped"},
        "starting": {"live": "the process runs", "ended": "it could not start"},
        "live": {"ended": "the process is over, its output stored"},
        "ended": {"settled": "its end is concluded"},
    },
)
CONVERSATION_MACHINE = StateMachine(
    name="conversation",
    states=ConversationStatus,
    initial=ConversationStatus.PENDING,
    transitions={"pending": {"answered": "answered"}},
)

ACTIVE_AGENT = (AgentStatus.IDLE, AgentStatus.RUNNING, AgentStatus.WAITING_FOR_INPUT)
OPEN_SESSION = (SessionState.QUEUED, SessionState.STARTING, SessionState.LIVE, SessionState.ENDED)
NUDGES = (SessionPurpose.COMMIT, SessionPurpose.SIGNAL)
"""Sessions that ask for one thing more; the work itself was done before."""
