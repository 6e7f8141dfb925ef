"""The player, as a viewer uses it and as a test measures it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page, expect
from tests.browser.cinema import Cinema

IS_IDLE = re.compile(r"\bidle\b")
Open = Callable[..., Page]
"""Opens a window; the options are those of a browser context."""


@dataclass(frozen=True)
class Screen:
    """The player in a page."""

    page: Page
    cinema: Cinema

    def play(self, name: str) -> Screen:
        """Open a title at its beginning and wait until its picture moves."""
        self.cinema.forget(name)
        self.page.goto(f"/watch/{self.cinema.ids[name]}")
        return self.wait_until_playing()

    def wait_until_playing(self) -> Screen:
        """Until the picture moves."""
        self.expect_state("playing")
        began = self.time()
        return self.wait_for_time(began + 0.3)

    def wait_for_time(self, at_least_s: float) -> Screen:
        """Until the film is this far."""
        self.page.wait_for_function("s => probes.video()?.currentTime >= s", arg=at_least_s)
        return self

    def expect_state(self, state: str) -> None:
        """Until the player says that it is in `state`."""
        expect(self.player).to_have_attribute("data-state", state)

    def seek(self, to_s: float) -> Screen:
        """Press the bar where `to_s` is, and wait until the film is there."""
        self.seek_bar_to(to_s)
        self.page.wait_for_function("() => !probes.video().seeking")
        return self

    def seek_bar_to(self, to_s: float) -> None:
        """Press the bar where `to_s` is."""
        self.stir()
        box = self.bar.bounding_box()
        assert box is not None
        share = to_s / self.number("duration")
        self.bar.click(position={"x": share * box["width"], "y": box["height"] / 2})

    def stir(self) -> None:
        """Move the pointer, so that the controls are there."""
        self.page.mouse.move(600, 300)
        self.page.mouse.move(640, 320)
        expect(self.player).not_to_have_class(IS_IDLE)

    def press(self, key: str) -> Screen:
        """Press a key."""
        self.page.keyboard.press(key)
        return self

    def choose(self, menu: str, group: str, option: str) -> Screen:
        """Choose one option in a group of one of the two menus, and close the menu."""
        self.options(menu, group).filter(has_text=option).first.click()
        self.page.keyboard.press("Escape")
        return self

    def options(self, menu: str, group: str) -> Locator:
        """The options of a group, its menu open."""
        self.stir()
        if not self.page.get_by_test_id("menu").is_visible():
            self.page.get_by_test_id(menu).click()
        return self.page.get_by_role("radiogroup", name=group, exact=True).get_by_role("radio")

    def time(self) -> float:
        """Where the film is, in seconds."""
        return self.number("currentTime")

    def number(self, name: str) -> float:
        """A number of the video element."""
        return float(self.page.evaluate("name => probes.video()[name]", name))

    def events(self, name: str) -> list[Any]:
        """The media events of this name so far."""
        found: list[Any] = self.page.evaluate("name => probes.mediaEvents.filter((event) => event.name === name)", name)
        return found

    @property
    def player(self) -> Locator:
        return self.page.get_by_test_id("player")

    @property
    def bar(self) -> Locator:
        return self.page.get_by_test_id("seek")

    @property
    def captions(self) -> Locator:
        return self.page.get_by_test_id("captions-bottom")
