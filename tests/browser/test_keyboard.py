"""The product by keyboard alone."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewContext
from tests.browser.world import World
from tests.journeys.server import Server

pytestmark = pytest.mark.browser


@pytest.fixture
def page(new_context: NewContext, signed_in: Path) -> Page:
    """A page of ada's browser."""
    return new_context(storage_state=signed_in).new_page()


def test_going_about_and_help(server: Server, world: World, page: Page) -> None:
    page.goto(server.base)
    for keys, address in (("gi", "/initiatives/"), ("gp", "/projects/"), ("ga", "/agents/"), ("gh", "/")):
        page.keyboard.type(keys)
        expect(page).to_have_url(server.base + address)
        expect(page.locator("body[data-keys=on]")).to_have_count(1)
    page.keyboard.type("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_contain_text("Go to initiatives")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.type("jj")
    second = page.locator(".list > .row").nth(1).locator(".row-title a")
    expect(second).to_be_focused()
    target = second.get_attribute("href")
    assert target
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(re.escape(target)))


def test_reading_a_diff(server: Server, world: World, page: Page) -> None:
    page.goto(f"{server.base}/phases/{world.reviewed.phase}/review/")
    changed = page.locator("diff-lines tr.line:is(.added, .removed)")
    expect(page.locator("body[data-keys=on]")).to_have_count(1)
    page.keyboard.type("nnn")
    expect(changed.nth(2)).to_be_focused()
    page.keyboard.type("p")
    expect(changed.nth(1)).to_be_focused()
    page.keyboard.type("c")
    field = page.get_by_role("textbox", name=re.compile("^Comment on"))
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(field).to_have_count(0)
    expect(changed.nth(1)).to_be_focused()
    page.keyboard.type("c")
    expect(field).to_be_focused()
    page.keyboard.type("By keyboard: n, p and c are letters here.")
    page.keyboard.press("Control+Enter")
    comment = page.locator(".comment-body").filter(has_text="By keyboard: n, p and c are letters here.")
    expect(comment).to_be_visible()


def test_what_was_typed_survives_a_reload(server: Server, world: World, page: Page) -> None:
    page.goto(f"{server.base}/chat/{world.chat}/")
    field = page.get_by_role("textbox", name="Message")
    field.fill("Half a thought")
    field.blur()
    page.reload()
    expect(field).to_have_value("Half a thought")
    page.get_by_role("button", name="Discard it").click()
    expect(field).to_have_value("")
