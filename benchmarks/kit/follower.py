"""Running the floor of kit/tail.py beside the product, on the same files at the same time."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.journeys.server import ROOT


@dataclass
class Followed:
    """What the floor used and saw; filled in when it has ended."""

    cpu: float = 0.0
    lines: int = 0
    ages: list[float] = field(default_factory=list)


@contextmanager
def following(paths: list[Path], database: Path, *, pause: float) -> Iterator[Followed]:
    """A process that follows these files, a look every `pause` seconds, for as long as the block runs."""
    found = Followed()
    command = [sys.executable, "-m", "benchmarks.kit.tail", str(pause), str(database), *map(str, paths)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield found
        answer, _ = process.communicate(timeout=60)
        value = json.loads(answer)
        found.cpu, found.lines, found.ages = value["cpu"], value["lines"], value["ages"]
    finally:
        process.kill()
        process.wait()
