"""Every page through axe-core: names, roles, contrast, landmarks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser.cinema import Cinema
from tests.browser.films import EPISODES, FILM, SHOW
from tests.browser.screen import Open, Screen
from tests.browser.test_home import settle

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
PAGES = (
    "/",
    "/films",
    "/title/{film}",
    "/title/{show}",
    "/search",
    "/search?q=me",
    "/upload",
    "/activity",
    "/encoding",
    "/title/{film}/report",
    "/title/{film}/marks",
    "/no/such/page",
)


def violations(page: Page) -> list[str]:
    """What axe-core finds in the page as it stands: the rule, and the first element of each."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[Any] = page.evaluate("async () => (await axe.run()).violations")
    return [f"{one['id']}: {one['help']}: {node['html'][:200]}" for one in found for node in one["nodes"][:3]]


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(page: Page, cinema: Cinema, path: str) -> None:
    page.goto(path.format(film=cinema.ids[FILM], show=cinema.ids[SHOW]))
    expect(page.locator("h1, h2").first).to_be_attached()
    settle(page)
    assert violations(page) == []


def test_axe_finds_nothing_at_the_door(open_page: Open, cinema: Cinema) -> None:
    page = open_page(base_url=cinema.url)
    page.goto("/login")
    settle(page)
    assert violations(page) == []


@pytest.mark.parametrize("panel", ["controls", "subtitles", "settings", "help", "stats", "next"])
def test_axe_finds_nothing_in_the_player(screen: Screen, panel: str) -> None:
    screen.play(EPISODES[0] if panel == "next" else FILM).press("k").expect_state("paused")
    if panel in ("subtitles", "settings"):
        screen.page.get_by_test_id(panel).click()
    elif panel == "next":
        screen.seek(11)
        expect(screen.page.get_by_test_id("next")).to_be_visible()
    elif panel != "controls":
        screen.press({"help": "Shift+?", "stats": "Shift+S"}[panel])
    settle(screen.page)
    assert violations(screen.page) == []
