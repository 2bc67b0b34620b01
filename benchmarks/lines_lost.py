"""A4: lines lost while 20 agents print and the worker is killed (SIGKILL) and started again in the middle. Goal: none;
none doubled and none out of order either."""

import signal
import time
from pathlib import Path

from benchmarks.kit.measure import scaled
from benchmarks.kit.printing import printing_agents, stored_output
from benchmarks.kit.result import Result, Row

AGENTS, RATE, SECONDS = 20, 100, 15


def run(folder: Path, *, scale: float) -> Result:
    """Every byte of every agent's output is compared with what is kept of it."""
    agents, lines = scaled(AGENTS, scale, least=2), scaled(RATE * SECONDS, scale, least=100)
    with printing_agents(folder, count=agents) as load:
        begin = load.say_go(rate=RATE, lines=lines)
        time.sleep(max(0, begin + lines / RATE / 2 - time.time()))
        load.worker.end(signal.SIGKILL)
        load.worker.start()
        load.wait_until_stored(lines=lines, timeout=lines / RATE + 60)
        lost = doubled = damaged = 0
        for session, path in zip(load.sessions, load.outputs(), strict=True):
            printed, kept = path.read_bytes().splitlines(), stored_output(session).splitlines()
            lost += len(set(printed) - set(kept))
            doubled += len(kept) - len(set(kept))
            damaged += printed != kept
    total = agents * lines
    what = f"lines lost; {agents} agents x {RATE} lines/s, worker killed half-way"
    return Result(
        [
            Row("A4", what, "lines", lost, limit=0, count=total),
            Row("A4", "lines doubled, the same run", "lines", doubled, limit=0, count=total),
            Row("A4", "agents whose log differs from what they printed", "agents", damaged, limit=0, count=agents),
        ]
    )
