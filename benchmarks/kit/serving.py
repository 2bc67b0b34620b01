"""CPU of the web process for each request, beside a plain Django view that answers the same bytes."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.kit.client import Answer, Connection, ask_many, build
from benchmarks.kit.measure import in_turns, scaled
from benchmarks.kit.web import ASGI, FLOOR, PRODUCT, Web, collect_static, running_web
from initiatives.actions.initiative import create_initiative
from initiatives.actions.phase import create_phase
from initiatives.actions.project import add_project
from initiatives.models import Phase, Task

ROWS = 100
CONNECTIONS = 32
CHEAPER = 5
BARE = "benchmarks.kit.bare_asgi:asgi"

type RequestOf = Callable[[Web], bytes]


@dataclass(frozen=True)
class Served:
    """CPU seconds for a request, by name of the server, round by round; and the answer that was measured."""

    cpu: Mapping[str, list[float]]
    answer: Answer
    count: int


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
    folder: Path,
    request_of: RequestOf,
    *,
    scale: float,
    requests: int,
    interfaces: tuple[str, ...] = (ASGI,),
    bare: bool = False,
) -> Served:
    """Ask the product, the plain view (and the bare list page) in turns, 32 requests at a time.

    Keys: "ours" and "floor", with the interface behind it where several are measured; "bare".
    """
    collect_static()
    count = scaled(requests, scale, least=CONNECTIONS)
    with ExitStack() as stack:
        ours = {
            interface: stack.enter_context(running_web(folder / "data", PRODUCT[interface], interface=interface))
            for interface in interfaces
        }
        first = ours[interfaces[0]]
        answer = Connection(first.port).ask(request_of(first))
        assert 200 <= answer.status < 300, (answer.status, answer.body[:500])
        body = folder / "bytes"
        body.write_bytes(answer.body)
        environment = {"CW_BENCH_BYTES": str(body), "CW_BENCH_TYPE": answer.headers["content-type"]}
        servers: dict[str, tuple[Web, bytes]] = {}
        for interface, web in ours.items():
            floor = stack.enter_context(
                running_web(folder / "data", FLOOR[interface], interface=interface, **environment)
            )
            end = "" if len(interfaces) == 1 else f" {interface}"
            servers[f"ours{end}"] = (web, request_of(web))
            servers[f"floor{end}"] = (floor, build("GET", "/"))
        if bare:
            servers["bare"] = (stack.enter_context(running_web(folder / "data", BARE)), build("GET", "/"))

        def cost(name: str) -> float:
            web, request = servers[name]
            # CPU is counted in ticks of 10 ms: what costs little is asked for more often
            asked = count * CHEAPER if name.startswith("floor") else count
            before = web.cpu()
            ask_many(web.port, request, count=asked, connections=CONNECTIONS)
            return (web.cpu() - before) / asked

        actions = {name: partial(cost, name) for name in servers}
        return Served(in_turns(actions, rounds=scaled(5, scale, least=1)), answer, count)
