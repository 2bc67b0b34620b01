"""D1: the review page of a small change, ten real files, all of them shown and highlighted, warm, over HTTP.

Goal: 0.12 x ReviewBoard (132 ms) and 2 x cgit (8.1 ms), which is 16 ms; `git diff -p -M` of such a change took
4.82 ms beside them, so beside it at most 3.3 x.
"""

from pathlib import Path

from benchmarks.kit.measure import in_turns, medians, scaled, seconds_of
from benchmarks.kit.result import Result, Row
from benchmarks.kit.review import make_review, read_diff, read_review
from benchmarks.kit.trees import branch_with_edits, make_large
from benchmarks.kit.web import collect_static, make_person, running_web
from tests.factories import run_git

FILES = 10


def run(folder: Path, *, scale: float) -> Result:
    """The page and every part that it loads by itself, one after the other over one connection."""
    source = make_large(folder / "source", files=scaled(3000, scale, least=1200))
    commit = branch_with_edits(source, "work", files=FILES, hunks=5, lines=(200, 1500))
    bare = folder / "bare.git"
    run_git(folder, "clone", "--quiet", "--bare", str(source), str(bare))
    collect_static()
    phase, (_, session) = make_review(source, commit), make_person()
    rounds = scaled(20, scale, least=2)
    with running_web(folder / "data") as web:
        seen = read_review(web, phase, session, files=FILES)
        assert seen.files == FILES, f"{seen.files} files came"
        assert seen.highlighted, "the page is not highlighted"
        found = medians(
            in_turns(
                {
                    "ours": lambda: read_review(web, phase, session, files=FILES).seconds,
                    "page": lambda: read_review(web, phase, session).seconds,
                    "git": lambda: seconds_of(lambda: read_diff(bare, commit)),
                },
                rounds=rounds,
            )
        )
    stat = run_git(bare, "diff", "--shortstat", "main", commit).strip()
    what = f"review of {stat}: page and all its files, {seen.size / 1024:.0f} KB, highlighted, warm"
    return Result(
        [
            Row("D1", what, "ms", found["ours"] * 1e3, found["git"] * 1e3, "git diff -p -M", goal=3.3, count=rounds),
            Row("D1", "the page alone, with its first files", "ms", found["page"] * 1e3, found["git"] * 1e3,
                "git diff -p -M", count=rounds),
        ]
    )  # fmt: skip
