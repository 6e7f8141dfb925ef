"""What a rung comes to under its cap: the scenes that would take most of the bits are the ones that it cuts."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest

from matinee.base.units import BitsPerSecond
from matinee.encoding.pertitle.ladder import Rung
from matinee.encoding.pertitle.promise import OVER_CAP, promised
from matinee.encoding.pertitle.trial import HD_MODEL, Measured, Piece

RUNG = Rung(
    name="360p",
    width=640,
    height=360,
    bitrate_bps=BitsPerSecond(1_000_000),
    crf=27.0,
    maxrate_bps=BitsPerSecond(2_000_000),
    vmaf=80.0,
    vmaf_low=70.0,
)
FPS = Fraction(24)


def piece(*tried: tuple[float, float, float]) -> Piece:
    """A piece of two seconds by its rate factors, bits/s and VMAF."""
    measured = tuple(
        Measured(size=(640, 360), model=HD_MODEL, crf=crf, size_bytes=round(bps / 4), scores=(vmaf,) * 12)
        for crf, bps, vmaf in tried
    )
    return Piece(start=0, end=48, measured=measured, libvmaf="3")


PLAIN = piece((20, 400_000, 96), (27, 200_000, 90), (35, 100_000, 70))
BUSY = piece((20, 9_600_000, 88), (27, 4_800_000, 80), (35, 1_200_000, 60))


def of(*pieces: Piece, rung: Rung = RUNG, crf: float = 27.0) -> Rung:
    return promised(rung, pieces, FPS, lambda _: crf)


def test_a_title_that_the_cap_leaves_alone_comes_to_the_mean_of_its_pieces() -> None:
    rung = of(PLAIN, PLAIN)
    assert (rung.bitrate_bps, rung.vmaf, rung.vmaf_low) == (200_000, 90.0, 90.0)


def test_a_scene_above_the_cap_takes_the_cap_and_looks_as_its_own_trials_say() -> None:
    rung = of(PLAIN, BUSY)
    assert rung.bitrate_bps == pytest.approx((200_000 + (1 + OVER_CAP) * 2_000_000) / 2, rel=0.01)
    assert rung.vmaf_low == pytest.approx(70, abs=3), "half of 4.8 Mb/s is about half-way between its trials"
    assert rung.vmaf == pytest.approx((90 + (rung.vmaf_low or 0.0)) / 2, abs=0.1)


def test_beyond_the_last_trial_a_scene_goes_on_getting_worse() -> None:
    tight = msgspec.structs.replace(RUNG, maxrate_bps=BitsPerSecond(500_000))
    assert (of(BUSY, rung=tight).vmaf or 0.0) == pytest.approx(49, abs=1)


def test_each_piece_has_its_own_rate_factor() -> None:
    rung = promised(RUNG, (PLAIN, BUSY), FPS, lambda one: 35.0 if one is BUSY else 20.0)
    assert (rung.bitrate_bps, rung.vmaf) == (800_000, 78.0)


def test_what_was_not_tried_or_is_not_capped_is_as_it_was() -> None:
    free = msgspec.structs.replace(RUNG, maxrate_bps=None)
    other = msgspec.structs.replace(RUNG, width=1280, height=720)
    assert (of(PLAIN, rung=free), of(PLAIN, rung=other), of()) == (free, other, RUNG)
