"""Complexity: within bounds, and more of it for more detail, motion and noise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.encoding.pertitle.complexity import (
    Luma,
    complexity_of,
    gradient,
    noise_of,
    poster_merit,
    spatial_of,
    temporal_of,
)
from matinee.encoding.pertitle.sample import (
    THUMB_SIZE,
    TILES_MAX,
    Sample,
    Window,
    best_still,
    measure,
    overall,
    thumbnail,
    tile_interval,
)

measures = st.lists(st.floats(0, 300), max_size=20)


def flat(level: int = 100, shape: tuple[int, int] = (90, 160)) -> Luma:
    return np.full(shape, level, np.uint8)


def noisy(sigma: float) -> Luma:
    chance = np.random.default_rng(1)
    return np.clip(np.rint(100 + chance.normal(0, sigma, (180, 320))), 0, 255).astype(np.uint8)


def stripes(every: int) -> Luma:
    picture = flat()
    picture[:, ::every] = 200
    return picture


@given(spatial=measures, temporal=measures, noise=measures)
def test_the_factor_is_between_a_half_and_one_and_a_half(
    spatial: list[float], temporal: list[float], noise: list[float]
) -> None:
    found = complexity_of(spatial, temporal, noise)
    assert 0 <= found.spatial <= 1
    assert 0 <= found.temporal <= 1
    assert 0 <= found.noise <= 1
    assert 0.5 <= found.factor <= 1.5


def test_the_extremes_are_reached() -> None:
    assert complexity_of([0], [0], [0]).factor == 0.5
    assert complexity_of([200], [200], [200]).factor == pytest.approx(1.5)


def test_a_title_without_samples_is_of_middling_complexity() -> None:
    assert complexity_of([], [], []).factor == pytest.approx(1.0)


@given(values=measures.filter(len), more=st.floats(0, 100))
def test_more_of_anything_never_makes_a_title_simpler(values: list[float], more: float) -> None:
    higher = [value + more for value in values]
    low = complexity_of(values, values, values)
    for harder in (
        complexity_of(higher, values, values),
        complexity_of(values, higher, values),
        complexity_of(values, values, higher),
    ):
        assert harder.factor >= low.factor


def test_a_flat_picture_has_no_edges_no_noise_and_no_motion() -> None:
    assert spatial_of(flat()) == 0
    assert noise_of(flat()) == 0
    assert temporal_of(flat(), flat()) == 0


def test_more_edges_are_more_detail() -> None:
    values = [spatial_of(stripes(every)) for every in (80, 40, 20, 10, 5)]
    assert values == sorted(set(values))


def test_the_gradient_of_a_step_is_the_sobel_one() -> None:
    picture = flat(0, (3, 4))
    picture[:, 2:] = 100
    assert gradient(picture).tolist() == [[100.0, 100.0]]  # (1 + 2 + 1) * 100 / 4 on both sides of the step


@pytest.mark.parametrize("sigma", [0.5, 1.0, 2.0])
def test_noise_is_measured_as_its_standard_deviation(sigma: float) -> None:
    # Below the gradient that counts as an edge; 8-bit steps add their own 0.29.
    assert noise_of(noisy(sigma)) == pytest.approx(np.hypot(sigma, 0.29), rel=0.2)


def test_more_noise_is_more_noise() -> None:
    values = [noise_of(noisy(sigma)) for sigma in (0.5, 1, 2, 4)]
    assert values == sorted(set(values))


def test_edges_do_not_count_as_noise() -> None:
    assert noise_of(stripes(20)) < 0.5


def test_motion_is_symmetric_and_has_no_wrap_around() -> None:
    assert temporal_of(flat(0), flat(255)) == temporal_of(flat(255), flat(0)) == 255


def test_a_good_still_is_neither_black_nor_flat() -> None:
    assert poster_merit(noisy(20)) > poster_merit(flat()) >= 0
    assert poster_merit(flat(0)) == 0


def sample(frame: int, merit: float, temporal: float = 1.0) -> Sample:
    return Sample(frame=frame, spatial=1, temporal=temporal, noise=1, merit=merit, thumb=b"")


def window(*samples: Sample) -> Window:
    return Window(start=0, end=100, samples=samples)


def test_the_still_is_the_best_frame_but_for_titles_and_credits() -> None:
    merits = [9.0, *(float(n) for n in range(1, 6)), 0.0, 0.0, 0.0, 8.0]
    found = best_still([window(*(sample(n * 24, merit) for n, merit in enumerate(merits)))])
    assert found == 5 * 24


@pytest.mark.parametrize(("samples", "frame"), [((), 0), ((sample(0, 1.0),), 0)])
def test_a_very_short_film_has_a_still_too(samples: tuple[Sample, ...], frame: int) -> None:
    assert best_still([window(*samples)]) == frame


def test_the_first_sample_of_a_window_says_nothing_about_motion() -> None:
    first = measure(0, flat(0), None, b"")
    then = measure(24, flat(0), flat(0), b"")
    assert overall([window(first)]).temporal == 0.5, "unknown, so middling"
    assert overall([window(first, then)]).temporal == 0.0


@given(height=st.integers(36, 200), width=st.integers(64, 300), level=st.integers(0, 255))
def test_a_thumbnail_keeps_the_mean_whatever_the_size(height: int, width: int, level: int) -> None:
    small = thumbnail(flat(level, (height, width)))
    assert small.shape == (THUMB_SIZE[1], THUMB_SIZE[0])
    assert (small == level).all()


@given(seconds=st.integers(0, 12 * 3600))
def test_a_storyboard_never_has_more_tiles_than_it_may(seconds: int) -> None:
    assert -(-seconds // tile_interval(seconds)) <= TILES_MAX
