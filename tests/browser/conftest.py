"""One Matinee with its films, and one browser, for all the browser tests; a fresh window for each."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect, sync_playwright
from tests.browser.cinema import Cinema, open_cinema
from tests.browser.faults import Faults
from tests.browser.films import make_library
from tests.browser.screen import Open, Screen
from tests.end_to_end.server import Running, matinee, up

WAIT_MS = 45_000
"""How long a condition may take to come true: two slow cores that do other things as well."""
LAPTOP = {"width": 1440, "height": 900}
ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)
PROBES = Path(__file__).parent / "probes.js"


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium, as the distribution has it."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        message = "Chromium is not to be had (on Debian: apt-get install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=program, args=ARGUMENTS, chromium_sandbox=os.geteuid() != 0
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server whose library holds the films of these tests."""
    home = tmp_path_factory.mktemp("home")
    with up(home) as server:
        done = matinee(home, "import", str(make_library(tmp_path_factory.mktemp("library"))), "--json")
        assert done.status == 0, done.out + done.err
        yield server


@pytest.fixture(scope="package")
def cinema(running: Running) -> Iterator[Cinema]:
    """The server, with its owner signed in and its titles by name."""
    cinema = open_cinema(running)
    yield cinema
    cinema.client.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Opens windows of their own, each with the probes; the options are those of a browser context."""
    contexts: list[BrowserContext] = []

    def opened(**options: Any) -> Page:
        context = browser.new_context(**{"viewport": LAPTOP, "locale": "en-GB", **options})
        contexts.append(context)
        context.set_default_timeout(WAIT_MS)
        context.add_init_script(path=PROBES)
        return context.new_page()

    yield opened
    for context in contexts:
        with suppress(Error):  # a browser that broke has failed its test already
            context.close()


@pytest.fixture
def page(open_page: Open, cinema: Cinema) -> Page:
    """A laptop's window whose viewer has signed in."""
    return open_page(base_url=cinema.url, storage_state=cinema.signed_in())


@pytest.fixture
def faults(page: Page) -> Faults:
    """What goes wrong in `page`, unseen."""
    return Faults().watch(page)


@pytest.fixture
def screen(page: Page, cinema: Cinema) -> Screen:
    """The player in `page`."""
    return Screen(page, cinema)
