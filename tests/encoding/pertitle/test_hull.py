"""Ladders by measured quality: on the front, at equal steps, within every plan's limit."""

from __future__ import annotations

from itertools import pairwise
from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.base.units import BitsPerSecond
from matinee.encoding.pertitle.hull import (
    CAP_SHARE,
    CHUNK_LEAST_S,
    LOWEST_BPS,
    PLAN_LIMITS,
    STEP_MAX,
    TARGET,
    Trial,
    bd_rate,
    cap_of,
    curves,
    fixed_points,
    front,
    quality_ladder,
    saving,
)
from matinee.encoding.pertitle.ladder import box_height, leading

SIZES = ((426, 240), (640, 360), (854, 480), (1280, 720), (1920, 1080), (3840, 2160))
CRFS = (20.0, 27.0, 35.0)


def trials_of(hardness: float, sharpness: float, sizes: int = 5) -> list[Trial]:
    """Trials of an imagined title: `hardness` scales its bits, `sharpness` what is lost by enlarging."""
    return [
        Trial(
            size=(width, height),
            model="hd" if height <= 1080 else "4k",
            crf=crf,
            bitrate_bps=BitsPerSecond(
                max(1, round(hardness * 2e6 * (width * height / 2_073_600) ** 0.75 * 2 ** ((27 - crf) / 6)))
            ),
            vmaf=max(0.0, (98 - sharpness * log2(max(1.0, 1080 / height))) - 1.1 * max(0.0, crf - 20)),
        )
        for width, height in SIZES[:sizes]
        for crf in CRFS
    ]


titles = st.builds(
    trials_of,
    st.floats(min_value=0.02, max_value=20),
    st.floats(min_value=0.5, max_value=20),
    st.integers(min_value=1, max_value=6),
)


@given(titles)
def test_each_rung_takes_more_and_looks_better_than_the_one_below(trials: list[Trial]) -> None:
    rungs = quality_ladder(trials)
    for below, above in pairwise(rungs):
        assert (above.height, above.bitrate_bps) > (below.height, below.bitrate_bps)
        assert box_height(above.width, above.height) >= box_height(below.width, below.height)
    assert len({rung.name for rung in rungs}) == len(rungs)


@given(titles)
def test_the_lowest_rung_never_takes_more_than_a_weak_line_has(trials: list[Trial]) -> None:
    lowest = quality_ladder(trials)[0]
    assert lowest.maxrate_bps is not None
    assert lowest.maxrate_bps <= LOWEST_BPS


@given(titles)
def test_each_plan_has_its_top_resolution_within_its_limit(trials: list[Trial]) -> None:
    rungs = quality_ladder(trials)
    heights = {trial.size[1] for trial in trials}
    for height, limit in PLAN_LIMITS:
        if height in heights:
            fits = [rung for rung in rungs if rung.height == height and (rung.maxrate_bps or limit + 1) <= limit]
            assert fits, f"no {height}p within {limit}"


@given(titles)
def test_no_rung_may_take_more_than_the_smallest_plan_that_shows_the_whole_title(trials: list[Trial]) -> None:
    largest = max(box_height(*trial.size) for trial in trials)
    for rung in quality_ladder(trials):
        assert rung.maxrate_bps is not None
        assert rung.maxrate_bps <= cap_of(largest)


@given(titles)
def test_a_full_buffer_at_each_chunk_keeps_a_rung_within_the_plan_that_it_is_for(trials: list[Trial]) -> None:
    for rank, rung in enumerate(quality_ladder(trials)):
        assert rung.maxrate_bps is not None
        limits = [limit for height, limit in PLAN_LIMITS if box_height(rung.width, rung.height) <= height]
        fits = [limit for limit in limits if rung.bitrate_bps <= CAP_SHARE * limit + 1_000] or limits[-1:]
        limit = LOWEST_BPS if rank == 0 else fits[0]
        assert rung.maxrate_bps * (CHUNK_LEAST_S + rung.buffer_s) <= limit * CHUNK_LEAST_S * 1.001


def test_a_small_plan_gets_its_best_beside_what_larger_plans_get_of_its_size() -> None:
    """A title that is hard at any size: at 480p it may take more than the smallest plan has."""
    rungs = [rung for rung in quality_ladder(trials_of(4.0, 3.0)) if rung.height == 480]
    within = [rung for rung in rungs if rung.bitrate_bps <= cap_of(480)]
    assert within
    assert len(rungs) > len(within)
    assert max(rung.bitrate_bps for rung in within) > cap_of(480) / 2


@given(titles)
def test_each_plan_has_a_ladder_as_good_as_its_pictures_and_its_limit_allow(trials: list[Trial]) -> None:
    """The best within a plan is near the best that any trial of its sizes promises within its limit."""
    rungs, sizes = quality_ladder(trials), {trial.size for trial in trials if trial.model == "hd"}
    for height, _ in PLAN_LIMITS:
        most = cap_of(min(height, max(box_height(*size) for size in sizes)))
        within = {size for size in sizes if box_height(*size) <= height}
        shown = [curve for size, curve in curves(trials).items() if size in within]
        possible = [point.vmaf for curve in shown for point in curve if point.bitrate_bps <= most]
        theirs = [
            one for one in rungs if (one.width, one.height) in sizes and box_height(one.width, one.height) <= height
        ]
        if possible:
            best = max(rung.vmaf or 0.0 for rung in theirs if rung.bitrate_bps <= most + 1_000)
            assert best >= min(TARGET, max(possible)) - STEP_MAX / 2 - 1


def test_an_easy_title_is_not_kept_poor_for_who_may_see_small_pictures_only() -> None:
    """1080p of it is cheap, so 480p is soon off the front: who has no more gets it as good as it can be."""
    rungs = quality_ladder(trials_of(0.3, 12.0))
    small = [rung for rung in rungs if rung.height <= 480]
    best_small = max(trial.vmaf for trial in trials_of(0.3, 12.0) if trial.size[1] <= 480)
    assert small[-1].vmaf == pytest.approx(best_small, abs=0.1)
    assert small[-1].bitrate_bps > rungs[len(small)].bitrate_bps, "dearer than a larger one"
    assert all(after.vmaf - before.vmaf <= STEP_MAX + 0.5 for before, after in pairwise(small))  # type: ignore[operator]


def test_the_top_rung_reaches_the_target_and_steps_are_equal() -> None:
    rungs = leading(quality_ladder(trials_of(1.0, 6.0)), lambda rung: (rung.height, rung.bitrate_bps))
    scores = [rung.vmaf or 0.0 for rung in rungs]
    assert scores[-1] == pytest.approx(TARGET, abs=0.5)
    steps = [after - before for before, after in pairwise(scores)]
    assert max(steps) <= STEP_MAX + 0.5


def test_an_easy_title_gets_fewer_rungs_and_bits_than_a_hard_one() -> None:
    easy, hard = quality_ladder(trials_of(0.1, 2.0)), quality_ladder(trials_of(4.0, 8.0))
    assert len(easy) < len(hard)
    assert easy[-1].bitrate_bps < hard[-1].bitrate_bps / 4


def test_4k_is_one_rung_above_the_others_whose_scores_it_is_not_compared_with() -> None:
    rungs = quality_ladder(trials_of(1.0, 6.0, sizes=6))
    assert [rung.height for rung in rungs].count(2160) == 1
    assert rungs[-1].height == 2160
    assert rungs[:-1] == quality_ladder(trials_of(1.0, 6.0))


@given(titles)
def test_nothing_on_the_front_is_dearer_and_worse(trials: list[Trial]) -> None:
    points = [point for curve in curves(trials).values() for point in curve]
    kept = front(points)
    for point in points:
        assert any(other.bitrate_bps <= point.bitrate_bps and other.vmaf >= point.vmaf for other in kept)
    for below, above in pairwise(kept):
        assert (above.bitrate_bps > below.bitrate_bps, above.vmaf > below.vmaf) == (True, True)


def test_a_curve_goes_through_its_trials() -> None:
    trials = trials_of(1.0, 6.0, sizes=1)
    (curve,) = curves(trials).values()
    at = {point.crf: point for point in curve}
    for trial in trials:
        assert at[trial.crf].bitrate_bps == pytest.approx(trial.bitrate_bps)
        assert at[trial.crf].vmaf == pytest.approx(trial.vmaf)


def test_the_delta_rate_of_half_the_bits_is_minus_fifty() -> None:
    anchor = [(1e6, 60.0), (2e6, 75.0), (4e6, 88.0), (8e6, 95.0)]
    half = [(bps / 2, vmaf) for bps, vmaf in anchor]
    assert bd_rate(anchor, anchor) == pytest.approx((0.0, 60.0, 95.0))
    assert bd_rate(anchor, half)[0] == pytest.approx(-50.0)
    assert bd_rate(half, anchor)[0] == pytest.approx(100.0)


def test_curves_that_share_no_quality_are_not_compared() -> None:
    with pytest.raises(ValueError, match="share no quality"):
        bd_rate([(1e6, 60.0), (2e6, 70.0)], [(1e6, 80.0), (2e6, 90.0)])


def test_the_fixed_ladder_is_read_off_the_same_trials() -> None:
    trials = [trial for trial in trials_of(1.0, 6.0) if trial.size == (1280, 720)]
    (bps, vmaf), curve = fixed_points(trials)[0], curves(trials)[1280, 720]
    assert bps == 5_000_000
    assert vmaf == curve[0].vmaf, "more bits than any trial of that size: like the best of them"
    hard = [trial for trial in trials_of(4.0, 6.0) if trial.size == (1280, 720)]
    ((_, vmaf),) = fixed_points(hard)
    assert min(one.vmaf for one in hard) < vmaf < max(one.vmaf for one in hard)


def test_an_easy_title_saves_most_and_nothing_is_claimed_where_nothing_can_be_compared() -> None:
    def saved(hardness: float) -> float:
        trials = trials_of(hardness, 6.0)
        found = saving(trials, quality_ladder(trials))
        assert found is not None
        return found[0]

    assert saved(0.3) < saved(1.0) < 0
    assert saving(trials_of(1.0, 6.0, sizes=2), quality_ladder(trials_of(1.0, 6.0, sizes=2))) is None, "one rung"
    assert saving(trials_of(0.01, 6.0), quality_ladder(trials_of(20.0, 6.0))) is None, "no quality in common"


def test_a_saving_is_that_of_the_sizes_that_one_model_judged() -> None:
    hd, uhd = trials_of(1.0, 6.0), trials_of(1.0, 6.0, sizes=6)
    assert fixed_points(uhd) == fixed_points(hd)
    assert saving(uhd, quality_ladder(uhd)) == saving(hd, quality_ladder(hd))
