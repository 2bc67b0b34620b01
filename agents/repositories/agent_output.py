"""The storing part of AgentRepository: what agents print, exactly once and in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db import transaction
from django.db.models import BigIntegerField, Case, F, Value, When

from agents.models import Agent, AgentLogChunk, AgentSession
from agents.repositories.log_chunk import LogChunkRepository
from cw_site.foundation.clock import now
from cw_site.foundation.events import publish_all


@dataclass(frozen=True, slots=True)
class Output:
    """What an agent printed between two offsets (bytes) of a session's output. Without text only the offset moves."""

    session_id: str
    agent_id: str
    expected_offset: int
    text: str
    next_offset: int

    def __post_init__(self) -> None:
        if self.next_offset <= self.expected_offset:
            raise ValueError("the output only grows: next_offset must follow expected_offset")


class AgentOutputPart:
    """What AgentRepository says about output."""

    def store_output(
        self, session_id: str, *, agent_id: str, expected_offset: int, text: str, next_offset: int
    ) -> bool:
        """As store_outputs, for one; False where it was not stored."""
        return bool(self.store_outputs([Output(session_id, agent_id, expected_offset, text, next_offset)]))

    def store_outputs(self, outputs: Sequence[Output]) -> int:
        """Store what several agents printed (one piece each), exactly once; returns how many pieces were new.

        Chunks, offsets, the agents' sequence numbers and the live events are one transaction. A piece is passed over
        where the offset is no longer the expected one: somebody else stored it, or the agent is gone. A handful of
        statements however many agents print: the same, one by one, took six times the CPU.
        """
        wanted = {output.session_id: output for output in outputs}
        if not wanted:
            return 0
        with transaction.atomic():
            rows = AgentSession.objects.select_for_update().filter(pk__in=wanted).order_by("id")
            places = [_Place(*row) for row in rows.values_list(*_COLUMNS)]
            places = [place for place in places if place.takes(wanted[place.session_id])]
            if places:
                _append(places, wanted)
        return len(places)


class _Place(NamedTuple):
    """Where a session's output stands in the database, locked."""

    session_id: str
    agent_id: str
    offset: int
    number: int
    agent_name: str
    sequence: int

    def takes(self, output: Output) -> bool:
        return (self.agent_id, self.offset) == (output.agent_id, output.expected_offset)


_COLUMNS = ("id", "agent_id", "output_offset", "number", "agent__name", "agent__log_sequence")


def _append(places: list[_Place], outputs: dict[str, Output]) -> None:
    chunks = [
        AgentLogChunk(
            agent_id=place.agent_id,
            agent_name=place.agent_name,
            session_number=place.number,
            sequence=place.sequence + 1,
            offset=place.offset,
            content=outputs[place.session_id].text,
        )
        for place in places
        if outputs[place.session_id].text
    ]
    ends = [When(pk=place.session_id, then=Value(outputs[place.session_id].next_offset)) for place in places]
    AgentSession.objects.filter(pk__in=[place.session_id for place in places]).update(
        output_offset=Case(*ends, output_field=BigIntegerField()), updated_at=now()
    )
    talking = [chunk.agent_id for chunk in chunks]
    Agent.objects.filter(pk__in=talking).update(log_sequence=F("log_sequence") + 1)
    LogChunkRepository().insert_chunks(chunks)
    publish_all([(f"agent-log:{chunk.agent_id}", "log", {"sequence": chunk.sequence}) for chunk in chunks])
