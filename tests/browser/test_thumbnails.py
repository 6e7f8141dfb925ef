"""Small pictures at the seek bar: in our player, and in another one that knows them from the DASH manifest alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser.cinema import Cinema
from tests.browser.films import FILM, FILM_S
from tests.browser.screen import Open, Screen

SHAKA = Path(__file__).parents[2] / "web" / "node_modules" / "shaka-player" / "dist"
REPEATS_S = 12
"""The film's picture comes again after so long, but for the numbers in it."""
LOAD = """
async ([url, css]) => {
  document.body.innerHTML = '<div id="box" style="width: 960px; height: 540px"><video muted></video></div>';
  document.head.append(Object.assign(document.createElement('style'), { textContent: css }));
  const [box, video] = [document.getElementById('box'), document.querySelector('video')];
  const player = new shaka.Player();
  await player.attach(video);
  const overlay = new shaka.ui.Overlay(player, box, video);
  overlay.configure({ fadeDelay: 3600 });
  await player.load(url);
  // It seeks to the beginning itself once it has something to show, and would undo a seek of ours before that.
  if (video.readyState < 3) await new Promise((resolve) => video.addEventListener('canplay', resolve, { once: true }));
  window.dash = { player, video, type: player.getManifestType() };
}
"""
SHOWN_AT = """
async (time) => {
  const { player, video } = dash;
  const [track] = player.getImageTracks();
  const tile = await player.getThumbnails(track.id, time);
  const sheet = await createImageBitmap(await (await fetch(tile.uris[0])).blob());
  const canvas = new OffscreenCanvas(tile.width, tile.height).getContext('2d', { willReadFrequently: true });
  const look = (...picture) => {
    canvas.drawImage(...picture, 0, 0, tile.width, tile.height);
    return canvas.getImageData(0, 0, tile.width, tile.height).data;
  };
  // While it plays: a frame of the tile's second is drawn as it is presented.
  const presented = new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`no frame of second ${tile.startTime} at ${video.currentTime}`)), 20000);
    const see = (_now, { mediaTime }) => {
      const into = mediaTime - tile.startTime;
      if (into >= 0 && into < 0.9) resolve(look(video).slice());
      else video.requestVideoFrameCallback(see);
    };
    video.requestVideoFrameCallback(see);
  });
  video.currentTime = tile.startTime + 0.01;
  await video.play();
  const frame = await presented;
  video.pause();
  const unlike = [];
  for (let y = 0; y + tile.height <= sheet.height; y += tile.height) {
    for (let x = 0; x + tile.width <= sheet.width; x += tile.width) {
      const other = look(sheet, x, y, tile.width, tile.height);
      let sum = 0;
      for (let n = 0; n < frame.length; n += 1) sum += Math.abs(frame[n] - other[n]);
      unlike.push({ x, y, sum: sum / frame.length });
    }
  }
  const { startTime, duration, positionX, positionY } = tile;
  return { startTime, duration, own: unlike.find(({ x, y }) => x === positionX && y === positionY).sum,
    others: unlike.map(({ sum }) => sum) };
}
"""


@pytest.fixture
def dash(open_page: Open, cinema: Cinema) -> Page:
    """Another player, Shaka's own with its controls, that was given a film's MPD and nothing else."""
    page = open_page(base_url=cinema.url, storage_state=cinema.signed_in(), bypass_csp=True)
    cinema.forget(FILM)
    body = {"title_id": cinema.ids[FILM], "device": "web"}
    started = cinema.client.post("/v1/playback", json=body).raise_for_status().json()
    page.goto("/robots.txt")
    page.add_script_tag(path=SHAKA / "shaka-player.ui.js")
    page.evaluate(LOAD, [started["dash_url"], (SHAKA / "controls.css").read_text(encoding="utf-8")])
    assert page.evaluate("dash.type") == "DASH"
    return page


@pytest.mark.parametrize("time_s", [1, 13, 26, 38])
def test_the_tile_that_the_dash_manifest_gives_for_a_time_is_the_film_s_picture_then(dash: Page, time_s: int) -> None:
    found: dict[str, Any] = dash.evaluate(SHOWN_AT, time_s)
    assert found["startTime"] <= time_s < found["startTime"] + found["duration"]
    likest = sorted(found["others"])[: FILM_S // REPEATS_S + 1]
    assert found["own"] <= likest[-1], f"only those that repeat it may be more like the film's picture: {found}"
    assert found["own"] < sum(found["others"]) / len(found["others"])


def test_another_player_shows_the_tiles_of_the_dash_manifest_at_its_seek_bar(dash: Page) -> None:
    seek = dash.locator(".shaka-seek-bar")
    shown = set()
    dash.mouse.move(480, 270)
    expect(seek).to_be_visible()
    box = seek.bounding_box()
    assert box is not None
    for share in (0.1, 0.9):
        dash.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
        picture = dash.locator(".shaka-player-ui-thumbnail-image")
        expect(picture).to_be_visible()
        expect(picture).to_have_attribute("src", re.compile(r"/images/|blob:|data:"))
        assert picture.evaluate("async image => { await image.decode(); return image.naturalWidth; }") > 0
        shown.add((picture.get_attribute("style"), picture.get_attribute("src")))
    assert len(shown) == 2, "one picture for the beginning, another for the end"


def test_our_player_shows_the_picture_of_the_second_under_the_pointer(screen: Screen) -> None:
    screen.play(FILM).press("k").expect_state("paused")
    screen.stir()
    box = screen.bar.bounding_box()
    assert box is not None
    preview = screen.page.get_by_test_id("preview")
    places = []
    for time_s in (5, 30):
        screen.page.mouse.move(box["x"] + time_s / FILM_S * box["width"], box["y"] + box["height"] / 2)
        expect(preview).to_contain_text(re.compile(f"0:(0?{time_s - 1}|0?{time_s}|0?{time_s + 1})$"))
        tile = preview.locator(".tile")
        style: dict[str, str] = tile.evaluate(
            "tile => { const { backgroundImage, backgroundPosition } = getComputedStyle(tile);"
            " return { backgroundImage, backgroundPosition }; }"
        )
        assert "/images/" in style["backgroundImage"]
        width = screen.page.evaluate(
            "async (url) => { const image = new Image(); image.src = url; await image.decode(); return image.width; }",
            style["backgroundImage"][5:-2],
        )
        assert width > 0
        places.append(style["backgroundPosition"])
    assert places[0] != places[1]
