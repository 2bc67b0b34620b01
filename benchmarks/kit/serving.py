"""CPU of the web process for each request, beside a plain Django view that answers the same bytes."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.kit.client import Answer, Connection, ask_many, build
from benchmarks.kit.measure import in_turns, medians, scaled
from benchmarks.kit.web import BARE, FLOOR, OURS, Web, collect_static, running_web
from initiatives.actions.initiative import create_initiative
from initiatives.actions.phase import create_phase
from initiatives.actions.project import add_project
from initiatives.models import Phase, Task

ROWS = 100
CONNECTIONS = 32
CHEAPER = 5

type RequestOf = Callable[[Web], bytes]


@dataclass(frozen=True)
class Served:
    """CPU seconds for a request, by name of the server, round by round; and the answer that was measured."""

    cpu: Mapping[str, list[float]]
    answer: Answer

    @property
    def medians(self) -> dict[str, float]:
        """Microseconds for a request, by name of the server."""
        return {name: value * 1e6 for name, value in medians(self.cpu).items()}

    @property
    def rounds(self) -> int:
        """How often each server took its turn."""
        return len(self.cpu[OURS])


def make_phase_with_tasks(rows: int, *, name: str = "List") -> Phase:
    """A phase of an initiative with that many tasks, planned and not begun."""
    project = add_project(name=name, url="https://git.example.org/list.git", default_branch="main")
    initiative = create_initiative(
        name=name, project_ids=[project.id], execution_mode="review_per_phase", provider="scripted"
    )
    phase = create_phase(initiative.id, name=name)
    Task.objects.bulk_create(
        Task(
            phase=phase,
            initiative_id=initiative.id,
            name=f"Task number {number} of the list",
            description="Read the durations from the file, and say what could not be read.",
            order=number,
        )
        for number in range(rows)
    )
    return phase


def measure_requests(
    folder: Path, request_of: RequestOf, *, scale: float, requests: int, beside: tuple[str, ...] = (FLOOR,)
) -> Served:
    """Ask the product and the servers beside it in turns, 32 requests at a time. Keys are the names of the servers.

    The floor and the bare page answer any address; the others are asked what the product is asked.
    """
    collect_static()
    count = scaled(requests, scale, least=CONNECTIONS)
    with ExitStack() as stack:
        ours = stack.enter_context(running_web(folder / "data", OURS))
        answer = Connection(ours.port).ask(request_of(ours))
        assert 200 <= answer.status < 300, (answer.status, answer.body[:500])
        body = folder / "bytes"
        body.write_bytes(answer.body)
        same = {"CW_BENCH_BYTES": str(body), "CW_BENCH_TYPE": answer.headers["content-type"]}
        webs = {OURS: ours}
        for name in beside:
            webs[name] = stack.enter_context(running_web(folder / "data", name, **(same if name == FLOOR else {})))

        def cost(name: str) -> float:
            web = webs[name]
            request = build("GET", "/") if name in (FLOOR, BARE) else request_of(web)
            # CPU is counted in ticks of 10 ms: what costs little is asked for more often
            asked = count * CHEAPER if name == FLOOR else count
            before = web.cpu()
            ask_many(web.port, request, count=asked, connections=CONNECTIONS)
            return (web.cpu() - before) / asked

        return Served(in_turns({name: partial(cost, name) for name in webs}, rounds=scaled(5, scale, least=1)), answer)
