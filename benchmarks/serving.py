"""How pages are best served: a small part, W1 and W3 by our ASGI application, by Django's own ASGI handler and by WSGI,
in the same run (docs/adr/0006)."""

from pathlib import Path

from benchmarks.kit.client import build
from benchmarks.kit.result import Result, Row
from benchmarks.kit.serving import ROWS, make_phase_with_tasks, measure_requests
from benchmarks.kit.web import DJANGO, OURS, WSGI, Web, cookie, make_person


def run(folder: Path, *, scale: float) -> Result:
    """The same requests to three servers."""
    phase, (token, session) = make_phase_with_tasks(ROWS), make_person()

    def small_part(web: Web) -> bytes:
        return build("GET", "/hq/count/", cookie(web, session))

    def json_list(web: Web) -> bytes:
        return build("GET", f"/api/phases/{phase.id}/tasks?limit={ROWS}", token)

    def page(web: Web) -> bytes:
        return build("GET", f"/initiatives/{phase.initiative_id}/", cookie(web, session))

    rows = []
    for what, request_of, requests in (
        ("small part", small_part, 500),
        ("JSON list", json_list, 300),
        ("page", page, 100),
    ):
        served = measure_requests(folder, request_of, scale=scale, requests=requests, beside=(DJANGO, WSGI))
        found = served.medians
        for name, how in ((OURS, "by ASGI"), (DJANGO, "by ASGI, Django's own handler")):
            rows.append(
                Row("ADR 6", f"{what}: CPU of a request {how}", "µs", found[name], found[WSGI], "by WSGI",
                    count=served.rounds)
            )  # fmt: skip
    return Result(rows)
