"""What the demo works on: a small Python package, and three phases of work that scripted agents really carry out."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

PROJECT_NAME = "durations"
INITIATIVE_NAME = "Read and write every duration"

FILES = {
    "README.md": "# durations\n\nReads durations such as `45s`.\n",
    "pyproject.toml": '[project]\nname = "durations"\nversion = "0.1.0"\nrequires-python = ">=3.11"\n',
    ".gitignore": "__pycache__/\n",
    "durations/__init__.py": 'from durations.parse import parse\n\n__all__ = ["parse"]\n',
    "durations/parse.py": (
        "def parse(text: str) -> int:\n"
        '    """Seconds of a duration such as "45s"."""\n'
        '    return int(text.removesuffix("s"))\n'
    ),
    "tests/__init__.py": "",
    "tests/test_parse.py": (
        "import unittest\n\n"
        "from durations import parse\n\n\n"
        "class ParseTest(unittest.TestCase):\n"
        "    def test_seconds(self):\n"
        '        self.assertEqual(parse("45s"), 45)\n'
    ),
}

_PARSE = '''import re

SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_PART = re.compile(r"(\\d+)([dhms])")


def parse(text: str) -> int:
    """Seconds of a duration such as "1h 30m"."""
    return sum(int(count) * SECONDS[unit] for count, unit in _PART.findall(text))
'''
_ERRORS = '''class NotADuration(ValueError):
    """The text is no duration; the message names it."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is no duration; write it like 1d 2h 30m 5s")
'''
_PARSE_STRICT = '''import re

from durations.errors import NotADuration

SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_PART = re.compile(r"(\\d+)([dhms])")
_WHOLE = re.compile(r"\\s*(\\d+[dhms]\\s*)+")


def parse(text: str) -> int:
    """Seconds of a duration such as "1h 30m"; raises NotADuration."""
    if not _WHOLE.fullmatch(text):
        raise NotADuration(text)
    return sum(int(count) * SECONDS[unit] for count, unit in _PART.findall(text))
'''
_PARSE_TESTS = """import unittest

from durations import parse
from durations.errors import NotADuration


class ParseTest(unittest.TestCase):
    def test_every_unit(self):
        for text, seconds in {"45s": 45, "2m": 120, "1h": 3600, "1d": 86400}.items():
            with self.subTest(text):
                self.assertEqual(parse(text), seconds)

    def test_units_add_up(self):
        self.assertEqual(parse("1d 2h 30m 5s"), 95405)

    def test_what_is_no_duration_is_refused(self):
        for text in ("", "soon", "5 parsecs", "1h and a bit"):
            with self.subTest(text), self.assertRaises(NotADuration):
                parse(text)
"""
_FORMAT = '''from durations.parse import SECONDS


def format_seconds(seconds: int) -> str:
    """A duration as people write it: 5400 is "1h 30m"."""
    parts = []
    for unit, size in SECONDS.items():
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0s"
'''
_ROUND_TRIP = """import unittest

from durations import parse
from durations.format import format_seconds


class RoundTripTest(unittest.TestCase):
    def test_what_is_written_is_read_back(self):
        for seconds in (0, 1, 59, 60, 3599, 3600, 86399, 86400, 123456):
            with self.subTest(seconds):
                self.assertEqual(parse(format_seconds(seconds)), seconds)
"""
_MAIN = """import sys

from durations import parse
from durations.format import format_seconds

if __name__ == "__main__":
    for text in sys.argv[1:]:
        print(f"{format_seconds(parse(text))} = {parse(text)} seconds")
"""
_README = """# durations

Reads and writes durations as people do.

    >>> from durations import parse
    >>> parse("1h 30m")
    5400

From a shell: `python -m durations "1h 30m"` prints `1h 30m = 5400 seconds`.
What is no duration is refused: `parse("soon")` raises `NotADuration`.
"""
_CHANGELOG = """# Changelog

## 0.2.0

- Days, hours and minutes, alone and together.
- `format_seconds` writes a duration; what it writes can be read back.
- `python -m durations` for the shell.
"""
_QUESTION = {
    "questions": [
        {
            "id": "output",
            "question": "What should `python -m durations` print for each argument?",
            "options": ["The duration and its seconds", "Only the seconds"],
        }
    ]
}

type Steps = list[dict[str, Any]]


@dataclass(frozen=True)
class TaskPlan:
    """A task of the demo; `after` names tasks of the same phase."""

    name: str
    text: str
    steps: Steps
    after: Sequence[str] = field(default=())

    def description(self, *, pace: float) -> str:
        """The task's text with its script, one step a line; `pace` is the seconds between two steps."""
        steps: Steps = [*([{"pace": pace}] if pace else []), *self.steps]
        script = ",\n".join(json.dumps(step) for step in steps)
        return f"{self.text}\n\n```cw-script\n[\n{script}\n]\n```\n"


@dataclass(frozen=True)
class PhasePlan:
    """A phase of the demo; `after` names other phases."""

    name: str
    tasks: Sequence[TaskPlan]
    after: Sequence[str] = field(default=())


def _write(path: str, content: str) -> dict[str, Any]:
    return {"write": {"path": path, "content": content}}


_TEST = {"run": "python3 -m unittest -q"}

PHASES: Sequence[PhasePlan] = (
    PhasePlan(
        "Read every unit",
        (
            TaskPlan(
                "Parse minutes, hours and days",
                "`parse` knows seconds only. Let it read days, hours, minutes and seconds, alone and together.",
                [
                    {"say": "I look at what `parse` does today, then let it add up all four units."},
                    {"run": "cat durations/parse.py"},
                    _write("durations/parse.py", _PARSE),
                    _TEST,
                    {"commit": "Parse days, hours and minutes"},
                    {"done": "`parse` adds up days, hours, minutes and seconds; units are in `SECONDS`."},
                ],
            ),
            TaskPlan(
                "Refuse what is no duration",
                "Text that is no duration must raise an error that names it, not count as zero.",
                [
                    {"say": "An error of its own, with a sentence that says how to write it."},
                    _write("durations/errors.py", _ERRORS),
                    _write("durations/parse.py", _PARSE_STRICT),
                    _TEST,
                    {"commit": "Refuse text that is no duration"},
                    {"done": "`NotADuration` (a ValueError) is raised unless the whole text reads as a duration."},
                ],
                after=("Parse minutes, hours and days",),
            ),
            TaskPlan(
                "Test every unit",
                "Tests for each unit, for sums, and for what is refused.",
                [
                    {"say": "I cover every unit, their sums and four texts that are no durations."},
                    _write("tests/test_parse.py", _PARSE_TESTS),
                    _TEST,
                    {"commit": "Test every unit, sums and refusals"},
                    {"done": "Three tests cover units, sums and refusals; all pass."},
                ],
                after=("Refuse what is no duration",),
            ),
        ),
    ),
    PhasePlan(
        "Write them back",
        (
            TaskPlan(
                "Format seconds as text",
                "The other way round: 5400 becomes `1h 30m`.",
                [
                    {"say": "Largest unit first, and nothing at all is `0s`."},
                    _write("durations/format.py", _FORMAT),
                    _TEST,
                    {"commit": "Format seconds as a duration"},
                    {"done": "`format_seconds` in durations/format.py; zero is written as 0s."},
                ],
            ),
            TaskPlan(
                "Test the round trip",
                "What is written must be read back as the same number.",
                [
                    _write("tests/test_round_trip.py", _ROUND_TRIP),
                    _TEST,
                    {"commit": "Test that what is written is read back"},
                    {"done": "Nine values, edges included, go there and back."},
                ],
                after=("Format seconds as text",),
            ),
            TaskPlan(
                "Add a command line",
                "`python -m durations` for the shell.",
                [
                    {"say": "Before I fix what it prints, I ask."},
                    {"ask": _QUESTION},
                    _write("durations/__main__.py", _MAIN),
                    {"run": 'python3 -m durations "1h 30m"'},
                    {"commit": "Add a command line"},
                    {"done": "`python -m durations` prints the duration and its seconds, as was answered."},
                ],
                after=("Format seconds as text",),
            ),
        ),
        after=("Read every unit",),
    ),
    PhasePlan(
        "Tell people",
        (
            TaskPlan(
                "Write the README",
                "What it does, from Python and from the shell.",
                [
                    _write("README.md", _README),
                    {"commit": "Say what it does and how to use it"},
                    {"done": "The README shows parse, the command line and the error."},
                ],
            ),
            TaskPlan(
                "Write the changelog",
                "What is new in 0.2.0.",
                [
                    _write("CHANGELOG.md", _CHANGELOG),
                    {"edit": {"path": "pyproject.toml", "find": "0.1.0", "replace": "0.2.0"}},
                    {"commit": "Release 0.2.0"},
                    {"done": "CHANGELOG.md for 0.2.0, and the version in pyproject.toml follows."},
                ],
                after=("Write the README",),
            ),
        ),
        after=("Write them back",),
    ),
)
