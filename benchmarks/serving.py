"""Whether pages should be served by WSGI: W1 and W3 by both interfaces in the same run (docs/adr/0006)."""

import statistics
from pathlib import Path

from benchmarks.kit.client import build
from benchmarks.kit.result import Result, Row
from benchmarks.kit.serving import ROWS, make_phase_with_tasks, measure_requests
from benchmarks.kit.web import ASGI, WSGI, Web, cookie, make_person


def run(folder: Path, *, scale: float) -> Result:
    """The same requests to granian by ASGI and by WSGI."""
    phase, (token, session) = make_phase_with_tasks(ROWS), make_person()

    def json_of(web: Web) -> bytes:
        return build("GET", f"/api/phases/{phase.id}/tasks?limit={ROWS}", token)

    def page_of(web: Web) -> bytes:
        return build("GET", f"/initiatives/{phase.initiative_id}/", cookie(web, session))

    rows = []
    for what, request_of, requests in (("JSON list", json_of, 300), ("HTML page", page_of, 100)):
        found = measure_requests(folder, request_of, scale=scale, requests=requests, interfaces=(ASGI, WSGI))
        for name in ("ours", "floor"):
            asgi, wsgi = (statistics.median(found.cpu[f"{name} {interface}"]) for interface in (ASGI, WSGI))
            kind = what if name == "ours" else f"{what}, plain view with the same bytes"
            rows.append(
                Row("ADR 6", f"{kind}: CPU of a request by ASGI", "µs", asgi * 1e6, wsgi * 1e6, "by WSGI",
                    count=len(found.cpu["ours wsgi"]))
            )  # fmt: skip
    return Result(rows)
