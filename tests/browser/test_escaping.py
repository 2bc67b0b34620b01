"""What people, agents and repositories write is text on every page: no payload runs, none breaks the policy."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewContext
from tests.browser.hostile import PAYLOADS, Hostile, make_hostile
from tests.journeys.server import Api, Server

pytestmark = pytest.mark.browser

FOUND = """() => {
  const links = [...document.querySelectorAll("*")].flatMap((one) =>
    ["href", "src", "action", "formaction", "hx-get", "hx-post"].map((name) => one.getAttribute(name) ?? ""));
  const names = [...document.querySelectorAll("*")].flatMap((one) => one.getAttributeNames());
  return {
    ran: window.__xss ?? null,
    links: links.filter((value) => /^\\s*(javascript|data:text|vbscript)/i.test(value)),
    handlers: names.filter((name) => /^on|^hx-on|^srcdoc$/.test(name)),
    frames: document.querySelectorAll("iframe, object, embed, base, meta[http-equiv]").length,
  };
}"""
CLEAN: dict[str, Any] = {"ran": None, "links": [], "handlers": [], "frames": 0}


@pytest.fixture(scope="module")
def hostile(api: Api, tmp_path_factory: pytest.TempPathFactory) -> Hostile:
    """Plans, agents and a repository full of payloads."""
    return make_hostile(api, tmp_path_factory.mktemp("hostile"))


@pytest.fixture
def page(new_context: NewContext, signed_in: Path) -> Page:
    """A page of ada's browser."""
    return new_context(storage_state=signed_in).new_page()


def look(page: Page) -> None:
    """Open what is folded, and see that nothing ran or could."""
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.evaluate(FOUND) == CLEAN, page.url


def test_plans_tasks_agents_and_chats(server: Server, hostile: Hostile, page: Page) -> None:
    for path in hostile.paths:
        page.goto(server.base + path)
        assert "__xss" in page.content(), f"{path} shows no payload"
        look(page)
    page.goto(f"{server.base}/initiatives/{hostile.plan.initiative}/")
    expect(page.get_by_role("heading", level=1)).to_have_text(PAYLOADS[2])
    for payload in PAYLOADS[:5]:
        expect(page.get_by_role("heading", level=2, name=payload, exact=True).first).to_be_visible()


def test_every_file_and_comment_of_a_review(server: Server, hostile: Hostile, page: Page) -> None:
    page.goto(f"{server.base}/phases/{hostile.plan.phase}/review/")
    expect(page.locator("#file-list .delta").first).to_be_visible()
    sections = page.locator("section.file-diff")
    assert sections.count() > len(PAYLOADS)
    for section in sections.all():
        # not Playwright's own scrolling: the section may be exchanged for the loaded one meanwhile
        section.evaluate("(section) => section.scrollIntoView()")
        expect(section.get_by_role("link", name="Show this file")).to_have_count(0)
    expect(page.locator(".comment-body")).to_have_count(len(PAYLOADS))
    look(page)


def test_the_raw_log_is_plain_text(server: Server, hostile: Hostile, page: Page) -> None:
    answer = page.goto(f"{server.base}/agents/{hostile.agent}/raw/")
    assert answer
    assert answer.headers["content-type"].startswith("text/plain")
    assert "window.__xss=1" in page.locator("body").inner_text()
    assert page.evaluate("window.__xss ?? null") is None
