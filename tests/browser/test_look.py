"""What keyboards and remotes do on the pages: posters lift, arrows walk, a slash searches."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from tests.browser.cinema import Cinema
from tests.browser.films import FILM
from tests.browser.screen import Open

TELEVISION = {"width": 1920, "height": 1080}
LETTERS = FILM.split()[-1][:5]
"""The beginning of a word of the title: what somebody types first."""


def visit(page: Page, path: str) -> None:
    """Open a page and wait until it is there with its pictures."""
    page.goto(path)
    expect(page.locator("main")).to_be_visible()
    page.wait_for_load_state("networkidle")


def test_a_poster_lifts_under_the_keyboard_and_moves_nothing(page: Page) -> None:
    visit(page, "/films")
    posters = page.get_by_test_id("poster")
    before = [posters.nth(index).bounding_box() for index in range(posters.count())]
    page.keyboard.press("Tab")
    posters.first.focus()
    expect(page.get_by_test_id("lifted")).to_be_visible()
    assert [posters.nth(index).bounding_box() for index in range(posters.count())] == before
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("lifted")).to_have_count(0)


def test_arrow_keys_walk_a_television(open_page: Open, cinema: Cinema) -> None:
    page = open_page(base_url=cinema.url, storage_state=cinema.signed_in(), viewport=TELEVISION)
    visit(page, "/?tv=1")
    first = page.get_by_test_id("still").first
    expect(first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(first).not_to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator(":focus")).to_have_attribute("data-testid", "still")


def test_a_slash_searches_from_anywhere_and_results_come_as_letters_do(page: Page, cinema: Cinema) -> None:
    visit(page, "/films")
    page.keyboard.press("/")
    field = page.get_by_test_id("search-input")
    expect(field).to_be_focused()
    page.keyboard.type(LETTERS)
    expect(page.get_by_test_id("best")).to_contain_text(FILM)
    expect(page).to_have_url(f"{cinema.url}/search?q={LETTERS}")
