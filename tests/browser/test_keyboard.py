"""Without a mouse: Tab, the search key and a remote's arrows."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.browser.cinema import Cinema
from tests.browser.films import FILM, SHOW
from tests.browser.screen import Open, Screen
from tests.browser.test_home import settle

PRESSES_MAX = 120
"""More than any page of this library has to focus."""
MEANT_FOR_TAB = (
    "() => [...document.querySelectorAll('a[href], button, input, select, textarea, [tabindex]')].filter((node) =>"
    "  node.tabIndex >= 0 && !node.disabled && !node.closest('[inert]')"
    "  && node.checkVisibility({ visibilityProperty: true })).length"
)
FOCUSED = (
    "() => { const node = document.activeElement;"
    "  if (node === document.body) return null;"
    "  window.reached ??= new Set(); const isNew = !reached.has(node); reached.add(node);"
    "  const at = (one) => { const style = getComputedStyle(one);"
    "    return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none'; };"
    "  const isSeen = at(node) || [...node.children].some(at) || at(node.parentElement);"
    "  return { isNew, isSeen, count: reached.size, html: node.outerHTML.slice(0, 160) }; }"
)


def reach_everything(page: Page) -> None:
    """Press Tab until the focus comes round; everything that can be focused was, and could be seen to be."""
    meant = page.evaluate(MEANT_FOR_TAB)
    reached, unseen = 0, []
    page.evaluate(FOCUSED)  # what has the focus from the start counts as reached
    for _ in range(PRESSES_MAX):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused is None or not focused["isNew"]:
            break
        reached = focused["count"]
        if not focused["isSeen"]:
            unseen.append(focused["html"])
    assert unseen == []
    assert reached >= meant > 0


@pytest.mark.parametrize("path", ["/", "/title/{film}", "/title/{show}", "/upload", "/activity"])
def test_tab_reaches_everything_and_shows_where_it_is(page: Page, cinema: Cinema, path: str) -> None:
    page.goto(path.format(film=cinema.ids[FILM], show=cinema.ids[SHOW]))
    expect(page.locator("h1, h2").first).to_be_attached()
    settle(page)
    reach_everything(page)


def test_tab_reaches_every_control_of_the_player(screen: Screen) -> None:
    screen.play(FILM).press("k").expect_state("paused")
    reach_everything(screen.page)


def test_a_slash_begins_a_search_that_answers_while_one_types(page: Page) -> None:
    page.goto("/")
    settle(page)
    page.keyboard.press("/")
    box = page.get_by_test_id("search-input")
    expect(box).to_be_focused()
    page.keyboard.type("meri")
    best = page.get_by_test_id("best")
    expect(best.get_by_role("heading", name=FILM)).to_be_visible()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("marron")
    expect(best.get_by_role("heading", name=FILM)).to_be_visible()
    expect(best).to_contain_text("Ilse Marron")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("meridain")
    expect(page.locator("main")).to_contain_text(FILM)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("zzzzqqqq")
    expect(page.get_by_role("heading", level=1)).to_contain_text("zzzzqqqq")
    expect(best).to_be_hidden()


def open_television(open_page: Open, cinema: Cinema) -> Page:
    """A window as large as a television."""
    viewport = {"width": 1920, "height": 1080}
    return open_page(base_url=cinema.url, storage_state=cinema.signed_in(), viewport=viewport)


@pytest.mark.parametrize("path", ["/films", "/title/{film}", "/title/{show}", "/search", "/activity", "/no/such/page"])
def test_a_television_shows_at_once_where_the_focus_is(open_page: Open, cinema: Cinema, path: str) -> None:
    page = open_television(open_page, cinema)
    page.goto(path.format(film=cinema.ids[FILM], show=cinema.ids[SHOW]) + "?tv=1")
    expect(page.locator(":focus")).to_be_visible()
    focused = page.evaluate(FOCUSED)
    assert focused["isSeen"], focused


def test_a_remote_walks_over_what_a_television_s_player_has(open_page: Open, cinema: Cinema) -> None:
    page = open_television(open_page, cinema)
    page.goto("/?tv=1")
    expect(page.get_by_test_id("still").first).to_be_focused()
    screen = Screen(page, cinema).play(FILM)
    for name in ("Keys", "Picture in picture", "Full screen"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    screen.press("ArrowUp")
    expect(page.get_by_test_id("play")).to_be_focused()
    screen.press("ArrowUp")
    expect(screen.bar).to_be_focused()
    screen.press("ArrowDown")
    expect(page.get_by_test_id("play")).to_be_focused()
    screen.press("ArrowUp").press("ArrowUp")
    expect(page.get_by_test_id("back")).to_be_focused()


def test_a_remote_s_arrows_move_the_focus_on_a_television(open_page: Open, cinema: Cinema) -> None:
    page = open_television(open_page, cinema)
    for title in cinema.ids:
        cinema.forget(title)
    page.goto("/?tv=1")
    settle(page)
    focused = page.locator(":focus")
    expect(focused).to_have_attribute("data-testid", "still")
    first = focused.get_attribute("aria-label")
    page.keyboard.press("ArrowRight")
    expect(focused).not_to_have_attribute("aria-label", str(first))
    second = str(focused.get_attribute("aria-label"))
    expect(page.get_by_test_id("hero").get_by_role("heading")).to_have_text(second.removeprefix("Play ").split(",")[0])
    page.keyboard.press("ArrowLeft")
    expect(focused).to_have_attribute("aria-label", str(first))
    row = focused.locator("xpath=ancestor::section[1]")
    name = row.get_attribute("aria-label")
    page.keyboard.press("ArrowDown")
    expect(row).not_to_have_attribute("aria-label", str(name))
    page.keyboard.press("Enter")
    page.wait_for_url("**/watch/*")
