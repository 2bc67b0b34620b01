"""The pictures of the documentation, from the demo as it really plays: `python -m tests.browser.screenshots`."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser import person
from tests.browser.chromium import started_chromium
from tests.browser.world import Steps, make_project, script, write
from tests.journeys.server import ROOT, Api, Server, running_server

FOLDER = ROOT / "docs" / "images"
WIDTH = 1400
LARGEST = 250_000
"""Bytes of one picture."""


def main() -> int:
    """Play the demo up to its question, and take a picture wherever the README shows one."""
    expect.set_options(timeout=90_000)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="codewalkers-") as folder,
        running_server(Path(folder) / "data", administrator=False) as server,
        started_chromium() as browser,
    ):
        context = browser.new_context(viewport={"width": WIDTH, "height": 900}, color_scheme="light")
        context.set_default_timeout(90_000)
        page = context.new_page()
        person.make_first_administrator(page, server.first_run_link())
        play(page, server, Path(folder))
        context.close()
    sizes = {path.name: path.stat().st_size for path in sorted(FOLDER.glob("*.png"))}
    for name, size in sizes.items():
        sys.stdout.write(f"{name}: {size / 1000:.0f} kB\n")
    return int(max(sizes.values()) > LARGEST)


def play(page: Page, server: Server, folder: Path) -> None:
    """The story of tests/browser/test_journey.py, with stops."""
    person.play_demo(page)
    initiative = page.url
    page.get_by_role("link", name="Review", exact=True).click()
    person.comment_on(page, person.diff_line(page, "durations/parse.py", 12), person.COMMENT)
    person.request_changes(page, "")
    person.load_next_round(page, 2)
    picture_of_review(page)
    page.locator(".thread").get_by_role("button", name="Resolve").click()
    expect(page.locator("details.thread[data-state=resolved]")).to_be_visible()
    person.approve(page)
    add_more(server.api(), folder)
    page.goto(server.base)
    waiting = person.hq_button(page, "What should python -m durations print")
    expect(waiting).to_be_visible()
    expect(page.get_by_role("link", name="Review “Weigh them”")).to_be_visible()
    take(page, "hq", height=560)
    page.goto(initiative)
    take(page, "initiative", height=800)
    page.goto(server.base)
    waiting.click()
    page.get_by_label("The duration and its seconds").check()
    page.get_by_role("button", name="Answer", exact=True).click()
    expect(page.locator(".log-entry p").filter(has_text="as was answered")).to_be_visible()
    page.locator("details.tool").filter(has_text="python3 -m durations").locator("summary").click()
    take(page, "agent", height=900)


def add_more(api: Api, folder: Path) -> None:
    """A second initiative, so that HQ shows more than one thing."""
    project = make_project(api, folder, "parcels")
    row = api.post("/initiatives", name="Sort parcels by weight", project_ids=[project], provider="scripted")
    steps: Steps = [write("parcels/weigh.py", "def weigh(parcel):\n    return parcel.grams\n"), {"commit": "Weigh"}]
    add_phase(api, row["id"], "Weigh them", "Weigh a parcel", "auto", steps)
    add_phase(api, row["id"], "Carry them", "Choose the carrier", "checkpoint:decision", [])
    add_phase(api, row["id"], "Label them", "Print the labels", "auto", [{"say": "I look around."}, {"wait": 600}])


def add_phase(api: Api, initiative: str, name: str, task: str, kind: str, steps: Steps) -> None:
    """A phase with one task, queued."""
    phase = api.post(f"/initiatives/{initiative}/phases", name=name)["id"]
    api.post(f"/phases/{phase}/tasks", name=task, description=script(steps), type=kind)
    api.post(f"/phases/{phase}/approve")
    api.post(f"/phases/{phase}/queue")


def picture_of_review(page: Page) -> None:
    """With the comment and the agent's answer."""
    thread = page.locator(".thread").filter(has_text=person.COMMENT)
    expect(thread.locator(".comment")).to_have_count(2)
    expect(page.locator("#file-list .delta").first).to_be_visible()
    take(page, "review", height=1000)


def take(page: Page, name: str, *, height: int) -> None:
    """What a window of this height shows, without what only tells that something was done just now."""
    page.set_viewport_size({"width": WIDTH, "height": height})
    expect(page.locator("[data-live-status][data-state=open]")).to_have_count(1)
    page.locator("#toasts").evaluate("(toasts) => toasts.replaceChildren()")
    page.mouse.move(0, 0)
    page.screenshot(path=FOLDER / f"{name}.png", animations="disabled", caret="hide")


if __name__ == "__main__":
    raise SystemExit(main())
