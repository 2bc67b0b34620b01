from reviews.models.chat_session import ChatMessage, ChatSession
from reviews.models.proposal import ChangeSet, ChangeSetEntry, Proposal
from reviews.models.review_comment import ReviewComment
from reviews.models.review_round import ReviewDecision, ReviewRound

__all__ = [
    "ChangeSet",
    "ChangeSetEntry",
    "ChatMessage",
    "ChatSession",
    "Proposal",
    "ReviewComment",
    "ReviewDecision",
    "ReviewRound",
]
