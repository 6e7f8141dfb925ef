"""The sound that two episodes share is found where it is, through the encoder, and nothing is found where none is."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.media.generate import AUDIO_RATE, ffmpeg

from matinee.encoding.tracks.fingerprint import HOP_S, Fingerprint, common_run, read_fingerprint
from matinee.encoding.worker.ffmpeg import fingerprint_argv

Sound = npt.NDArray[np.float64]
OPENING_S = 12.0


def music(seed: int, seconds: float) -> Sound:
    """Chords of chance, which die away."""
    chance, sound, at_s = np.random.default_rng(seed), np.zeros(round(seconds * AUDIO_RATE)), 0.0
    while at_s < seconds:
        start, lasts_s = round(at_s * AUDIO_RATE), chance.uniform(0.15, 0.6)
        time_s = np.arange(min(round(lasts_s * AUDIO_RATE), len(sound) - start)) / AUDIO_RATE
        for _ in range(3):
            tone = np.sin(2 * np.pi * 110 * 2 ** (chance.integers(0, 48) / 12) * time_s)
            sound[start : start + len(time_s)] += tone * np.exp(-3 * time_s) * chance.uniform(0.1, 0.3)
        at_s += lasts_s
    return sound + chance.normal(0, 0.01, len(sound))


def printed(sound: Sound, path: Path) -> Fingerprint:
    """The fingerprint of `sound` once it was encoded like a rendition."""
    path.with_suffix(".s16").write_bytes((np.clip(sound, -1, 1) * 30_000).astype("<i2").tobytes())
    raw = ["-f", "s16le", "-ar", str(AUDIO_RATE), "-ac", "1", "-i", str(path.with_suffix(".s16"))]
    subprocess.run([ffmpeg(), "-v", "error", "-y", *raw, "-ac", "2", "-c:a", "aac", "-b:a", "96k", path], check=True)
    out = path.with_suffix(".print")
    subprocess.run(fingerprint_argv(Path(ffmpeg()), path, "aac", out), check=True, capture_output=True)
    return read_fingerprint(out.read_bytes())


@pytest.mark.parametrize(("seed", "first_s", "second_s"), [(1, 0.0, 9.3), (2, 5.05, 17.77)])
def test_the_same_opening_at_different_places_is_found(
    tmp_path: Path, seed: int, first_s: float, second_s: float
) -> None:
    opening = music(seed, OPENING_S)
    first, second = (
        printed(
            np.concatenate([music(10 * seed + n, before), opening, music(20 * seed + n, 20)]), tmp_path / f"{n}.mp4"
        )
        for n, before in enumerate((first_s, second_s))
    )
    run = common_run(first, second, shortest_s=10, longest_s=120)
    assert run is not None
    assert run.first_s == pytest.approx(first_s, abs=0.5)
    assert run.second_s == pytest.approx(second_s, abs=0.5)
    assert run.first_s + run.lasts_s == pytest.approx(first_s + OPENING_S, abs=0.5)


def test_unrelated_episodes_silence_and_a_steady_tone_share_nothing(tmp_path: Path) -> None:
    sounds = [music(1, 40), music(2, 40)]
    first, second = (printed(sound, tmp_path / f"{n}.mp4") for n, sound in enumerate(sounds))
    assert common_run(first, second, shortest_s=10, longest_s=120) is None
    still = np.zeros(30 * AUDIO_RATE)
    tone = np.sin(2 * np.pi * 440 * np.arange(len(still)) / AUDIO_RATE) / 3
    for sound in (still, tone):
        same = printed(sound, tmp_path / "same.mp4")
        assert common_run(same, same, shortest_s=10, longest_s=120) is None


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    places=st.tuples(st.integers(0, 150), st.integers(0, 150)),
    items=st.integers(110, 200),
    wrong_bits=st.integers(0, 2),
)
def test_a_run_is_found_wherever_it_is_although_some_bits_differ(
    seed: int, places: tuple[int, int], items: int, wrong_bits: int
) -> None:
    chance = np.random.default_rng(seed)
    shared = chance.integers(0, 2**32, items, dtype=np.uint32)
    tracks = []
    for place in places:
        noise = np.zeros(items, np.uint32)
        for _ in range(wrong_bits):
            noise |= np.uint32(1) << chance.integers(0, 32, items).astype(np.uint32)
        before, after = (chance.integers(0, 2**32, size, dtype=np.uint32) for size in (place, 60))
        tracks.append(np.concatenate([before, shared ^ noise, after]))
    run = common_run(tracks[0], tracks[1], shortest_s=10, longest_s=60)
    assert run is not None
    for found_s, place in zip((run.first_s, run.second_s), places, strict=True):
        assert abs(found_s - place * HOP_S) <= 0.5 + 3 * HOP_S
    assert common_run(tracks[0], tracks[1], shortest_s=10, longest_s=11) is None, "it is longer than an opening is"


def test_a_fingerprint_that_is_cut_off_is_read_as_far_as_it_goes() -> None:
    assert read_fingerprint(b"\x01\x00\x00\x00\x02\x00").tolist() == [1]
    assert common_run(read_fingerprint(b""), read_fingerprint(b""), shortest_s=10, longest_s=60) is None
