"""A viewer who leaves and comes back, and an edge that does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect
from tests.browser.cinema import Cinema
from tests.browser.films import FILM, FILM_S
from tests.browser.screen import Screen

RESUME_S = 3
"""How far from where one left a film goes on."""


@pytest.fixture
def edge(cinema: Cinema) -> str:
    """The origin that the film's bytes come from."""
    session = cinema.client.post("/v1/playback", json={"title_id": cinema.ids[FILM]}).raise_for_status().json()
    (origin,) = session["edges"]
    return str(origin)


class Line:
    """The way between a page and the edge, which can be cut."""

    def __init__(self, page: Page, edge: str) -> None:
        self.page, self.pattern = page, f"{edge}/**"

    def cut(self) -> None:
        """From now on every request fails as it does when nobody listens."""
        self.page.route(self.pattern, self._refuse)

    def mend(self) -> None:
        """Requests arrive again."""
        self.page.unroute(self.pattern, self._refuse)

    @staticmethod
    def _refuse(route: Route) -> None:
        route.abort("connectionrefused")


@pytest.fixture
def line(page: Page, edge: str) -> Iterator[Line]:
    """The way to the edge, whole."""
    line = Line(page, edge)
    yield line
    line.mend()


def test_a_reload_goes_on_where_one_was(screen: Screen) -> None:
    screen.play(FILM).seek(17).wait_for_time(18)
    left_at_s = screen.time()
    screen.page.reload()
    screen.wait_until_playing()
    assert screen.time() == pytest.approx(left_at_s, abs=RESUME_S)


def test_a_pause_is_remembered_and_continue_watching_shows_it(screen: Screen, cinema: Cinema) -> None:
    screen.play(FILM).seek(12)
    screen.wait_for_time(13).press("k").expect_state("paused")
    paused_at_s = screen.time()
    cinema.wait_for_position(FILM, paused_at_s, within_s=0.5)
    screen.page.goto("/")
    still = screen.page.get_by_role("region", name="Continue watching").get_by_role("link", name=FILM)
    expect(still).to_have_accessible_name(f"Play {FILM}, {FILM_S - round(paused_at_s)} s left")
    still.click()
    screen.wait_until_playing()
    assert screen.time() == pytest.approx(paused_at_s, abs=RESUME_S)


def test_leaving_is_remembered_without_a_pause(screen: Screen, cinema: Cinema) -> None:
    screen.play(FILM).seek(22)
    screen.wait_for_time(25)
    left_at_s = screen.time()
    screen.page.goto("/films")
    cinema.wait_for_position(FILM, left_at_s, within_s=1)


def test_a_film_whose_edge_goes_away_says_so_and_goes_on_when_it_is_back(screen: Screen, line: Line) -> None:
    screen.play(FILM)
    line.cut()
    screen.seek_bar_to(FILM_S - 3)
    expect(screen.page.get_by_text("Connection lost; trying again")).to_be_visible()
    expect(screen.page.get_by_test_id("back")).to_be_visible()
    line.mend()
    screen.wait_for_time(FILM_S - 2)
    expect(screen.page.get_by_text("Connection lost; trying again")).to_be_hidden()


def test_a_film_that_cannot_start_says_why_and_can_be_tried_again(screen: Screen, cinema: Cinema, line: Line) -> None:
    cinema.forget(FILM)
    line.cut()
    screen.page.goto(f"/watch/{cinema.ids[FILM]}")
    panel = screen.page.get_by_test_id("player-error")
    expect(panel).to_contain_text("The film stopped arriving: the connection or the server is away.")
    expect(panel).to_contain_text("Check the connection, then try again")
    line.mend()
    panel.get_by_role("button", name="Try again").click()
    screen.wait_until_playing()
    expect(panel).to_be_hidden()


def test_an_error_leaves_a_way_back(screen: Screen, cinema: Cinema, line: Line) -> None:
    line.cut()
    screen.page.goto(f"/watch/{cinema.ids[FILM]}")
    screen.page.get_by_test_id("player-error").get_by_role("button", name="Back").click()
    screen.page.wait_for_url(f"**/title/{cinema.ids[FILM]}")
