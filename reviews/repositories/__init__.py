from reviews.repositories.chat_session import ChatSessionRepository
from reviews.repositories.proposal import ProposalRepository
from reviews.repositories.review_comment import ReviewCommentRepository
from reviews.repositories.review_round import ReviewRoundRepository

__all__ = [
    "ChatSessionRepository",
    "ProposalRepository",
    "ReviewCommentRepository",
    "ReviewRoundRepository",
]
