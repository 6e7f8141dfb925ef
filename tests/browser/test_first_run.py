"""The first evening: the link that makes the owner's account, then the door."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from tests.browser.cinema import Cinema
from tests.browser.screen import Open
from tests.end_to_end.server import OWNER, PASSWORD, Running, up


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that nobody has set up yet, without a film."""
    with up(tmp_path_factory.mktemp("empty")) as server:
        yield server


def sign_in(page: Page, name: str, password: str) -> None:
    """Fill in the form and send it."""
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_the_setup_link_makes_the_account_and_leads_home_once(empty: Running, open_page: Open) -> None:
    page = open_page()
    page.goto(empty.setup_url)
    page.get_by_label("Your name").fill(OWNER)
    page.get_by_label("Password").fill("short")
    page.get_by_role("button", name="Open the doors").click()
    expect(page.get_by_role("alert")).to_contain_text("too short")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Open the doors").click()
    expect(page.get_by_role("heading", name="Tonight: nothing yet")).to_be_visible()
    assert urlsplit(page.url).path == "/"
    again = open_page()
    again.goto(empty.setup_url)
    again.get_by_label("Your name").fill("Mallory")
    again.get_by_label("Password").fill(PASSWORD)
    again.get_by_role("button", name="Open the doors").click()
    expect(again.get_by_role("alert")).not_to_be_empty()
    assert urlsplit(again.url).path == "/setup"


def test_a_wrong_password_is_told(cinema: Cinema, open_page: Open) -> None:
    page = open_page(base_url=cinema.url)
    page.goto("/login")
    sign_in(page, OWNER, "not the password")
    expect(page.get_by_role("alert")).to_have_text("That name and password do not belong together.")
    assert urlsplit(page.url).path == "/login"


def test_a_visitor_is_led_to_the_door_and_back_and_can_leave(cinema: Cinema, open_page: Open) -> None:
    page = open_page(base_url=cinema.url)
    page.goto("/films?sort=title")
    page.wait_for_url("**/login?to=*")
    sign_in(page, OWNER, PASSWORD)
    page.wait_for_url("**/films?sort=title")
    page.get_by_test_id("account").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")
    page.goto("/films")
    page.wait_for_url("**/login?to=*")
    assert page.request.get("/v1/titles").status == 401
