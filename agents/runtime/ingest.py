"""Taking in what agents print: every line exactly once and in order, whoever reads and whenever they are killed.

A block of whole lines is read at the offset that the row holds, and stored together with the next offset in one
transaction that compares the offset first. Two readers may read the same block; one of them stores it.
"""

from dataclasses import dataclass

from django.conf import settings

from agents.models import AgentSession
from agents.repositories.agent import AgentRepository
from agents.repositories.agent_output import Output
from agents.runtime import log_file
from agents.runtime.log_file import Block
from agents.runtime.paths import session_folder

OUTPUT = "output.jsonl"


@dataclass(frozen=True, slots=True)
class Intake:
    """A block that was read for a session, to be stored."""

    session: AgentSession
    block: Block


def read_output(session: AgentSession, *, final: bool) -> Intake:
    """The next whole lines of the session. `final`: its process is over, known from before this read."""
    path = session_folder(session.agent_id, session.number) / OUTPUT
    return Intake(session, log_file.read_block(path, session.output_offset, final=final))


def store_all(intakes: list[Intake]) -> int:
    """Store the blocks of a round in one transaction; returns how many were new."""
    return AgentRepository().store_outputs(
        [
            Output(
                session_id=intake.session.id,
                agent_id=intake.session.agent_id,
                expected_offset=intake.session.output_offset,
                text=_stored_text(intake),
                next_offset=intake.block.next_offset,
            )
            for intake in intakes
        ]
    )


def _stored_text(intake: Intake) -> str:
    """What of a block goes to the database: all of it up to the cap, then one line that says so, then nothing. The
    file has everything, and the end of the session is judged from the file."""
    start, cap = intake.session.output_offset, settings.CW_LOG_MAX_BYTES
    if start >= cap:
        return ""
    text = log_file.to_text(intake.block.data)
    if intake.block.next_offset < cap:
        return text
    folder = session_folder(intake.session.agent_id, intake.session.number)
    return f"{text}The log is longer than {cap // 1024**2} MiB. What follows is not stored here; it is in {folder}.\n"
