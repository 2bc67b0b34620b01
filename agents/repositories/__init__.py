from agents.repositories.account import AccountRepository
from agents.repositories.agent import AgentRepository
from agents.repositories.conversation import ConversationRepository
from agents.repositories.log_chunk import LogChunkRepository
from agents.repositories.message import MessageRepository

__all__ = [
    "AccountRepository",
    "AgentRepository",
    "ConversationRepository",
    "LogChunkRepository",
    "MessageRepository",
]
