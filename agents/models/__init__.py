from agents.models.account import Account
from agents.models.agent import Agent, AgentSession
from agents.models.conversation import Conversation
from agents.models.log_chunk import AgentLogChunk
from agents.models.message import Message

__all__ = ["Account", "Agent", "AgentLogChunk", "AgentSession", "Conversation", "Message"]
