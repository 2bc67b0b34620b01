"""The rows that Python writes: as the components would, and nothing of a person or an agent gets through."""

import re

import pytest
from django.template.loader import render_to_string

from agents.templatetags.agent_chips import chip
from initiatives.models import Initiative, Phase, Task
from initiatives.views.plan import task_row
from initiatives.views.task_rows import reason_line, task_rows
from tests.factories import make_agent

EVIL = "<script>alert('x')</script>\" onload=\"x"


def make(**fields: object) -> Task:
    phase = Phase(id="p1", name="Parser", status="in_progress", initiative=Initiative(id="i1", name="All"))
    return Task(**{"id": "t1", "name": "Grammar", "phase": phase, **fields})


def write(task: Task, *dependencies: Task, chip: str = "", depth: int = 0) -> str:
    return task_rows([task_row(task, list(dependencies), depth=depth)], {task.id: chip}, "TOKEN")


@pytest.mark.parametrize("tone", ["", "red", "amber"])
def test_a_reason_is_the_component(tone: str) -> None:
    context = {"reason": "It's <b>late</b>.", "tone": tone}
    assert reason_line(context["reason"], tone) == render_to_string("components/reason.html", context).strip()


@pytest.mark.django_db
def test_a_chip_is_the_component() -> None:
    agent = make_agent(name="brisk-otter", status="waiting_for_input")
    context = {"agent": agent, "href": "/agents/brisk-otter/", "with_status": True}
    assert chip(agent) == render_to_string("components/agent_chip.html", context).strip()


def test_everything_that_was_written_is_escaped() -> None:
    other = make(id="t2", name=EVIL)
    for task in (
        make(name=EVIL, status_reason=EVIL, status="blocked"),
        make(name=EVIL, summary=EVIL, status="completed"),
        make(name=EVIL, status_reason=EVIL),
    ):
        html = write(task, other)
        assert "<script" not in html
        assert not re.search(r"<[^>]*\sonload=", html)


def test_a_row_says_what_is_unusual() -> None:
    row = write(make(type="checkpoint:decision", category="verify", priority="high"), depth=1)
    for words in ("Checkpoint: decide", "Verify", "High priority", "#complete", "waits for you"):
        assert words in row
    plain = write(make(), make(id="t2", name="Tokens"), chip="<b>chip</b>")
    assert 'after <a href="/tasks/t2/">Tokens</a>' in plain
    assert "<b>chip</b>" in plain
    assert "Execute" not in plain
    blocked = write(make(status="blocked", status_reason="Exit code 3."))
    assert 'action="/tasks/t1/retry/"' in blocked
    assert 'value="TOKEN"' in blocked
    assert "<code>a.py</code>" in write(make(status="completed", summary="Wrote `a.py`."))
