"""The home page and its neighbours: what is there, and that nothing jumps, breaks or sticks out."""

from __future__ import annotations

from itertools import product

import pytest
from playwright.sync_api import Page, expect
from tests.browser.cinema import Cinema
from tests.browser.faults import Faults
from tests.browser.films import FILM, FLASHES, LATE_BEEPS, SHOW, TWO_TONGUES
from tests.browser.screen import Open

SHIFT_MAX = 0.02
"""The sum of all layout shifts of a page; 0.1 over five seconds counts as good (web.dev/cls)."""
SIZES = {"phone": (390, 844), "small phone": (360, 740), "laptop": (1440, 900), "television": (1920, 1080)}
PAGES = ("/", "/films", "/series", "/title/{film}", "/title/{show}", "/search?q=me", "/upload", "/activity")


def settle(page: Page) -> None:
    """Until every picture in sight is there and nothing moves any more."""
    page.wait_for_load_state("networkidle")
    page.wait_for_function("() => [...document.images].every((image) => image.complete || image.loading === 'lazy')")
    page.wait_for_function(
        "() => document.getAnimations().every(({ playState, effect }) =>"
        "  playState !== 'running' || effect.getTiming().iterations === Infinity)"
    )


def address(page: str, cinema: Cinema) -> str:
    """The address of one of `PAGES`."""
    return page.format(film=cinema.ids[FILM], show=cinema.ids[SHOW])


def test_home_opens_with_a_hero_and_rows_of_posters(page: Page, faults: Faults) -> None:
    page.goto("/")
    settle(page)
    expect(page.get_by_test_id("hero").get_by_role("heading", level=1)).not_to_be_empty()
    new = page.get_by_role("region", name="New", exact=True).get_by_test_id("poster")
    expect(new).not_to_have_count(0)
    assert new.locator("img").evaluate_all("all => all.every((image) => image.naturalWidth > 0)")
    content = page.locator("main").aria_snapshot()
    assert [title for title in (FILM, SHOW, TWO_TONGUES, FLASHES, LATE_BEEPS) if title not in content] == []
    assert faults.found == []


@pytest.mark.parametrize(
    ("size", "path"), [*product(("phone", "laptop"), PAGES), ("small phone", "/"), ("television", "/")]
)
def test_nothing_sticks_out_jumps_or_fails(open_page: Open, cinema: Cinema, size: str, path: str) -> None:
    width, height = SIZES[size]
    viewport = {"width": width, "height": height}
    page = open_page(base_url=cinema.url, storage_state=cinema.signed_in(), viewport=viewport)
    faults = Faults().watch(page)
    where = address(path, cinema)
    page.goto(where + ("&" if "?" in where else "?") + f"tv={int(size == 'television')}")
    expect(page.locator("h1, h2").first).to_be_attached()
    settle(page)
    assert page.evaluate("() => probes.overflow()") == 0
    shift = page.evaluate("() => probes.shift()")
    assert shift["sum"] < SHIFT_MAX, shift
    assert faults.found == []
