"""What Matinee serves is played by a player that knows nothing of it: hls.js, from the master playlist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.browser.cinema import Cinema
from tests.browser.films import FILM, TWO_TONGUES
from tests.browser.screen import Open

HLS = Path(__file__).parents[2] / "web/node_modules/hls.js/dist/hls.min.js"
PLAY = """
async ([url, to]) => {
  const video = document.body.appendChild(document.createElement('video'));
  video.muted = true;
  const hls = new Hls({ enableWorker: false });
  const faults = [];
  // It tells of every request that it gives up for another rung, and of waiting, as an error that is not fatal.
  const isGrave = ({ fatal, details }) => fatal || /Parsing|Codec|Load|bufferAppendError/.test(details);
  hls.on(Hls.Events.ERROR, (_, data) => {
    if (isGrave(data)) faults.push(`${data.details} ${data.reason ?? ''}`);
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  const until = (what, is) => new Promise((resolve, reject) => {
    const timer = setInterval(() => { if (is()) { clearInterval(timer); resolve(); } }, 50);
    setTimeout(() => {
      clearInterval(timer);
      reject(new Error(`${what}: at ${video.currentTime}; ${faults}`));
    }, 30000);
  });
  await until('no playlist', () => hls.levels.length > 0);
  const levels = [];
  await video.play();
  for (let level = 0; level < hls.levels.length; level++) {
    hls.currentLevel = level;
    const { height } = hls.levels[level];
    await until(`no ${height}p`, () => video.videoHeight === height);
    levels.push(height);
  }
  video.currentTime = to;
  await until('no seek', () => video.currentTime > to + 1);
  const { corruptedVideoFrames: corrupted } = video.getVideoPlaybackQuality();
  const answer = {
    levels, faults, corrupted, duration: video.duration,
    sounds: hls.audioTracks.map((one) => one.lang), texts: hls.subtitleTracks.map((one) => one.lang),
    ranges: video.buffered.length,
  };
  hls.destroy();
  return answer;
}
"""


@pytest.mark.parametrize(
    ("title", "to_s", "sounds", "texts"), [(FILM, 13.0, 1, {"en", "de"}), (TWO_TONGUES, 8.0, 2, set[str]())]
)
def test_hls_js_plays_every_rung_seeks_and_finds_all_tracks(
    cinema: Cinema, open_page: Open, title: str, to_s: float, sounds: int, texts: set[str]
) -> None:
    session = cinema.client.post("/v1/playback", json={"title_id": cinema.ids[title]}).raise_for_status().json()
    page = open_page(base_url=cinema.url, storage_state=cinema.signed_in(), bypass_csp=True)
    page.goto("/")
    page.add_script_tag(path=HLS)
    seen: dict[str, Any] = page.evaluate(PLAY, [session["hls_url"], to_s])
    assert seen["faults"] == []
    assert seen["corrupted"] == 0
    assert seen["ranges"] == 1
    assert seen["levels"] == sorted(seen["levels"])
    assert seen["duration"] == pytest.approx(session["duration_s"], abs=0.1)
    assert len(set(seen["sounds"])) == sounds
    assert set(seen["texts"]) == texts
