"""D3: the review page of a whole change of some 1,900 files: the page, and its first 20 files highlighted.

Goal: at most 0.5 x `git diff -p -M` of the whole change when nothing is cached, 0.2 x when it was looked at before.
"""

import shutil
from pathlib import Path

from benchmarks.kit.measure import in_turns, medians, scaled, seconds_of
from benchmarks.kit.result import Result, Row
from benchmarks.kit.review import make_review, read_diff, read_review
from benchmarks.kit.trees import LARGE, branch_with_edits, make_large
from benchmarks.kit.web import collect_static, make_person, running_web
from tests.factories import run_git

FILES = 1894
FIRST = 20


def run(folder: Path, *, scale: float) -> Result:
    """Cold: the cache of highlights is emptied before. The page cache of the disk stays warm, for git as well."""
    source = make_large(folder / "source", files=scaled(LARGE, scale, least=1200))
    commit = branch_with_edits(source, "work", files=scaled(FILES, scale, least=50), hunks=9)
    bare = folder / "bare.git"
    run_git(folder, "clone", "--quiet", "--bare", str(source), str(bare))
    collect_static()
    phase, (_, session) = make_review(source, commit), make_person()
    rounds = scaled(7, scale, least=1)
    with running_web(folder / "data") as web:

        def cold() -> float:
            shutil.rmtree(folder / "data" / "cache" / "highlight", ignore_errors=True)
            return read_review(web, phase, session, files=FIRST).seconds

        found = medians(
            in_turns(
                {
                    "cold": cold,
                    "warm": lambda: read_review(web, phase, session, files=FIRST).seconds,
                    "page": lambda: read_review(web, phase, session).seconds,
                    "git": lambda: seconds_of(lambda: read_diff(bare, commit)),
                },
                rounds=rounds,
            )
        )
    stat = run_git(bare, "diff", "--shortstat", "main", commit).strip()
    git = found["git"] * 1e3
    floor = "git diff -p -M of all"
    return Result(
        [
            Row("D3", f"review of {stat}: page and first {FIRST} files, cold", "ms", found["cold"] * 1e3, git, floor,
                goal=0.5, count=rounds),
            Row("D3", "the same, warm", "ms", found["warm"] * 1e3, git, floor, goal=0.2, count=rounds),
            Row("D3", "the page alone, with its first files", "ms", found["page"] * 1e3, git, floor, count=rounds),
        ]
    )  # fmt: skip
