"""The score: every mood is quiet, whole, stereo, and the same each time."""

from __future__ import annotations

import math
import wave
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from matinee.app.demo.film import Mood
from matinee.app.demo.score import LOUDNESS_LUFS, PEAK_MAX, PIECES, RATE_HZ, compose, loudness, write_score


def test_every_mood_has_a_piece() -> None:
    assert set(PIECES) == set(get_args(Mood))


@pytest.mark.parametrize("mood", sorted(PIECES))
def test_a_piece_is_as_loud_as_it_should_be_and_never_clips(mood: Mood) -> None:
    samples = compose(mood, 9.0, 7)
    assert samples.shape == (9 * RATE_HZ, 2)
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() <= PEAK_MAX
    assert loudness(samples) == pytest.approx(LOUDNESS_LUFS, abs=1.0)
    assert np.abs(samples[0]).max() < 0.01 and np.abs(samples[-1]).max() < 0.01


def test_the_same_seed_gives_the_same_piece() -> None:
    assert np.array_equal(compose("sea", 4.0, 3), compose("sea", 4.0, 3))
    assert not np.array_equal(compose("sea", 4.0, 3), compose("sea", 4.0, 4))


def test_a_full_scale_tone_has_the_loudness_that_the_standard_says() -> None:
    """EBU Tech 3341 case 1: a stereo sine of 1 kHz at -23 dBFS is -23 LUFS."""
    time = np.arange(10 * RATE_HZ) / RATE_HZ
    tone = 10 ** (-23 / 20) * np.sin(2 * math.pi * 1000 * time)
    assert loudness(np.stack([tone, tone], axis=1).astype(np.float32)) == pytest.approx(-23, abs=0.1)


def test_silence_is_as_quiet_as_the_gate() -> None:
    assert loudness(np.zeros((RATE_HZ, 2), dtype=np.float32)) == -70.0


def test_the_file_is_stereo_at_48_khz(tmp_path: Path) -> None:
    write_score("winter", 2.5, 1, tmp_path / "score.wav")
    with wave.open(str(tmp_path / "score.wav")) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (2, RATE_HZ, 2.5 * RATE_HZ)
