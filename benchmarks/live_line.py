"""A5: a line is printed -> the viewer of the agent's page is told, 95 of 100 lines, while 20 agents print 100 lines a
second and each has a viewer. Goal: at most 1.5 x a poll of the files every 50 ms.

The same run gives A3 with viewers: CPU of worker and web process for each line stored and shown. Goal: 75 us.
"""

from bisect import bisect_left
from pathlib import Path

from agents.models import AgentLogChunk
from benchmarks.kit.follower import following
from benchmarks.kit.measure import cpu_seconds, percentile, scaled
from benchmarks.kit.printing import Load, printing_agents, read_stamps
from benchmarks.kit.result import Result, Row
from benchmarks.kit.viewer import Viewer, watching
from benchmarks.kit.web import collect_static, make_person, running_web

AGENTS, RATE, SECONDS = 20, 100, 30


def run(folder: Path, *, scale: float) -> Result:
    """Agents, worker, web server, viewers and the floor all run at once."""
    agents, lines = scaled(AGENTS, scale, least=2), scaled(RATE * SECONDS, scale, least=50)
    collect_static()
    _, key = make_person()
    with (
        printing_agents(folder, count=agents) as load,
        running_web(folder / "data") as web,
        watching(web, load.sessions, key) as viewers,
        following(load.outputs(), folder / "floor.sqlite3", pause=0.05) as floor,
    ):
        load.say_go(rate=RATE, lines=lines)
        before = cpu_seconds(load.worker.pid) + web.cpu()
        load.wait_until_stored(lines=lines, timeout=lines / RATE + 60)
        cpu = cpu_seconds(load.worker.pid) + web.cpu() - before
        told = _ages(load, viewers)
        shown = [age for viewer in viewers for age in viewer.shown]
    total = agents * lines
    least = percentile(floor.ages, 0.95)
    what = f"line printed → its viewer is told, p95; {agents} agents x {RATE} lines/s, a viewer each"
    return Result(
        [
            Row("A5", what, "ms", percentile(told, 0.95) * 1e3, least * 1e3, "poll of the files every 50 ms", goal=1.5,
                count=len(told)),
            Row("A5", "line printed → its HTML is in the viewer, p95", "ms", percentile(shown, 0.95) * 1e3, least * 1e3,
                "poll of the files every 50 ms", count=len(shown)),
            Row("A3", "worker's and web's CPU for a line stored and shown, a viewer each", "µs", cpu / total * 1e6,
                floor.cpu / total * 1e6, "read + insert, every 50 ms", limit=75, count=total),
        ]
    )  # fmt: skip


def _ages(load: Load, viewers: list[Viewer]) -> list[float]:
    """How old each line was when its viewer was told of it. Lines that nobody was told of are left out."""
    ages = []
    for session, viewer in zip(load.sessions, viewers, strict=True):
        numbers = [number for number, _ in viewer.told]
        rows = AgentLogChunk.objects.filter(agent_id=session.agent_id).values_list("sequence", "content")
        for sequence, content in rows:
            at = bisect_left(numbers, sequence)
            if at < len(numbers):
                ages += [viewer.told[at][1] - printed for _, printed in read_stamps(content.encode())]
    return ages
