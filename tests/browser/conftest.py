"""A real Chromium and real servers. Nothing here is skipped: a missing browser is a failure."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.chromium import started_chromium
from tests.browser.person import sign_in
from tests.browser.watch import Watch
from tests.browser.world import World, make_project, make_world
from tests.journeys.server import Api, Server, running_server

type NewContext = Callable[..., BrowserContext]

expect.set_options(timeout=60_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the run."""
    with started_chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that the tests share; its first administrator is ada."""
    folder = tmp_path_factory.mktemp("shared")
    with running_server(folder / "data", CW_RETRY_DELAY_SECONDS="0", CW_AGENTS_PER_PROVIDER="8") as server:
        yield server


@pytest.fixture(scope="session")
def api(server: Server) -> Api:
    """The shared server's API."""
    return server.api()


@pytest.fixture(scope="session")
def project(api: Api, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The id of a project, called plain, for initiatives of the tests' own."""
    return make_project(api, tmp_path_factory.mktemp("plain"), "plain")


@pytest.fixture(scope="session")
def world(api: Api, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Something of everything on the shared server; tests that change things make their own."""
    return make_world(api, tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="session")
def signed_in(browser: Browser, server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cookies of ada on the shared server."""
    kept = tmp_path_factory.mktemp("cookies") / "ada.json"
    context = browser.new_context()
    sign_in(context.new_page(), server.base)
    context.storage_state(path=kept)
    context.close()
    return kept


@pytest.fixture
def watch() -> Watch:
    """Sees the errors of every page of the test; checked when it ends."""
    return Watch()


@pytest.fixture
def new_context(browser: Browser, watch: Watch) -> Iterator[NewContext]:
    """Makes a browser context that is watched and closed at the end."""
    with ExitStack() as stack:

        def make(**options: Any) -> BrowserContext:
            context = browser.new_context(**{"viewport": {"width": 1400, "height": 1000}, **options})
            stack.callback(context.close)
            context.set_default_timeout(60_000)
            watch.attach(context)
            return context

        yield make
        watch.check()
