"""Chunks of one quality: steered where trials tell how, and left alone where they do not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.encoding.film import film

from matinee.base.units import BitsPerSecond
from matinee.encoding.pertitle.ladder import Rung
from matinee.encoding.pertitle.sample import Sample, Window
from matinee.encoding.pertitle.steer import CRF_OFF_MAX, needed_crf, steered
from matinee.encoding.pertitle.trial import HD_MODEL, Measured, Piece, pieces_of
from matinee.encoding.plan import windows_of
from matinee.encoding.timeline import Chunk, chunks_of, timeline_of

FILM = film(900.0)
TIMELINE = timeline_of(FILM)
CHUNKS = chunks_of(FILM, TIMELINE)
SIZE = (1280, 720)
RUNG = Rung(
    name="720p", width=1280, height=720, bitrate_bps=BitsPerSecond(2_000_000), crf=26.0, maxrate_bps=None, vmaf=80.0
)
Hardness = Callable[[int], float]


def windows(hardness: Hardness) -> list[Window]:
    """Samples a second apart, whose detail is 8 to 56."""
    step = round(TIMELINE.fps)
    return [
        Window(start=window.start, end=window.end, samples=tuple(sample(n, hardness) for n in frames))
        for window in windows_of(FILM, TIMELINE)
        for frames in [range(-(-window.start // step) * step, window.end, step)]
    ]


def sample(frame: int, hardness: Hardness) -> Sample:
    return Sample(frame=frame, spatial=8 + 48 * hardness(frame), temporal=10.0, noise=2.0, merit=0.0, thumb=b"")


def pieces(found: list[Window], hardness: Hardness) -> list[Piece]:
    """Trials in which a point of VMAF is a rate factor, and the hardest frame needs 8 less than the plainest."""
    return [
        Piece(
            start=piece.start,
            end=piece.end,
            libvmaf="3.0.0",
            measured=tuple(
                Measured(
                    size=SIZE,
                    model=HD_MODEL,
                    crf=crf,
                    size_bytes=1_000,
                    scores=(min(100.0, 110.0 - crf - 8 * hardness(piece.start)),),
                )
                for crf in (20.0, 27.0, 35.0)
            ),
        )
        for piece in pieces_of(found, TIMELINE, CHUNKS)
    ]


def minutes(frame: int) -> float:
    """Plain and hard by turns of a minute."""
    return float(frame // (60 * 24) % 2)


def mean_of(chunk: Chunk) -> float:
    return float(np.mean([minutes(frame) for frame in range(chunk.start, chunk.end, 24)]))


def test_hard_scenes_get_a_lower_rate_factor_and_plain_ones_a_higher_one() -> None:
    found = windows(minutes)
    crfs = steered(RUNG, pieces(found, minutes), found, CHUNKS)
    assert crfs is not None
    hard = [crf for crf, chunk in zip(crfs, CHUNKS, strict=True) if mean_of(chunk) == 1]
    plain = [crf for crf, chunk in zip(crfs, CHUNKS, strict=True) if mean_of(chunk) == 0]
    assert hard and plain
    # 110 - crf - 8 h = 80 at crf 30 and 22.
    assert np.mean(hard) == pytest.approx(22.0, abs=0.75)
    assert np.mean(plain) == pytest.approx(30.0, abs=0.75)


def test_trials_that_samples_tell_nothing_of_leave_one_rate_factor_for_all() -> None:
    random = np.random.default_rng(7).random(TIMELINE.frames)
    found = windows(minutes)
    assert steered(RUNG, pieces(found, lambda frame: float(random[frame])), found, CHUNKS) is None


def test_a_film_that_is_alike_throughout_and_a_short_one_are_left_alone() -> None:
    found = windows(lambda _: 0.5)
    assert steered(RUNG, pieces(found, lambda _: 0.5), found, CHUNKS) is None
    some = windows(minutes)
    assert steered(RUNG, pieces(some, minutes)[:7], some, CHUNKS) is None
    bare = [Window(start=window.start, end=window.end, samples=()) for window in some]
    assert steered(RUNG, pieces(some, minutes), bare, CHUNKS) is None


def test_what_a_piece_needs_is_read_between_its_trials() -> None:
    plain, *_ = pieces(windows(lambda _: 0.0), lambda _: 0.0)
    assert needed_crf(plain, RUNG) == pytest.approx(30.0)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.0, 1.0))
def test_no_chunk_is_far_from_its_rung_whatever_the_trials_say(seed: int, chance: float) -> None:
    noise = np.random.default_rng(seed).random(TIMELINE.frames)
    found = windows(minutes)

    def hardness(frame: int) -> float:
        return (1 - chance) * minutes(frame) + chance * float(noise[frame])

    crfs = steered(RUNG, pieces(found, hardness), found, CHUNKS)
    assert crfs is None or len(crfs) == len(CHUNKS)
    assert RUNG.crf is not None
    assert all(abs(crf - RUNG.crf) <= CRF_OFF_MAX for crf in crfs or ())
