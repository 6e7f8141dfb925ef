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
PAGES = ("/", "/films", "/series", "/title/{film}", "/title/{show}", "/search", "/search?q=me", "/upload", "/activity")


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


def test_search_begins_with_all_there_is_by_genre(page: Page, cinema: Cinema) -> None:
    page.goto("/search")
    posters = page.get_by_test_id("poster")
    expect(posters).to_have_count(len(cinema.client.get("/v1/titles").json()["items"]))
    page.get_by_role("button", name="Test card").click()
    expect(posters).to_have_count(1)
    expect(posters).to_contain_text(FLASHES)
    page.get_by_test_id("search-input").fill("meri")
    expect(page.get_by_test_id("best")).to_contain_text(FILM)
    page.get_by_test_id("search-input").fill("")
    expect(posters.filter(has_text=SHOW)).to_be_visible()


def test_an_address_that_leads_nowhere_keeps_the_ways_on_and_back(page: Page) -> None:
    page.goto("/films")
    page.goto("/no/such/page")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is nothing at this address")
    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="Films")).to_be_visible()
    page.get_by_role("button", name="Back", exact=True).click()
    page.wait_for_url("**/films")
    page.goto("/title/title_unknown")
    page.get_by_role("link", name="Back to the start").click()
    expect(page.get_by_test_id("hero")).to_be_visible()


def test_a_page_leads_to_nothing_that_it_does_not_have(page: Page, cinema: Cinema) -> None:
    page.goto(address("/title/{show}", cinema))
    expect(page.get_by_role("link", name="Details")).to_be_visible()
    assert cinema.client.get(f"/v1/titles/{cinema.ids[SHOW]}").json()["similar"] == []
    expect(page.get_by_role("link", name="More like this")).to_have_count(0)


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
