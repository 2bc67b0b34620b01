"""W1: a JSON list of 100 rows through the API, 32 requests at a time: CPU of the web process for each request.

Goal: at most 1.1 x what tRPC with Drizzle used (815 us), which is 897 us. A plain Django view under the same kind of
server used 433 us on that day, so beside our floor at most 2.1 x.
"""

from pathlib import Path

from benchmarks.kit.client import build
from benchmarks.kit.result import Result, Row
from benchmarks.kit.serving import ROWS, make_phase_with_tasks, measure_requests
from benchmarks.kit.web import FLOOR, OURS, Web, make_person


def run(folder: Path, *, scale: float) -> Result:
    """The tasks of a phase, with a token, as a script would ask."""
    phase, (token, _) = make_phase_with_tasks(ROWS), make_person()

    def request_of(web: Web) -> bytes:
        return build("GET", f"/api/phases/{phase.id}/tasks?limit={ROWS}", token)

    served = measure_requests(folder, request_of, scale=scale, requests=300)
    found = served.medians
    return Result(
        [
            Row("W1", f"JSON list of {ROWS} rows, {len(served.answer.body) / 1024:.0f} KB: CPU of a request", "µs",
                found[OURS], found[FLOOR], "plain view, same bytes", goal=2.1, count=served.rounds)
        ]
    )  # fmt: skip
