"""Openings and credits: the button that skips the one while it plays, and the page on which an editor says both."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser.cinema import Cinema
from tests.browser.films import EPISODE_S, EPISODES, FILM, FILM_S
from tests.browser.screen import Open, Screen
from tests.browser.test_accessibility import violations
from tests.browser.test_home import settle

INTRO_S = (4.0, 20.0)
PHONE = {"width": 360, "height": 740}
TELEVISION = {"width": 1920, "height": 1080}
TABS_MAX = 40
COMPARING_MS = 150_000
"""How long three short episodes may take to be compared, on two cores that do other things as well."""
FIRST = EPISODES[0]


def say(cinema: Cinema, name: str, intro: tuple[float, float] | None) -> None:
    """Have the opening of a title where `intro` says, and no credits."""
    span = {"start_s": intro[0], "end_s": intro[1]} if intro else None
    url = f"/v1/titles/{cinema.ids[name]}/marks"
    cinema.client.put(url, json={"intro": span, "credits": None}).raise_for_status()


@pytest.fixture
def marked(cinema: Cinema) -> Iterator[str]:
    """A film with an opening."""
    say(cinema, FILM, INTRO_S)
    yield FILM
    say(cinema, FILM, None)


@pytest.fixture
def episode(cinema: Cinema) -> Iterator[str]:
    """The address of an episode's marks, of which it has none yet; nobody knows of any afterwards either."""
    say(cinema, FIRST, None)
    yield f"/title/{cinema.ids[FIRST]}/marks"
    say(cinema, FIRST, None)


def skip_button(screen: Screen) -> Locator:
    return screen.page.get_by_role("button", name="Skip intro")


def test_skip_intro_shows_while_the_opening_plays_and_jumps_to_its_end(screen: Screen, marked: str) -> None:
    screen.play(marked)
    if screen.time() < INTRO_S[0] - 1:
        expect(skip_button(screen)).to_have_count(0)
    screen.wait_for_time(INTRO_S[0] + 0.2)
    expect(skip_button(screen)).to_be_visible()
    skip_button(screen).click()
    expect(skip_button(screen)).to_have_count(0)
    assert INTRO_S[1] <= screen.time() < INTRO_S[1] + 5
    screen.wait_until_playing()


def test_skip_intro_is_pressed_by_keyboard_and_the_film_has_its_keys_again(screen: Screen, marked: str) -> None:
    screen.play(marked).wait_for_time(INTRO_S[0] + 0.2)
    screen.press("k").expect_state("paused")
    for _ in range(TABS_MAX):
        screen.press("Tab")
        if skip_button(screen).evaluate("button => button === document.activeElement"):
            break
    expect(skip_button(screen)).to_be_focused()
    screen.press("Enter")
    expect(skip_button(screen)).to_have_count(0)
    assert screen.time() == pytest.approx(INTRO_S[1], abs=0.5)
    expect(screen.player).to_be_focused()
    screen.press("Enter").expect_state("playing")


def test_a_remote_skips_the_opening_with_one_press(open_page: Open, cinema: Cinema, marked: str) -> None:
    page = open_page(base_url=cinema.url, storage_state=cinema.signed_in(), viewport=TELEVISION)
    cinema.forget(marked)
    page.goto(f"/watch/{cinema.ids[marked]}?tv=1&at={INTRO_S[0] + 1}")
    screen = Screen(page, cinema).wait_until_playing()
    expect(skip_button(screen)).to_be_focused()
    screen.press("Enter")
    expect(skip_button(screen)).to_have_count(0)
    assert screen.time() >= INTRO_S[1]
    expect(screen.player).to_be_focused()


def test_after_a_seek_beyond_the_opening_there_is_nothing_to_skip(screen: Screen, marked: str) -> None:
    screen.play(marked).wait_for_time(INTRO_S[0] + 0.2)
    expect(skip_button(screen)).to_be_visible()
    screen.seek(INTRO_S[1] + 5)
    expect(skip_button(screen)).to_have_count(0)
    screen.seek(INTRO_S[0] + 2)
    expect(skip_button(screen)).to_be_visible()


def test_a_link_begins_at_its_second(page: Page, cinema: Cinema) -> None:
    cinema.forget(FILM)
    page.goto(f"/watch/{cinema.ids[FILM]}?at=25.5")
    screen = Screen(page, cinema).wait_until_playing()
    assert 25.4 <= screen.time() < 35


def test_an_editor_adds_changes_and_removes_marks_by_keyboard(page: Page, cinema: Cinema, episode: str) -> None:
    page.goto(episode)
    opening = page.get_by_test_id("mark-intro")
    save = page.get_by_role("button", name="Save")
    expect(save).to_be_disabled()
    opening.get_by_role("button", name="Add").focus()
    page.keyboard.press("Enter")
    begins, ends = opening.get_by_role("textbox", name="Begins at"), opening.get_by_role("textbox", name="Ends at")
    expect(begins).to_be_focused()
    begins.fill("0:01.5")
    ends.fill("0:05")
    page.keyboard.press("Tab")
    expect(opening.get_by_role("button", name=re.compile(r"\+1 s.*Ends at"))).to_be_focused()
    page.keyboard.press("Enter")
    expect(ends).to_have_value("0:06")
    ends.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    expect(page.get_by_test_id("origin")).to_contain_text("by hand")
    expect(save).to_be_disabled()
    page.reload()
    expect(begins).to_have_value("0:01.5")
    marks = cinema.client.get(f"/v1/titles/{cinema.ids[FIRST]}/marks").json()
    assert (marks["intro"], marks["credits"]) == ({"start_s": 1.5, "end_s": 6.0}, None)
    opening.get_by_role("button", name="Remove").click()
    expect(opening.get_by_role("button", name="Add")).to_be_focused()
    save.click()
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    assert cinema.client.get(f"/v1/titles/{cinema.ids[FIRST]}/marks").json()["intro"] is None


@pytest.mark.parametrize(
    ("begins", "ends", "says"),
    [
        ("soon", "0:05", "no time"),
        ("0:05", "0:05", "end after it begins"),
        ("0:01", "9:59", f"lasts 0:{EPISODE_S}"),
    ],
)
def test_what_cannot_be_is_told_beside_it_and_can_be_undone(
    page: Page, episode: str, begins: str, ends: str, says: str
) -> None:
    page.goto(episode)
    closing = page.get_by_test_id("mark-credits")
    closing.get_by_role("button", name="Add").click()
    closing.get_by_role("textbox", name="Begins at").fill(begins)
    closing.get_by_role("textbox", name="Ends at").fill(ends)
    expect(closing.get_by_text(says)).to_be_visible()
    expect(closing.get_by_role("textbox", name="Ends at")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    page.get_by_role("button", name="Undo the changes").click()
    expect(closing.get_by_role("button", name="Add")).to_be_visible()


def test_what_the_server_refuses_or_loses_is_told_and_what_was_typed_stays(page: Page, episode: str) -> None:
    page.goto(episode)
    opening = page.get_by_test_id("mark-intro")
    opening.get_by_role("button", name="Add").click()
    lost = re.compile(r"/marks$")
    page.route(lost, lambda route: route.abort() if route.request.method == "PUT" else route.fallback())
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer")
    expect(opening.get_by_role("textbox", name="Begins at")).to_have_value("0:00")
    page.unroute_all()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_marks_are_found_again_by_comparing_the_season_whatever_was_set(
    page: Page, cinema: Cinema, episode: str
) -> None:
    say(cinema, FIRST, (1.0, 5.0))
    page.goto(episode)
    row = page.get_by_role("row").filter(has_text=FIRST)
    expect(row).to_contain_text("0:01–0:05")
    page.get_by_role("button", name="Find them again").click()
    # The sound of these episodes is as short as no opening is: nothing is found.
    expect(page.get_by_test_id("origin")).to_contain_text("None is known", timeout=COMPARING_MS)
    expect(row).not_to_contain_text("0:01–0:05")
    expect(page.get_by_test_id("mark-intro").get_by_role("button", name="Add")).to_be_enabled()


def test_pictures_of_a_mark_lead_to_the_player_a_little_before(page: Page, cinema: Cinema, episode: str) -> None:
    say(cinema, FIRST, (4.0, 8.0))
    page.goto(episode)
    start = page.get_by_test_id("mark-intro").get_by_test_id("moment").first
    assert "/images/" in start.evaluate("element => getComputedStyle(element).backgroundImage")
    start.click()
    screen = Screen(page, cinema).wait_until_playing()
    assert 1 <= screen.time() < 8
    expect(skip_button(screen)).to_be_visible()
    page.go_back()
    expect(page.get_by_test_id("mark-intro")).to_be_visible()


def test_a_title_s_page_leads_to_its_marks_and_back(page: Page, cinema: Cinema, episode: str) -> None:
    page.goto(f"/title/{cinema.ids[FIRST]}")
    page.get_by_role("link", name="Opening and credits").click()
    expect(page.get_by_role("heading", name=f"Opening and credits of {FIRST}")).to_be_visible()
    page.get_by_role("link", name=EPISODES[1]).click()
    expect(page.get_by_role("heading", name=f"Opening and credits of {EPISODES[1]}")).to_be_visible()
    page.get_by_role("link", name="To the title").click()
    expect(page.get_by_role("heading", name=EPISODES[1])).to_be_visible()


@pytest.mark.parametrize("path", ["", "?tv=1"])
def test_it_fits_a_phone_and_a_television_and_axe_finds_nothing(
    open_page: Open, cinema: Cinema, episode: str, path: str
) -> None:
    say(cinema, FIRST, (1.0, 5.0))
    page = open_page(base_url=cinema.url, storage_state=cinema.signed_in(), viewport=TELEVISION if path else PHONE)
    page.goto(f"{episode}{path}")
    expect(page.get_by_test_id("mark-intro").get_by_role("textbox", name="Begins at")).to_have_value("0:01")
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert violations(page) == []


def test_the_credits_of_a_film_are_said_by_hand(page: Page, cinema: Cinema) -> None:
    page.goto(f"/title/{cinema.ids[FILM]}/marks")
    expect(page.get_by_role("button", name="Find them again")).to_have_count(0)
    closing = page.get_by_test_id("mark-credits")
    closing.get_by_role("button", name="Add").click()
    closing.get_by_role("textbox", name="Ends at").fill("0:35")
    closing.get_by_role("button", name="To the end").click()
    expect(closing.get_by_role("textbox", name="Ends at")).to_have_value(re.compile(f"^0:(39.9|{FILM_S})"))
    page.get_by_role("button", name="Undo the changes").click()
