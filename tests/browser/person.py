"""What a person does in the pages, step by step; used by the journeys and for the pictures of the documentation."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.journeys.server import PASSWORD

PHASES = ("Read every unit", "Write them back", "Tell people")
COMMENT = "Say here which units are allowed, so that nobody has to read the pattern."


def make_first_administrator(page: Page, link: str, name: str = "ada") -> None:
    """Follow the printed link; ends on HQ."""
    page.goto(link)
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password confirmation").fill(PASSWORD)
    page.get_by_role("button", name="Create and sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("HQ")


def sign_in(page: Page, base: str, name: str = "ada") -> None:
    """Through the form; ends on HQ."""
    page.goto(f"{base}/sign-in/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("HQ")


def play_demo(page: Page) -> None:
    """From an empty HQ; ends on the demo's initiative."""
    page.get_by_role("button", name="Play the demo").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Read and write every duration")


def hq_button(page: Page, title: str) -> Locator:
    """The button of what waits at HQ under this title."""
    row = page.get_by_role("listitem").filter(has=page.get_by_role("link", name=title))
    return row.locator(".row-side").get_by_role("link")


def diff_line(page: Page, file: str, line: int, kind: str = "added") -> Locator:
    """A line of the review page's diff."""
    return page.get_by_role("region", name=file).locator(f"tr.{kind}[data-line='{line}']")


def comment_on(page: Page, row: Locator, text: str) -> None:
    """By the + that appears at the line, as with a mouse."""
    row.hover()
    row.get_by_role("button", name="Comment on").click()
    page.get_by_role("textbox", name=re.compile("^Comment on")).fill(text)
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator(".comment-body").filter(has_text=text)).to_be_visible()


def request_changes(page: Page, note: str) -> None:
    """By the dialog of the review bar."""
    page.get_by_role("button", name="Request changes").click()
    dialog = page.get_by_role("dialog", name="Request changes")
    dialog.get_by_label("Note").fill(note)
    dialog.get_by_role("button", name="Request changes").click()
    expect(page.get_by_text("Sent back.")).to_be_visible()


def load_next_round(page: Page, number: int) -> None:
    """Wait on the open page until the agent's commits are announced and the phase is back, then load them."""
    expect(page.get_by_text("The branch has moved since this page was loaded.")).to_be_visible()
    page.get_by_role("link", name="Load the new commits").click()
    expect(page.get_by_text("moved since")).to_have_count(0)
    expect(page.get_by_role("button", name="Approve and merge")).to_be_visible()
    page.reload()
    expect(page.get_by_text(f"Round {number}", exact=True)).to_be_visible()


def approve(page: Page) -> None:
    """On the review page, as soon as it says that no thread is open; ends when it says that it is merged."""
    expect(page.locator("#review-bar")).to_contain_text("No open threads")
    page.get_by_role("button", name="Approve and merge").click()
    expect(page.locator("#review-bar [data-status=completed]")).to_be_visible()
