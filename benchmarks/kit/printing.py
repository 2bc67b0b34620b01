"""Agents that print at a steady rate, from a moment that we choose: the load of A3 to A5."""

import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from agents.models import AgentLogChunk, AgentSession
from agents.repositories import AgentRepository
from agents.runtime.paths import session_folder
from agents.states import SessionState
from benchmarks.kit import agents
from benchmarks.kit.trees import make_tiny
from benchmarks.kit.worker import WorkerProcess, running_worker
from initiatives.actions.task import create_task
from tests.waiting import wait_until

_PRINTING = """#!{python} -IS
import os, time
while not os.path.exists("{go}"):
    time.sleep(0.02)
begin, rate, lines = [float(word) for word in open("{go}").read().split()]
text = '{{"type":"text","text":"@%d %.6f {pad}"}}'
line = '{{"type":"assistant","message":{{"role":"assistant","content":[' + text + ']}}}}\\n'
for number in range(int(lines)):
    due = begin + number / rate
    left = due - time.time()
    if left > 0:
        time.sleep(left)
    os.write(1, (line % (number, time.time())).encode())
time.sleep(3600)
"""
_STAMP = re.compile(rb"@(\d+) (\d+\.\d+) ")
PAD = 100
"""With it a line has about 200 bytes."""


@dataclass(frozen=True)
class Load:
    """Running agents that wait for the word to print."""

    go: Path
    worker: WorkerProcess
    sessions: list[AgentSession]

    def outputs(self) -> list[Path]:
        """The files that the agents print into."""
        return [session_folder(session.agent_id, session.number) / "output.jsonl" for session in self.sessions]

    def say_go(self, *, rate: float, lines: int) -> float:
        """Let every agent print `lines` lines, `rate` a second; returns the time at which they begin."""
        begin = time.time() + 0.5
        temporary = self.go.with_suffix(".tmp")
        temporary.write_text(f"{begin} {rate} {lines}")
        os.replace(temporary, self.go)
        return begin

    def wait_until_stored(self, *, lines: int, timeout: float) -> None:
        """Until every agent has printed that many lines and all of them are stored."""
        last = f"@{lines - 1} ".encode()

        def stored() -> bool:
            files = self.outputs()
            if not all(path.exists() and last in _tail(path) for path in files):
                return False
            ids = [session.id for session in self.sessions]
            offsets = dict(AgentSession.objects.filter(pk__in=ids).values_list("id", "output_offset"))
            sizes = [path.stat().st_size for path in files]
            return [offsets[one] for one in ids] == sizes

        wait_until(stored, timeout=timeout, message="everything printed is stored")


@contextmanager
def printing_agents(folder: Path, *, count: int) -> Iterator[Load]:
    """That many live agents on a tiny repository, looked after by a worker."""
    go, program = folder / "go", folder / "printer"
    program.write_text(_PRINTING.format(python=sys.executable, go=go, pad="x" * PAD))
    program.chmod(0o755)
    with running_worker(folder / "data", CW_CLAUDE=str(program)) as process:
        try:
            phase = agents.start_phase(make_tiny(folder / "source"), name="Print")
            for number in range(count):
                create_task(phase.id, name=f"Print {number}")

            def live() -> list[AgentSession]:
                found = AgentRepository().list_sessions(SessionState.LIVE)
                return found if len(found) == count else []

            yield Load(go, process, wait_until(live, timeout=30 + 3 * count, message="every agent is live"))
        finally:
            process.end()
            agents.stop_all()


def read_stamps(data: bytes) -> list[tuple[int, float]]:
    """(number, time of printing) of each line in a piece of output."""
    return [(int(number), float(moment)) for number, moment in _STAMP.findall(data)]


def stored_output(session: AgentSession) -> bytes:
    """What the product keeps of a session's output, in order."""
    rows = AgentLogChunk.objects.filter(agent_id=session.agent_id, session_number=session.number)
    return "".join(rows.order_by("sequence").values_list("content", flat=True)).encode()


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        return file.read()
