"""The key steps with JavaScript switched off: everything is a link or a form."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import person
from tests.browser.conftest import NewContext
from tests.browser.world import Steps, plan_review, script
from tests.journeys.journey import wait_for_review, wait_for_round, wait_for_status
from tests.journeys.server import Api, Server
from tests.waiting import wait_until

pytestmark = pytest.mark.browser


def test_reading_commenting_and_deciding(server: Server, api: Api, project: str, new_context: NewContext) -> None:
    plan = plan_review(api, project, "Without scripts")
    wait_for_review(api, plan.phase, timeout=90)
    page = new_context(java_script_enabled=False).new_page()
    person.sign_in(page, server.base)
    person.hq_button(page, "Review “Without scripts: phase”").click()
    comment_by_link(page, "Say `hello` to whom?")
    send_back(page)
    wait_for_round(api, plan.phase, 2, timeout=90)
    page.reload()
    thread = page.locator(".thread").filter(has_text="Say hello to whom?")
    expect(thread.locator(".comment")).to_have_count(2)
    thread.get_by_label("Reply").fill("Thank you.")
    thread.get_by_role("button", name="Reply").click()
    expect(thread.locator(".comment")).to_have_count(3)
    thread.get_by_role("button", name="Resolve").click()
    expect(page.locator("details.thread[data-state=resolved]")).to_have_count(1)
    page.get_by_role("button", name="Approve and merge").click()
    wait_for_status(api, f"/phases/{plan.phase}", "completed", timeout=90)
    page.reload()
    expect(page.locator("#review-bar [data-status=completed]")).to_be_visible()


def comment_by_link(page: Page, text: str) -> None:
    """The number of a line is a link to the page with a form under that line."""
    row = person.diff_line(page, "greeting.py", 3)
    row.get_by_role("link", name="3", exact=True).click()
    page.get_by_role("textbox", name="Comment on added line 3").fill(text)
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator(".thread .comment-body").filter(has_text="to whom?")).to_have_count(1)


def send_back(page: Page) -> None:
    """The form that stands open where the dialog would be."""
    form = page.get_by_role("region", name="Request changes")
    form.get_by_label("Note").fill("As commented.")
    form.get_by_role("button", name="Request changes").click()
    expect(page.get_by_text("Sent back.")).to_be_visible()


def test_planning_and_answering(
    server: Server, api: Api, project: str, signed_in: Path, new_context: NewContext
) -> None:
    page = new_context(java_script_enabled=False, storage_state=signed_in).new_page()
    page.goto(f"{server.base}/initiatives/")
    page.get_by_role("link", name="New initiative").click()
    page.get_by_label("Name").fill("Planned by hand")
    page.get_by_label("plain", exact=True).check()
    page.get_by_role("button", name="Create initiative").click()
    initiative = page.url.split("/")[4]
    page.get_by_role("link", name="Add phase").click()
    page.get_by_label("Name").fill("Only phase")
    page.get_by_role("button", name="Add phase").click()
    add_task(page, "Only task", [{"ask": {"questions": [{"id": "a", "question": "Why?"}]}}, {"say": "I see."}])
    page.goto(f"{server.base}/initiatives/{initiative}/")
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Queue", exact=True).click()
    phase = api.items(f"/initiatives/{initiative}/phases")[0]["id"]
    wait_until(lambda: "asks" in api.items(f"/phases/{phase}/tasks")[0]["status_reason"], 90, "the agent asks")
    page.goto(server.base)
    person.hq_button(page, "Why?").click()
    page.get_by_role("textbox", name="Your answer").fill("Because.")
    page.get_by_role("button", name="Answer", exact=True).click()
    wait_for_review(api, phase, timeout=90)
    page.reload()
    expect(page.locator(".log-entry p").filter(has_text="I see.")).to_be_visible()


def add_task(page: Page, name: str, steps: Steps) -> None:
    """By the form, with an agent of its own choice."""
    page.get_by_role("link", name="Add task").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Description").fill(script(steps))
    page.get_by_text("Kind, priority, agent").click()
    page.get_by_label(re.compile("^Agent")).select_option("scripted")
    page.get_by_role("button", name="Add task").click()
    expect(page.get_by_role("link", name=name)).to_be_visible()
