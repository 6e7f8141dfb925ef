"""What is seen and heard while a film plays: no gap where segments join, and sound that keeps to the picture."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Any

import pytest
from tests.browser.cinema import Cinema
from tests.browser.films import FILM, FLASH_CLIP, FLASHES, LATE_BEEPS, LATE_S
from tests.browser.screen import Open, Screen
from tests.media.generate import flash_frames

SEGMENT_S = 6
FRAME_S = 1 / 25
CLOCK_S = 0.002
"""How exactly a frame's media time is told: the browser counts in microseconds, the file in ticks of 1/25 s."""
OFFSET_MS = 15
LUMA_LIT = 128
NEAR_S = 0.7
PAIRED_S = 0.5
"""A beep belongs to the flash that is no further away."""


def test_nothing_stops_where_segments_join(screen: Screen) -> None:
    """Over two joins: no `waiting`, one buffered range, and frames a whole number of frames apart."""
    screen.play(FILM)
    screen.page.evaluate("() => { probes.mediaEvents.length = 0; probes.watchFrames(); }")
    screen.wait_for_time(2 * SEGMENT_S + 1)
    frames: list[dict[str, float]] = screen.page.evaluate("() => probes.frames")
    assert screen.events("waiting") == []
    assert len(screen.page.evaluate("() => probes.ranges()")) == 1
    steps = [(after["time"] - before["time"]) / FRAME_S for before, after in pairwise(frames)]
    assert steps
    assert all(step == pytest.approx(round(step), abs=CLOCK_S / FRAME_S) and round(step) >= 1 for step in steps)
    for join in (SEGMENT_S, 2 * SEGMENT_S):
        assert any(abs(frame["time"] - join) < SEGMENT_S / 6 for frame in frames), f"no frame was seen near {join} s"


def offsets_ms(open_page: Open, cinema: Cinema, title: str, until_s: float) -> list[float]:
    """How much later than its flash each beep of `title` is heard, in milliseconds.

    A flash is the media time of the first lit frame that the browser presents (requestVideoFrameCallback), when the
    frame before it was seen dark. A beep is the first loud sample that leaves the element (an audio worklet behind a
    MediaElementAudioSourceNode), placed on the element's timeline by pairs of both clocks that were read together
    around it; over the whole film they drift, because a busy machine renders a buffer of sound late now and then. So
    it spans demuxing, edit lists, joins, decoding and the element's own clock, but not what a sound card and a screen
    add after that.
    """
    page = open_page(base_url=cinema.url, storage_state=cinema.signed_in(), bypass_csp=True)
    screen = Screen(page, cinema).play(title)
    page.evaluate("() => probes.tapSound()")
    page.evaluate("() => probes.watchFrames()")
    screen.wait_for_time(until_s)
    seen: dict[str, Any] = page.evaluate(
        "() => ({ frames: probes.frames, beeps: probes.beeps, clocks: probes.clocks })"
    )
    flashes = [after["time"] for before, after in pairwise(seen["frames"]) if is_flash(before, after)]
    beeps = [beep + ahead_s(seen["clocks"], beep) for beep in seen["beeps"]]
    pairs = [(flash, beep) for flash in flashes for beep in beeps if abs(beep - flash) < PAIRED_S]
    expected = [frame for frame in flash_frames(FLASH_CLIP) if frame * FRAME_S < until_s]
    assert len(pairs) >= len(expected) // 2, seen
    return [1000 * (beep - flash) for flash, beep in pairs]


def ahead_s(clocks: Sequence[tuple[float, float]], at: float) -> float:
    """By how much the element's clock is ahead of the sound's, whose time is `at`."""
    return median(element - sound for sound, element in clocks if abs(sound - at) < NEAR_S)


def is_flash(before: dict[str, float], after: dict[str, float]) -> bool:
    """Whether the second of two presented frames is the first lit one."""
    is_next = after["time"] - before["time"] < FRAME_S * 1.5
    return is_next and before["luma"] < LUMA_LIT <= after["luma"]


def test_sound_keeps_to_the_picture_also_after_joins(open_page: Open, cinema: Cinema) -> None:
    offsets = offsets_ms(open_page, cinema, FLASHES, float(FLASH_CLIP.seconds) - 1)
    assert max(abs(offset) for offset in offsets) <= OFFSET_MS, offsets


def test_sound_that_comes_late_is_noticed(open_page: Open, cinema: Cinema) -> None:
    """The measurement itself: a film whose sound was delayed on purpose shows that delay."""
    assert offsets_ms(open_page, cinema, LATE_BEEPS, SEGMENT_S)[0] == pytest.approx(1000 * LATE_S, abs=OFFSET_MS)
