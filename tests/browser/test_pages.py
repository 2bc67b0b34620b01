"""Every page, on a phone and on a wide screen, light and dark: nothing overflows, breaks or is without a name."""

from collections import Counter
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.conftest import NewContext
from tests.browser.watch import Watch
from tests.browser.world import World
from tests.journeys.server import Server

pytestmark = pytest.mark.browser

WIDE: ViewportSize = {"width": 1400, "height": 1000}
PHONE: ViewportSize = {"width": 390, "height": 844}
VIEWS: tuple[tuple[ViewportSize, Literal["light", "dark"]], ...] = (
    (WIDE, "light"),
    (WIDE, "dark"),
    (PHONE, "dark"),
    (PHONE, "light"),
)
NAMED_ROLES = {
    *("button", "link", "textbox", "searchbox", "combobox", "listbox", "checkbox", "radio", "spinbutton", "switch"),
    *("slider", "menuitem", "tab", "dialog", "alertdialog", "region", "image"),
}
OVERFLOW = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const wide = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > width + 1);
  return wide.slice(-5).map((one) => `${one.tagName}.${one.className} ${one.textContent.trim().slice(0, 40)}`);
}"""


def paths(world: World) -> dict[str, str]:
    """Every page by a name for people."""
    plan, agents = world.reviewed, world.agents
    return {
        "HQ": "/",
        "projects": "/projects/",
        "project": f"/projects/{world.project}/",
        "edit a project": f"/projects/{world.project}/edit/",
        "initiatives": "/initiatives/",
        "initiatives, none of a status": "/initiatives/?status=archived",
        "new initiative": "/initiatives/new/",
        "initiative": f"/initiatives/{plan.initiative}/",
        "edit an initiative": f"/initiatives/{plan.initiative}/edit/",
        "initiative with a long name": f"/initiatives/{world.asking.initiative}/",
        "initiative with a blocked task": f"/initiatives/{world.failing.initiative}/",
        "new phase": f"/initiatives/{plan.initiative}/phases/new/",
        "edit a phase": f"/phases/{world.failing.phase}/edit/",
        "new task": f"/phases/{world.failing.phase}/tasks/new/",
        "task": f"/tasks/{plan.task}/",
        "blocked task": f"/tasks/{world.failing.task}/",
        "checkpoint": f"/tasks/{world.checkpoint.task}/",
        "edit a task": f"/tasks/{world.failing.task}/edit/",
        "agents": "/agents/",
        "agent": f"/agents/{agents[plan.task]}/",
        "agent that asks": f"/agents/{agents[world.asking.task]}/",
        "agent that failed": f"/agents/{agents[world.failing.task]}/",
        "review": f"/phases/{plan.phase}/review/",
        "finish": f"/initiatives/{world.finishing.initiative}/finish/",
        "chat": f"/chat/{world.chat}/",
        "nothing there": "/tasks/nothing/",
        "admin": "/admin/",
        "accounts": "/admin/agents/account/",
        "add an account": "/admin/agents/account/add/",
        "an account": f"/admin/agents/account/{world.account}/change/",
        "password": "/admin/password_change/",
    }


def test_every_page(server: Server, world: World, new_context: NewContext, watch: Watch, signed_in: Any) -> None:
    page = new_context(storage_state=signed_in).new_page()
    problems: list[str] = []
    for name, path in paths(world).items():
        with watch.expecting("status of 404" if name == "nothing there" else "^$"):
            page.goto(server.base + path)
            problems += [f"{name} ({path}): {problem}" for problem in look(page)]
    page.goto(f"{server.base}/api/docs")
    expect(page.get_by_role("heading", name="Codewalkers")).to_be_visible()
    page.context.clear_cookies()
    page.goto(f"{server.base}/sign-in/")
    problems += [f"sign in: {problem}" for problem in look(page)]
    assert not problems, "\n".join(problems + watch.problems)


def look(page: Page) -> list[str]:
    """What is wrong with the open page, in both widths and both colour schemes."""
    problems = []
    for size, scheme in VIEWS:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        if wide := page.evaluate(OVERFLOW):
            problems.append(f"wider than {size['width']}: {wide}")
        if is_dark(page) != (scheme == "dark"):
            problems.append(f"not {scheme}")
    if (headings := page.locator("h1").count()) != 1:
        problems.append(f"{headings} h1")
    ids = Counter(page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)"))
    problems += [f"id {name} {count} times" for name, count in ids.items() if count > 1]
    return problems + without_names(page)


def is_dark(page: Page) -> bool:
    """Whether the page's ground is nearer to black than to white."""
    grounds = page.evaluate("""[document.body, document.documentElement].map((one) => {
      const [red, green, blue, alpha] = getComputedStyle(one).backgroundColor.match(/[0-9.]+/g).map(Number);
      return { sum: red + green + blue, opaque: alpha !== 0 };
    })""")
    return next((bool(ground["sum"] < 3 * 128) for ground in grounds if ground["opaque"]), False)


def without_names(page: Page) -> list[str]:
    """The controls that a screen reader could not name."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    controls = [node for node in nodes if not node.get("ignored") and role_of(node) in NAMED_ROLES]
    assert controls, "the accessibility tree holds no controls at all"
    nameless = [node for node in controls if not str(node.get("name", {}).get("value", "")).strip()]
    return [f"{role_of(node)} without a name: {where(page, node)}" for node in nameless]


def role_of(node: dict[str, Any]) -> str:
    """As ARIA calls it."""
    return str(node.get("role", {}).get("value", "")).lower()


def where(page: Page, node: dict[str, Any]) -> str:
    """The beginning of the element's HTML."""
    session = page.context.new_cdp_session(page)
    html = session.send("DOM.getOuterHTML", {"backendNodeId": node["backendDOMNodeId"]})["outerHTML"]
    session.detach()
    return str(html)[:200]
