"""Ladders: monotone, inside the source, in its shape, whatever the source is."""

from __future__ import annotations

from itertools import pairwise, permutations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matinee.encoding.pertitle.ladder import BASE_LADDER, Rung, ladder, leading
from matinee.encoding.source import LARGEST_SIDE, SMALLEST_SIDE

sides = st.integers(SMALLEST_SIDE, LARGEST_SIDE)
factors = st.floats(0.5, 1.5)


def shape(rungs: tuple[Rung, ...]) -> list[tuple[str, int, int]]:
    return [(rung.name, rung.width, rung.height) for rung in rungs]


@pytest.mark.parametrize(
    ("source", "rungs"),
    [
        ((320, 180), [("180p", 320, 180)]),
        ((640, 360), [("360p", 640, 360)]),
        ((854, 480), [("360p", 640, 360), ("480p", 854, 480)]),
        ((1280, 720), [("360p", 640, 360), ("480p", 854, 480), ("720p", 1280, 720)]),
        (
            (1920, 1080),
            [("360p", 640, 360), ("480p", 854, 480), ("720p", 1280, 720), ("1080p", 1920, 1080)],
        ),
        # scope: as wide as the box, so lower
        (
            (1920, 800),
            [("360p", 640, 266), ("480p", 854, 356), ("720p", 1280, 534), ("1080p", 1920, 800)],
        ),
        # upright: the box is turned
        ((720, 1280), [("360p", 360, 640), ("480p", 480, 854), ("720p", 720, 1280)]),
        # between two boxes: a rung of its own size
        ((1440, 810), [("360p", 640, 360), ("480p", 854, 480), ("720p", 1280, 720), ("810p", 1440, 810)]),
        # scope between two boxes: named by the 16:9 box that it fills
        ((1600, 670), [("360p", 640, 268), ("480p", 854, 358), ("720p", 1280, 536), ("900p", 1600, 670)]),
        # not worth a rung of its own
        ((900, 506), [("360p", 640, 360), ("480p", 854, 480)]),
    ],
)
def test_well_known_sources_have_the_ladder_that_is_expected(
    source: tuple[int, int], rungs: list[tuple[str, int, int]]
) -> None:
    assert shape(ladder(*source, 1.0)) == rungs


def test_a_2160p_source_has_the_base_ladders_bitrates() -> None:
    rungs = ladder(3840, 2160, 1.0)
    assert [(rung.height, rung.bitrate_bps) for rung in rungs] == list(BASE_LADDER)


@given(factor=factors)
def test_bitrates_are_the_base_ladder_times_the_factor(factor: float) -> None:
    for rung, (_, base_bps) in zip(ladder(3840, 2160, factor), BASE_LADDER, strict=True):
        assert abs(rung.bitrate_bps - base_bps * factor) <= 500
        assert base_bps * 0.5 <= rung.bitrate_bps <= base_bps * 1.5


@given(width=sides, height=sides, factor=factors)
@example(width=1440, height=810, factor=1.0)  # its pixels alone would give it fewer bits than 720p has
@example(width=1040, height=436, factor=1.0)
def test_rungs_grow_in_size_and_in_bitrate(width: int, height: int, factor: float) -> None:
    rungs = ladder(width, height, factor)
    assert rungs
    for low, high in pairwise(rungs):
        assert high.width > low.width
        assert high.height > low.height
        assert high.bitrate_bps > low.bitrate_bps


@given(width=sides, ratio=st.floats(1 / 3, 3))
def test_the_last_rung_shows_nearly_all_that_the_source_has(width: int, ratio: float) -> None:
    height = max(SMALLEST_SIDE, round(width / ratio))
    last = ladder(width, height, 1.0)[-1]
    box = (3840, 2160) if width >= height else (2160, 3840)
    scale = min(1.0, box[0] / width, box[1] / height)
    assert last.height * 1.15 + 4 >= height * scale


@given(width=sides, height=sides, factor=factors)
@example(width=855, height=481, factor=1.0)  # odd sides: even ones are below, not above
def test_rungs_are_even_and_never_above_the_source(width: int, height: int, factor: float) -> None:
    for rung in ladder(width, height, factor):
        assert rung.width % 2 == 0
        assert rung.height % 2 == 0
        assert 2 <= rung.width <= width
        assert 2 <= rung.height <= height


@given(width=sides, height=sides)
def test_rungs_keep_the_shape_within_a_pixel(width: int, height: int) -> None:
    for rung in ladder(width, height, 1.0):
        # Some scale exists at which both sides are within a pixel of what the source's shape asks for.
        least = max((rung.width - 1) / width, (rung.height - 1) / height)
        most = min((rung.width + 1) / width, (rung.height + 1) / height)
        assert least <= most


@given(st.lists(st.tuples(st.sampled_from((360, 480, 720, 1080)), st.integers(1, 9)), min_size=1))
def test_leading_rungs_grow_in_size_with_their_bits_and_the_largest_is_among_them(rungs: list[tuple[int, int]]) -> None:
    found = leading(rungs, lambda rung: rung)
    assert max(rungs) in found
    for small, large in permutations(found, 2):
        assert large[0] <= small[0] or large[1] > small[1]
    for lost in set(rungs) - set(found):
        assert any(box > lost[0] and bps <= lost[1] for box, bps in found)


@given(width=sides, ratio=st.floats(1 / 3, 3))
@example(width=360, ratio=360 / 704)
def test_names_are_unique(width: int, ratio: float) -> None:
    names = [rung.name for rung in ladder(width, max(SMALLEST_SIDE, round(width / ratio)), 1.0)]
    assert len(set(names)) == len(names)
