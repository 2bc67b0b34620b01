"""Each benchmark runs, at a size that says nothing about speed."""

import subprocess
import sys

import pytest

from benchmarks.__main__ import BENCHMARKS, ROOT

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", BENCHMARKS)
def test_it_runs_and_prints_its_rows(name: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks", name, "--scale", "0.02"], cwd=ROOT, capture_output=True, timeout=300
    )
    assert ended.returncode == 0, ended.stderr.decode()
    rows = [line for line in ended.stdout.decode().splitlines() if line.startswith("| ")]
    assert len(rows) >= 2, "the head and one figure"


def test_an_unknown_name_is_refused_with_the_list() -> None:
    ended = subprocess.run([sys.executable, "-m", "benchmarks", "nonsense"], cwd=ROOT, capture_output=True, timeout=60)
    assert ended.returncode == 1
    assert b"ready_tasks" in ended.stderr
