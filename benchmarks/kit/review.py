"""A phase that waits for review, and its page read as a browser reads it."""

import re
import time
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from benchmarks.kit.client import Connection, build
from benchmarks.kit.web import Web, cookie
from cw_site.git.refs import branch_ref, move_ref
from initiatives.actions.branches import clone_of, ensure_phase_branch
from initiatives.actions.initiative import create_initiative
from initiatives.actions.phase import approve_phase, create_phase, queue_phase
from initiatives.actions.project import add_project, carry_out_sync
from initiatives.models import Phase
from initiatives.repositories import PhaseRepository
from tests.factories import run_git

_LATER = re.compile(r'<section class="file-diff"[^>]* hx-get="([^"]+)"')
_ROWS = re.compile(r'<tr class="line ')
_COLOURED = re.compile(r"<td class=code><span|<td class=code>[^<\n]*<span")


@dataclass(frozen=True)
class Seen:
    """What came over the wire for a review: wall seconds, bytes, files with their diff, rows of lines."""

    seconds: float
    size: int
    files: int
    rows: int
    highlighted: bool


def make_review(source: Path, commit: str) -> Phase:
    """A phase whose branch is at `commit` (of `source`) and waits for review; its base is the branch main."""
    project = add_project(name="Review", url=str(source), default_branch="main")
    project = carry_out_sync(project.id)
    initiative = create_initiative(
        name="Review", project_ids=[project.id], execution_mode="review_per_phase", provider="scripted"
    )
    phase = create_phase(initiative.id, name="Review")
    approve_phase(phase.id)
    queue_phase(phase.id)
    branch = ensure_phase_branch(PhaseRepository().get(phase.id), project)
    move_ref(clone_of(project), branch_ref(branch.name), new=commit, old=branch.base_sha)
    for status in ("in_progress", "pending_review"):
        PhaseRepository().move(phase.id, to=status)
    return PhaseRepository().get(phase.id)


def read_review(web: Web, phase: Phase, session: str, *, files: int = 0) -> Seen:
    """The page, and the parts that it loads as they come into view, up to `files` files in all (0: only the page)."""
    connection = Connection(web.port)
    head = dict(cookie(web, session))
    began = time.perf_counter()
    page = connection.ask(build("GET", f"/phases/{phase.id}/review/", head))
    assert page.status == 200, (page.status, page.body[:300])
    texts = [page.body.decode()]
    shown = texts[0].count('<section class="file-diff"')
    later = [unescape(url) for url in _LATER.findall(texts[0])]
    inline = shown - len(later)
    for url in later[: max(0, files - inline)]:
        part = connection.ask(build("GET", url, {**head, "HX-Request": "true"}))
        assert part.status == 200, (url, part.status, part.body[:300])
        texts.append(part.body.decode())
    seconds = time.perf_counter() - began
    connection.close()
    text = "".join(texts)
    count = inline + len(texts) - 1
    return Seen(seconds, len(text.encode()), count, len(_ROWS.findall(text)), bool(_COLOURED.search(text)))


def read_diff(bare: Path, commit: str, *arguments: str) -> str:
    """The same range by plain git."""
    return run_git(bare, "diff", "-M", *arguments, "main", commit)
