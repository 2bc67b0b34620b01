"""An agent's page while it prints: each line once and in order, even when the web server dies meanwhile."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewContext
from tests.browser.watch import Watch
from tests.browser.world import Steps, plan
from tests.journeys.server import Api, Server
from tests.waiting import wait_until

pytestmark = pytest.mark.browser

LINES = 160


def test_every_line_once_and_in_order(
    server: Server, api: Api, project: str, signed_in: Path, new_context: NewContext, watch: Watch
) -> None:
    steps: Steps = [{"print_lines": {"count": LINES, "every": 0.1}}, {"done": "Printed."}]
    made = plan(api, project, "Print lines", steps)
    agent = wait_for_agent(api, made.task)
    page = new_context(storage_state=signed_in).new_page()
    page.goto(f"{server.base}/agents/{agent}/")
    page.evaluate("document.body.dataset.stayed = ''")
    expect(page.locator(".log").get_by_text("line 10", exact=True)).to_be_visible()
    with watch.expecting("net::|Failed to load resource"):
        server.kill_web()
        expect(page.locator(".log").get_by_text(f"line {LINES}", exact=True)).to_be_visible()
        expect(page.locator("#agent-head")).to_contain_text("It is done.")
    assert lines(page) == [f"line {number}" for number in range(1, LINES + 1)]
    expect(page.locator("body[data-stayed]")).to_have_count(1)
    page.reload()
    assert lines(page) == [f"line {number}" for number in range(1, LINES + 1)]


def test_the_log_follows_its_end_unless_one_reads(
    server: Server, api: Api, project: str, signed_in: Path, new_context: NewContext
) -> None:
    made = plan(api, project, "Print more", [{"print_lines": {"count": 300, "every": 0.05}}, {"done": "Printed."}])
    agent = wait_for_agent(api, made.task)
    page = new_context(storage_state=signed_in).new_page()
    page.goto(f"{server.base}/agents/{agent}/")
    expect(page.locator(".log").get_by_text("line 60", exact=True)).to_be_in_viewport()
    page.locator(".log-scroll").evaluate("(log) => log.scrollTo(0, 0)")
    jump = page.get_by_role("button", name=re.compile("newer"))
    expect(jump).to_be_visible()
    assert page.locator(".log-scroll").evaluate("(log) => log.scrollTop") == 0
    jump.click()
    expect(jump).to_be_hidden()
    expect(page.locator(".log").get_by_text("line 300", exact=True)).to_be_in_viewport()


def wait_for_agent(api: Api, task: str) -> str:
    """The name of the agent that works on the task."""

    def name() -> str:
        rows = api.items("/agents?limit=200")
        return next((str(row["name"]) for row in rows if row["task_id"] == task and row["status"] == "running"), "")

    return wait_until(name, 90, "an agent runs")


def lines(page: Page) -> list[str]:
    """What it printed, as the page shows it."""
    texts = page.locator('.log-entry[data-kind="text"]').all_inner_texts()
    return [text.strip() for text in texts if text.strip().startswith("line ")]
