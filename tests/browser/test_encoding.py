"""The operator's encoding page: a title is paused, resumed and given up from it, by keyboard too, and it stays so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser.cinema import Cinema
from tests.browser.screen import Open
from tests.browser.test_accessibility import violations
from tests.browser.test_home import settle
from tests.end_to_end.server import Running, matinee
from tests.media.generate import Clip, make_numbered

PHONE = {"width": 360, "height": 740}


@pytest.fixture
def paused(running: Running, cinema: Cinema, tmp_path: Path) -> Iterator[str]:
    """The job of a film that was paused as soon as it was added; its title is Rain."""
    clip = Clip(rate=Fraction(25), frames=300, width=640, height=360)
    film = make_numbered(tmp_path / "Rain.mkv", clip)
    added = matinee(running.home, "add", str(film), "--no-wait", "--json").document
    cinema.client.post(f"/v1/jobs/{added['job_id']}/pause").raise_for_status()
    yield added["job_id"]
    cinema.client.delete(f"/v1/titles/{added['title_id']}")


def test_a_paused_title_goes_on_by_keyboard_alone(page: Page, paused: str) -> None:
    page.goto("/encoding")
    row = page.get_by_test_id("queued").filter(has_text="Rain")
    expect(row).to_have_attribute("data-state", "paused")
    page.reload()
    expect(row).to_have_attribute("data-state", "paused")
    button = row.get_by_role("button", name="Resume Rain")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("queued").filter(has_text="Rain")).to_have_count(0)
    expect(page.get_by_role("heading", name="Nothing to encode")).to_be_visible()


def test_giving_up_asks_first_and_no_is_an_answer(page: Page, paused: str) -> None:
    page.goto("/encoding?show=paused")
    row = page.get_by_test_id("queued").filter(has_text="Rain")
    row.get_by_role("button", name="Give up Rain").click()
    keep = row.get_by_role("button", name="Keep it")
    expect(keep).to_be_focused()
    keep.click()
    expect(row).to_have_attribute("data-state", "paused")
    row.get_by_role("button", name="Give up Rain").click()
    row.get_by_role("button", name="Give it up").click()
    expect(row).to_have_count(0)


def test_only_what_was_asked_for_is_shown(page: Page, paused: str) -> None:
    page.goto("/encoding?show=queued")
    expect(page.get_by_text("No title is in this state.")).to_be_visible()
    page.get_by_role("link", name="Paused").click()
    expect(page.get_by_test_id("queued")).to_have_count(1)
    assert page.url.endswith("/encoding?show=paused")


def test_the_store_is_told_by_rung_and_masters_apart(page: Page) -> None:
    page.goto("/encoding")
    chart = page.get_by_test_id("storage")
    expect(chart.get_by_role("row").filter(has_text="360p")).to_contain_text("H.264")
    expect(chart.get_by_role("row").filter(has_text="Masters")).to_contain_text("B")


def test_the_queue_stays_while_the_server_is_away_and_is_live_again(page: Page, paused: str) -> None:
    page.goto("/encoding")
    row = page.get_by_test_id("queued").filter(has_text="Rain")
    expect(row).to_have_attribute("data-state", "paused")
    away = re.compile("/v1/encoding")
    page.route(away, lambda route: route.abort())
    expect(page.get_by_test_id("not-live")).to_contain_text("The server does not answer")
    expect(row).to_have_attribute("data-state", "paused")
    page.unroute_all()
    expect(page.get_by_test_id("not-live")).to_be_empty()
    page.route(away, lambda route: route.abort())
    page.reload()
    expect(page.get_by_role("heading", name="This page did not come")).to_be_visible()


def test_the_queue_is_shown_before_the_store_was_measured(page: Page, paused: str) -> None:
    page.route(re.compile("/v1/encoding/storage"), lambda route: route.fulfill(status=404, body=""))
    page.goto("/encoding")
    expect(page.get_by_test_id("queued").filter(has_text="Rain")).to_be_visible()
    expect(page.get_by_role("region", name="Storage")).to_contain_text("not measured yet")


@pytest.mark.parametrize("path", ["/encoding", "/encoding?tv=1"])
def test_it_fits_a_phone_and_a_television_and_axe_finds_nothing(
    open_page: Open, cinema: Cinema, paused: str, path: str
) -> None:
    size = {"width": 1920, "height": 1080} if "tv" in path else PHONE
    page = open_page(base_url=cinema.url, storage_state=cinema.signed_in(), viewport=size)
    page.goto(path)
    expect(page.get_by_test_id("queued")).to_have_count(1)
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert violations(page) == []
