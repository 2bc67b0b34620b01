from collections.abc import Iterable

from django.db.models import Max

from agents.models import AgentLogChunk


class LogChunkRepository:
    """The table `agent_log_chunks`: append-only, ordered by `sequence`, and outliving its agents."""

    def insert_chunk(
        self, *, agent_id: str, agent_name: str, session_number: int, sequence: int, offset: int, content: str
    ) -> AgentLogChunk:
        """Append lines. A second insert of the same sequence or of the same place in the output is refused."""
        return AgentLogChunk.objects.create(
            agent_id=agent_id,
            agent_name=agent_name,
            session_number=session_number,
            sequence=sequence,
            offset=offset,
            content=content,
        )

    def insert_chunks(self, chunks: Iterable[AgentLogChunk]) -> None:
        """Append many at once; refused as a whole where one of them would be."""
        AgentLogChunk.objects.bulk_create(chunks)

    def find_by_agent_id(self, agent_id: str, after: int = 0, limit: int = 500) -> list[AgentLogChunk]:
        """The chunks that follow the sequence number `after`, in order."""
        rows = AgentLogChunk.objects.filter(agent_id=agent_id, sequence__gt=after)
        return list(rows.order_by("sequence")[:limit])

    def tail(self, agent_id: str, limit: int = 100) -> list[AgentLogChunk]:
        """The newest chunks, in order."""
        rows = AgentLogChunk.objects.filter(agent_id=agent_id).order_by("-sequence")[:limit]
        return list(reversed(rows))

    def delete_by_agent_id(self, agent_id: str) -> int:
        """Delete an agent's log; returns how many chunks it had."""
        deleted, _ = AgentLogChunk.objects.filter(agent_id=agent_id).delete()
        return deleted

    def get_session_count(self, agent_id: str) -> int:
        """How many sessions of the agent have printed: the highest session number, 0 without a log."""
        highest = AgentLogChunk.objects.filter(agent_id=agent_id).aggregate(highest=Max("session_number"))["highest"]
        return int(highest or 0)
