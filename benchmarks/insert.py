"""W2: a row inserted through the API and answered, 32 requests at a time: CPU of the web process for each request.

Goal: at most 0.7 x what tRPC with Drizzle used (816 us), which is 571 us, authentication and validation included. A
plain Django view under the same kind of server used 433 us on that day, so beside our floor at most 1.3 x.
"""

import json
from pathlib import Path

from benchmarks.kit.client import build
from benchmarks.kit.result import Result, Row
from benchmarks.kit.serving import make_phase_with_tasks, measure_requests
from benchmarks.kit.web import FLOOR, OURS, Web, make_person


def run(folder: Path, *, scale: float) -> Result:
    """A new task of a phase: checked, stored with its live events, ticks asked for, read again and answered."""
    phase, (token, _) = make_phase_with_tasks(1), make_person()
    body = json.dumps({"name": "Do one thing", "description": "Exactly this one."}).encode()

    def request_of(web: Web) -> bytes:
        return build("POST", f"/api/phases/{phase.id}/tasks", token, body)

    served = measure_requests(folder, request_of, scale=scale, requests=100)
    found = served.medians
    return Result(
        [
            Row("W2", "insert a task by the API: CPU of a request", "µs", found[OURS], found[FLOOR],
                "plain view, same bytes", goal=1.3, count=served.rounds)
        ]
    )  # fmt: skip
