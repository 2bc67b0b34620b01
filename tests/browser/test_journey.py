"""The product's story as a person meets it: from the printed link to the merge commit, in a real browser."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import person
from tests.browser.conftest import NewContext
from tests.journeys.journey import git
from tests.journeys.server import Server, running_server

pytestmark = pytest.mark.browser


def test_first_run_demo_review_and_merge(tmp_path: Path, new_context: NewContext) -> None:
    with running_server(tmp_path / "data", administrator=False) as server:
        page = new_context().new_page()
        person.make_first_administrator(page, server.first_run_link())
        expect(page.get_by_role("heading", name="Nothing here yet")).to_be_visible()
        person.play_demo(page)
        review_first_phase(page, server)
        answer_question(page)
        for name in person.PHASES[1:]:
            open_from_hq(page, server, f"Review “{name}”")
            person.approve(page)
        merged = finish(page, server)
    repository = next((tmp_path / "data" / "demo").glob("*.git"))
    assert git(repository, "rev-parse", "main").startswith(merged)
    assert len(git(repository, "rev-list", "--parents", "-n1", "main").split()) == 3
    assert "Reviewed: Say here which units" in git(repository, "show", "main:durations/parse.py")
    subjects = git(repository, "log", "--format=%s", "main").splitlines()
    assert {"Refuse text that is no duration", "Add a command line", "Release 0.2.0"} <= set(subjects)


def review_first_phase(page: Page, server: Server) -> None:
    """From the waiting phase, which both open pages show by themselves, to its merge in the second round."""
    hq = page.context.new_page()
    hq.goto(server.base)
    for open_page in (page, hq):
        open_page.evaluate("document.body.dataset.stayed = ''")
    expect(page.get_by_role("link", name="Review", exact=True)).to_be_visible()
    expect(hq.get_by_role("link", name="Review “Read every unit”")).to_be_visible()
    for open_page in (page, hq):
        expect(open_page.locator("body[data-stayed]")).to_have_count(1)
    page.get_by_role("link", name="Review", exact=True).click()
    hq.close()
    person.comment_on(page, person.diff_line(page, "durations/parse.py", 12), person.COMMENT)
    page.reload()
    thread = page.locator(".thread").filter(has_text=person.COMMENT)
    expect(thread).to_be_visible()
    person.request_changes(page, "Only what the comment says.")
    person.load_next_round(page, 2)
    expect(thread.locator(".comment")).to_have_count(2)
    expect(thread.locator(".comment").last).to_contain_text("Marked line 12 of durations/parse.py")
    thread.get_by_role("button", name="Resolve").click()
    expect(page.locator("details.thread[data-state=resolved]")).to_be_visible()
    person.approve(page)


def answer_question(page: Page) -> None:
    """The agent of the second phase asks; the answer is given on its page, which then goes on by itself."""
    page.get_by_role("link", name="HQ").first.click()
    person.hq_button(page, "What should python -m durations print").click()
    page.get_by_label("The duration and its seconds").check()
    page.get_by_role("button", name="Answer", exact=True).click()
    expect(page.get_by_role("button", name="Answer", exact=True)).to_have_count(0)
    expect(page.locator(".log-entry p").filter(has_text="as was answered")).to_be_visible()


def open_from_hq(page: Page, server: Server, title: str) -> None:
    """Wait at HQ for something of this title and follow its button."""
    page.goto(server.base)
    person.hq_button(page, title).click()


def finish(page: Page, server: Server) -> str:
    """Merge and push; returns the merge commit as the page names it."""
    open_from_hq(page, server, "Finish “Read and write every duration”")
    expect(page.get_by_text("merges cleanly")).to_be_visible()
    page.get_by_role("button", name="Merge and push").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Finish").click()
    expect(page.locator(".page-header [data-status=completed]")).to_be_visible()
    found = re.search(r"merged into main as (\w+)", page.locator(".page-header").inner_text())
    assert found
    return found[1]
