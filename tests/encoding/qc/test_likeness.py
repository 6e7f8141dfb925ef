"""What is measured of frames and of sound, on signals whose difference is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.encoding.qc.likeness import (
    FRAME_BYTES,
    LIKE_LEAST,
    PLACE_S,
    SOUND_HZ,
    Shift,
    Sound,
    Stretches,
    Tiny,
    audible_places,
    compared,
    place_in,
    places,
    shift_at,
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


def tone(hz: float, seconds: float = 14) -> Sound:
    return (8_000 * np.sin(2 * np.pi * hz * np.arange(round(seconds * SOUND_HZ)) / SOUND_HZ)).astype(np.int16)


def moved(source: Sound, samples: int) -> Sound:
    """`source`, so much later: silence first; or earlier, for less than 0."""
    return np.pad(source, (samples, 0))[: len(source)] if samples >= 0 else np.pad(source, (0, -samples))[-samples:]


def shift(ours: Sound, source: Sound, at_s: float = 1.0) -> Shift:
    found = shift_at(place_in(ours, at_s), source, at_s)
    assert found is not None
    return found


@given(late=st.integers(-23_999, 23_999))
def test_a_shift_of_sound_is_found_to_the_sample(late: int) -> None:
    found = shift(moved(noise(16), late), noise(16), 3.0)
    assert found.late_ms == pytest.approx(late * 1000 / SOUND_HZ, abs=0.001)
    assert found.likeness > 0.98


def test_a_shift_at_the_films_ends_is_found_as_in_the_middle() -> None:
    for seconds in (4, 10, 40):
        source = noise(seconds)
        for at_s in places(seconds):
            found = shift(moved(source, 800), source, at_s)
            assert (found.late_ms, found.likeness > 0.97) == (100.0, True)


def test_other_sound_is_like_nothing_however_far_one_looks() -> None:
    for other in (noise(14, 6), tone(220), np.abs(noise(14)), -noise(14)):
        assert shift(noise(14), other).likeness < 0.2
    assert shift(moved(noise(14), 5 * SOUND_HZ), noise(14)).likeness < LIKE_LEAST


def test_a_tone_whose_times_were_rounded_is_late_by_that_and_not_by_many_periods_of_it() -> None:
    """As a decoder tells it that begins in the middle: a frame of silence, then the tone, three samples early."""
    ours = place_in(np.roll(tone(440), -3), 4.0)
    ours[: SOUND_HZ // 50] = 0
    found = shift_at(ours, tone(440), 4.0)
    assert found is not None and abs(found.late_ms) < 1


def test_a_tone_is_not_taken_for_late_and_silence_tells_nothing() -> None:
    assert shift(tone(220), tone(220)).late_ms == 0
    beats = np.where(np.arange(14 * SOUND_HZ) % 4_000 < 400, noise(14), 0).astype(np.int16)
    assert shift(beats, beats).late_ms == 0
    assert shift_at(np.zeros_like(place_in(beats, 0.0)), beats, 0.0) is None
    assert shift_at(place_in(beats, 0.0), np.zeros_like(beats), 0.0) is None


def test_silence_counts_where_the_source_is_heard_and_sound_where_it_is_not() -> None:
    source, ours = noise(6), noise(6)
    source[:SOUND_HZ] = 0
    ours[2 * SOUND_HZ : 4 * SOUND_HZ] = 0
    ours[5 * SOUND_HZ : 5 * SOUND_HZ + 2_400] = 0
    silent, added = silences(ours, source, 0.0)
    assert silent == Stretches(seconds=2.3, at_s=2.0)
    assert added == Stretches(seconds=0.9, at_s=0.0), "the block beside what is heard may be the codec's"
    assert silences(noise(6), noise(6), 0.0) == (Stretches(), Stretches())
    assert silences(noise(0), noise(6), 0.0) == (Stretches(), Stretches())


def test_what_is_faint_or_stands_still_is_not_missed() -> None:
    ours = np.zeros(4 * SOUND_HZ, np.int16)
    assert silences(ours, noise(4) // 30, -20.0)[0].seconds == 0, "below the limit of what is heard, with the gain"
    assert silences(ours, noise(4) // 30, 10.0)[0].seconds == 4
    assert silences(ours, ours + np.int16(2_000), 0.0)[0].seconds == 0, "an offset is no sound"


def test_a_long_film_is_listened_to_in_three_places() -> None:
    assert places(100.0) == (0.0, 45.0, 90.0)
    assert places(12.0) == (0.0,)


def test_where_a_place_is_silent_the_nearest_is_taken_that_is_not() -> None:
    assert audible_places(noise(100), 0.0) == (0.0, 45.0, 90.0)
    source = noise(100)
    source[: 20 * SOUND_HZ] = 0
    source[40 * SOUND_HZ : 60 * SOUND_HZ] = 0
    assert audible_places(source, 0.0) == (15.0, 35.0, 90.0), "half of each is heard"
    source[:] = 0
    assert audible_places(source, 0.0) == ()
    source[30 * SOUND_HZ : 31 * SOUND_HZ] = noise(1)
    (first, *_, last) = audible_places(source, 0.0)
    assert [first, last] == pytest.approx([31 - PLACE_S, 30.0]), "one second is all that there is"
    assert audible_places(noise(4), 0.0) == (0.0,)
    assert audible_places(noise(0), 0.0) == ()
