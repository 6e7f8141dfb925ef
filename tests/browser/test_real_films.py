"""A film that a camera took, from the folder that MATINEE_TEST_MEDIA names, through the whole walk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page
from tests.browser.cinema import Cinema, open_cinema
from tests.browser.faults import Faults
from tests.browser.screen import Screen
from tests.end_to_end.server import Running, matinee

CLIP = "bbb_854x480_24fps_30s.mp4"
HEIGHTS = (360, 480)


@pytest.fixture
def clip() -> Path:
    """The film; in CI it must be there."""
    path = Path(os.environ.get("MATINEE_TEST_MEDIA", "/nonexistent")) / "clips" / CLIP
    if path.is_file():
        return path
    message = f"MATINEE_TEST_MEDIA names no folder with clips/{CLIP}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def test_a_real_film_plays_seeks_switches_and_resumes(page: Page, running: Running, clip: Path) -> None:
    done = matinee(running.home, "add", str(clip), "--title", CLIP, "--json")
    assert done.status == 0, done.err
    cinema: Cinema = open_cinema(running)
    faults = Faults().watch(page)
    screen = Screen(page, cinema).play(CLIP).wait_for_time(2)
    for to_s in (20.0, 7.0):
        screen.seek(to_s)
        assert screen.time() == pytest.approx(to_s, abs=1.0)
        screen.wait_for_time(to_s + 1.5)
    for height in HEIGHTS:
        screen.choose("settings", "Quality", f"{height}p")
        page.wait_for_function("height => probes.video().videoHeight === height", arg=height)
    screen.seek(15).wait_for_time(16)
    left_at_s = screen.time()
    page.reload()
    screen.wait_until_playing()
    assert screen.time() == pytest.approx(left_at_s, abs=3)
    assert faults.found == []
    cinema.client.delete(f"/v1/titles/{cinema.ids[CLIP]}").raise_for_status()
    cinema.client.close()
