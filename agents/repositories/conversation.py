from django.db.models import Q, QuerySet

from agents.models import Conversation
from agents.states import CONVERSATION_MACHINE, ConversationStatus
from cw_site.foundation.repository import SteppedRepository


class ConversationRepository(SteppedRepository[Conversation]):
    """The table `conversations`: questions between agents."""

    model = Conversation
    noun = "conversation"
    machine = CONVERSATION_MACHINE

    def topics(self, row: Conversation) -> list[str]:
        return [f"agent:{row.from_agent_id}", f"agent:{row.to_agent_id}"]

    def find_by_id(self, row_id: str) -> Conversation | None:
        """The conversation with both agents, or None."""
        return self._rows().filter(pk=row_id).first()

    def find_pending_for_agent(self, agent_id: str) -> list[Conversation]:
        """Questions that wait for this agent's answer, oldest first."""
        rows = self._rows().filter(to_agent_id=agent_id, status=ConversationStatus.PENDING)
        return list(rows.order_by("created_at", "id"))

    def answer(self, conversation_id: str, answer: str) -> Conversation:
        """Store the answer; raises InvalidTransition where there is one already, NotFound."""
        return self.step(conversation_id, to=ConversationStatus.ANSWERED, answer=answer)

    def list_page(
        self,
        *,
        limit: int,
        offset: int,
        agent_id: str | None = None,
        status: ConversationStatus | str | None = None,
    ) -> tuple[list[Conversation], int]:
        """A page of conversations (of one agent, as asker or asked), newest first, and how many there are."""
        rows = self._rows().order_by("-created_at", "-id")
        if agent_id is not None:
            rows = rows.filter(Q(from_agent_id=agent_id) | Q(to_agent_id=agent_id))
        if status is not None:
            rows = rows.filter(status=status)
        return list(rows[offset : offset + limit]), rows.count()

    def _rows(self) -> QuerySet[Conversation]:
        return Conversation.objects.select_related("from_agent", "to_agent")
