"""What is measured of frames and of sound, on signals whose difference is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.encoding.qc.likeness import (
    FRAME_BYTES,
    SOUND_HZ,
    Sound,
    Tiny,
    compared,
    places,
    shift_of,
    silences,
    tiny_frames,
)

STEP = 24


def moving(frames: int, seed: int = 1) -> Tiny:
    """Frames that all differ."""
    chance = np.random.default_rng(seed)
    return tiny_frames(chance.integers(40, 200, frames * FRAME_BYTES, dtype=np.uint8).tobytes())


def noise(seconds: float, seed: int = 2) -> Sound:
    return (np.random.default_rng(seed).normal(0, 3_000, round(seconds * SOUND_HZ))).astype(np.int16)


def test_frames_that_are_the_sources_differ_in_nothing() -> None:
    source = moving(60)
    found = compared(source, source, STEP)
    assert (found.difference, found.black, found.frozen, found.lag) == ((0, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0))


def test_one_frame_of_another_colour_shows_in_its_second() -> None:
    source = moving(72)
    ours = source.copy()
    ours[30, 160:200] += 50
    found = compared(ours, source, STEP)
    assert (found.difference[0], found.difference[2]) == (0, 0)
    assert found.difference[1] == pytest.approx(50)


@given(late=st.integers(1, 12))
def test_frames_that_are_late_are_told_with_how_many(late: int) -> None:
    source = moving(96)
    ours = np.concatenate([np.repeat(source[:1], late, axis=0), source[:-late]])
    assert set(compared(ours, source, STEP).lag[1:]) == {late}


def test_black_counts_where_the_source_is_not() -> None:
    source = moving(48)
    source[24:, :160] = 16
    ours = source.copy()
    ours[10:, :160] = 16
    assert compared(ours, source, STEP).black == (14, 0)


def test_what_stands_still_in_both_is_not_frozen() -> None:
    source = np.repeat(moving(1), 48, axis=0)
    assert compared(source, source, STEP).frozen == (0, 0)
    assert compared(source, moving(48), STEP).frozen == (23, 24)


@given(late=st.integers(-3_000, 3_000))
def test_a_shift_of_sound_is_found_to_the_sample(late: int) -> None:
    signal = noise(6)
    source, ours = signal[4_000:-4_000], signal[4_000 - late : len(signal) - 4_000 - late]
    found = shift_of(ours, source, 0.0)
    assert found is not None
    assert found.late_ms == pytest.approx(late * 1000 / SOUND_HZ, abs=0.001)


def test_a_tone_is_not_taken_for_late_and_silence_tells_nothing() -> None:
    tone = (8_000 * np.sin(2 * np.pi * 220 * np.arange(4 * SOUND_HZ) / SOUND_HZ)).astype(np.int16)
    found = shift_of(tone, tone, 0.0)
    assert found is not None and found.late_ms == 0
    assert shift_of(np.zeros_like(tone), tone, 0.0) is None
    assert shift_of(noise(4, 5), noise(4, 6), 0.0) is None


def test_silence_counts_where_the_source_is_heard_and_sound_where_it_is_not() -> None:
    source, ours = noise(6), noise(6)
    source[:SOUND_HZ] = 0
    ours[2 * SOUND_HZ : 4 * SOUND_HZ] = 0
    assert silences(ours, source, 0.0) == ((2, 3), (0,))


def test_a_long_film_is_listened_to_in_three_places() -> None:
    assert places(100.0) == (0.0, 45.0, 90.0)
    assert places(12.0) == (0.0,)
