"""W3: the HTML page with a list of 100 rows, signed in, 32 requests at a time: CPU of the web process for each request.

Goal: at most 0.3 x the same list by plain Django (objects, its template language, no middleware, no session).
"""

from pathlib import Path

from benchmarks.kit.client import build
from benchmarks.kit.result import Result, Row
from benchmarks.kit.serving import ROWS, make_phase_with_tasks, measure_requests
from benchmarks.kit.web import BARE, FLOOR, OURS, Web, cookie, make_person


def run(folder: Path, *, scale: float) -> Result:
    """The page of an initiative: its phase with a hundred tasks, navigation, buttons and dialogs."""
    phase, (_, session) = make_phase_with_tasks(ROWS), make_person()

    def request_of(web: Web) -> bytes:
        return build("GET", f"/initiatives/{phase.initiative_id}/", cookie(web, session))

    served = measure_requests(folder, request_of, scale=scale, requests=100, beside=(FLOOR, BARE))
    found = served.medians
    what = f"HTML page with {ROWS} rows, {len(served.answer.body) / 1024:.0f} KB: CPU of a request"
    count = served.rounds
    return Result(
        [
            Row("W3", what, "µs", found[OURS], found[BARE], "bare Django list", goal=0.3, count=count),
            Row("W3", what, "µs", found[OURS], found[FLOOR], "plain view, same bytes", count=count),
        ]
    )
