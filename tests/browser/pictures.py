"""`python -m tests.browser.pictures URL NAME PASSWORD`: takes docs/pictures/*.png from a running server."""

from __future__ import annotations

import io
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from tests.browser.cinema import Cinema
from tests.browser.conftest import ARGUMENTS, LAPTOP, PROBES
from tests.browser.screen import Screen
from tests.browser.test_home import settle

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
PHONE = {"width": 390, "height": 844}
TELEVISION = {"width": 1920, "height": 1080}
COLOURS = 256
INTO_SIGHT = "element => scrollTo(0, element.getBoundingClientRect().top + scrollY - 96)"
"""Scrolls so that an element is at the top, below the bar of the page."""
MOMENT = 0.4
"""Which part of a film its picture is taken from."""


@dataclass(frozen=True)
class Camera:
    """Takes pictures of pages whose viewer has signed in."""

    browser: Browser
    cinema: Cinema

    def open(self, path: str, **options: Any) -> Page:
        """The page at `path`, its pictures loaded."""
        context = self.browser.new_context(
            **{"viewport": LAPTOP, "base_url": self.cinema.url, "locale": "en-GB", **options},
            storage_state=self.cinema.signed_in(),
        )
        context.add_init_script(path=PROBES)
        page = context.new_page()
        page.goto(path)
        return page

    def take(self, name: str, path: str, **options: Any) -> None:
        """A picture of the page at `path`."""
        page = self.open(path, **options)
        settle(page)
        self.keep(name, page)

    def take_player(self, name: str, film: dict[str, Any], **options: Any) -> None:
        """A picture of a film in the player, its controls shown, and no trace of having watched it."""
        page = self.open(f"/watch/{film['id']}", **options)
        screen = Screen(page, self.cinema).wait_until_playing()
        screen.press("k")
        page.evaluate("time => { probes.video().currentTime = time; }", film["duration_s"] * MOMENT)
        page.wait_for_function("() => !probes.video().seeking && probes.video().readyState >= 3")
        screen.stir()
        settle(page)
        self.keep(name, page)
        self.cinema.client.delete(f"/v1/watching/{film['id']}")

    def keep(self, name: str, page: Page) -> None:
        """Write what is in sight of `page` and close its window."""
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        picture.quantize(COLOURS).save(FOLDER / f"{name}.png", optimize=True)  # a third of the bytes
        page.context.close()


def take_all(camera: Camera) -> None:
    """Every picture of the documentation."""
    home = camera.cinema.client.get("/v1/home").raise_for_status().json()
    films = camera.cinema.client.get("/v1/titles?kind=film").raise_for_status().json()["items"]
    film = home["hero"] if home["hero"] and home["hero"]["kind"] == "film" else films[0]
    touch = {"viewport": PHONE, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}
    camera.take("home", "/")
    camera.take("home-phone", "/", **touch)
    camera.take("home-tv", "/?tv=1", viewport=TELEVISION)
    camera.take("title", f"/title/{film['id']}")
    camera.take("search", f"/search?q={film['title'].split()[-1][:4].lower()}")
    camera.take("upload", "/upload")
    camera.take("activity", "/activity")
    camera.take("encoding", "/encoding")
    take_operator(camera, films)
    camera.take_player("player", film)
    camera.take_player("player-phone", film, **{**touch, "viewport": {"width": 844, "height": 390}})


def take_operator(camera: Camera, films: list[dict[str, Any]]) -> None:
    """What an operator sees of a title: the ladder of one that was tried, the marks of an episode if there is one."""
    client = camera.cinema.client
    for title in films:
        report = client.get(f"/v1/titles/{title['id']}/report")
        if report.is_success and report.json()["ladders"]:
            page = camera.open(f"/title/{title['id']}/report")
            page.locator("#ladder-title").evaluate(INTO_SIGHT)
            settle(page)
            camera.keep("report", page)
            break
    shows = client.get("/v1/titles?kind=show").raise_for_status().json()["items"]
    seasons = client.get(f"/v1/titles/{shows[0]['id']}").raise_for_status().json()["seasons"] if shows else []
    marked = seasons[0]["episodes"][0] if seasons else films[-1]
    camera.take("marks", f"/title/{marked['id']}/marks")


def main(url: str, name: str, password: str) -> None:
    """Sign in to the server at `url` and take its pictures."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        httpx.Client(base_url=url, headers={"X-Matinee": "1"}, timeout=30.0) as client,
        sync_playwright() as playwright,
    ):
        client.post("/v1/session", json={"name": name, "password": password}).raise_for_status()
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        take_all(Camera(browser, Cinema(url, client, {})))
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:4])
