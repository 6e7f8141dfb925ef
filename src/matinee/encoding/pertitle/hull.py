"""The ladder by measured quality: trial encodes of samples, the front of what they reach, equal steps on it.

Per-title encoding as in A. Aaron et al., "Per-Title Encode Optimization" (2015): at each size, trial encodes with a
few rate factors give bitrate and quality; the best of all resolutions at each bitrate is the front; rungs lie on it.
Quality is VMAF at display resolution, 0 to 100. Scores of different VMAF models are never compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import ceil, inf, log2
from typing import Any, TypeAlias

import msgspec
import numpy as np

from matinee.base.units import BitsPerSecond
from matinee.encoding.pertitle.ladder import BASE_LADDER, BIT_SHARE, Codec, Rung, box_height, leading_rungs

Size: TypeAlias = tuple[int, int]
"""Width and height in pixels, even."""
Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]

TARGET = 94.0
"""VMAF of the top rung: from about 93 on, viewers cannot tell it from the source on a television."""
SEARCH_MAX = 95.0
"""VMAF beyond which no more bits are spent, whatever else is wanted: there it saturates."""
LOW_LEAST = 85.0
"""VMAF that 95 % of the top rung's frames are to reach."""
XPSNR_LEAST_DB = 40.0
"""XPSNR of the top rung of an HDR ladder, for what the mapping to SDR hides: highlights and deep shadow."""
STEP_MAX = 9.0
"""VMAF between neighbouring rungs: some one and a half just noticeable differences: a switch is seldom seen."""
LOWEST_BPS = BitsPerSecond(400_000)
"""The lowest rung's average at most: it plays on a weak mobile line."""
CAP_SHARE = 0.85
"""Of what a rung may take on average, its cap: each chunk begins with a full buffer, which it may spend as well."""
PLAN_LIMITS: tuple[tuple[int, BitsPerSecond], ...] = (
    (480, BitsPerSecond(2_500_000)),
    (1080, BitsPerSecond(8_000_000)),
    (2160, BitsPerSecond(25_000_000)),
)
"""(height of the 16:9 box, average at most): what each plan's top resolution may take."""
PEAK_FACTOR = 2.0
"""A rung's rate is capped at so many times what it is expected to take, and at its plan's limit."""
BUFFER_S = 2.0
"""Seconds of its cap that a rung's buffer holds, so that a key frame may be as large as the frames after it need; one
second where more would let a chunk's average over its plan's limit."""
CHUNK_LEAST_S = 6.0
"""A chunk is no shorter, but for a film's last: so far a full buffer at its start is spread at least."""
CRF_STEP = 0.25


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What the samples of a title came to at one size and rate factor; `model` is the VMAF model that scored them.

    `low` is the 5th percentile of VMAF over frames. `xpsnr_db` is there for HDR, which VMAF sees mapped to SDR only.
    """

    size: Size
    model: str
    crf: float
    bitrate_bps: BitsPerSecond
    vmaf: float
    low: float | None = None
    xpsnr_db: float | None = None


class Point(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """A rung that could be: what it is expected to take, and to look like."""

    bitrate_bps: float
    vmaf: float
    size: Size
    crf: float
    low: float | None = None
    xpsnr_db: float | None = None

    @property
    def box(self) -> int:
        return box_height(*self.size)


def curves(trials: Iterable[Trial]) -> dict[Size, tuple[Point, ...]]:
    """For each size, points every CRF_STEP between its trials, from the highest bitrate to the lowest: the logarithm of
    the bitrate and VMAF `along` the rate factor."""
    by_size: dict[Size, list[Trial]] = {}
    for trial in trials:
        by_size.setdefault(trial.size, []).append(trial)
    return {size: _curve(size, sorted(found, key=lambda one: one.crf)) for size, found in sorted(by_size.items())}


def _curve(size: Size, trials: Sequence[Trial]) -> tuple[Point, ...]:
    crfs = [trial.crf for trial in trials]
    bits = np.minimum.accumulate([log2(trial.bitrate_bps) for trial in trials])
    vmaf = np.minimum.accumulate([trial.vmaf for trial in trials])
    at = np.arange(crfs[0], crfs[-1] + CRF_STEP / 2, CRF_STEP)
    lows = _between_some(crfs, [trial.low for trial in trials], at)
    light = _between_some(crfs, [trial.xpsnr_db for trial in trials], at)
    rows = zip(at, along(at, crfs, bits), along(at, crfs, vmaf), lows, light, strict=True)
    return tuple(
        Point(bitrate_bps=float(2**rate), vmaf=float(quality), size=size, crf=float(crf), low=low, xpsnr_db=xpsnr)
        for crf, rate, quality, low, xpsnr in rows
    )


def _between_some(crfs: Sequence[float], values: Sequence[float | None], at: Floats) -> Sequence[float | None]:
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return [None] * len(at)
    return [float(value) for value in along(at, crfs, np.minimum.accumulate(known))]


def along(at: Floats, known: Sequence[float], values: Floats) -> Floats:
    """`values` (float64[known, ...], of trials at these rising rate factors) at each of `at`: float64[at, ...].

    Monotone between those that are known (Fritsch and Carlson 1980), straight on beyond them; a single one holds for
    all.
    """
    from scipy.interpolate import PchipInterpolator  # noqa: PLC0415 - only who has trials to read needs SciPy

    if len(known) == 1:
        return np.repeat(values[:1], len(at), axis=0)
    slopes = [(values[n + 1] - values[n]) / (known[n + 1] - known[n]) for n in (0, -2)]
    beyond = np.multiply.outer(np.minimum(at - known[0], 0), slopes[0])
    beyond += np.multiply.outer(np.maximum(at - known[-1], 0), slopes[1])
    found: Floats = PchipInterpolator(known, values)(np.clip(at, known[0], known[-1])) + beyond
    return found


def front(points: Iterable[Point]) -> tuple[Point, ...]:
    """The points than which none is both cheaper and better, cheapest first."""
    best, kept = -inf, list[Point]()
    for point in sorted(points, key=lambda one: (one.bitrate_bps, -one.vmaf)):
        if point.vmaf > best:
            best = point.vmaf
            kept.append(point)
    return tuple(kept)


def cap_of(box: int, bitrate_bps: float = 0.0) -> float:
    """The cap of a rung of this box that takes so much: it stays within the smallest plan that shows it, and that it
    fits."""
    caps = [CAP_SHARE * limit for height, limit in PLAN_LIMITS if box <= height]
    return next((cap for cap in caps if bitrate_bps <= cap), CAP_SHARE * PLAN_LIMITS[-1][1])


def quality_ladder(trials: Sequence[Trial], target: float = TARGET) -> tuple[Rung, ...]:
    """Rungs at equal steps of VMAF on the front of `trials`, by size and then by bitrate; at least one.

    The lowest takes LOWEST_BPS at most. The highest reaches `target`, or what the source, the plans' limits and the
    trials allow. Whoever has a plan of smaller pictures gets more of those than are on the front, on to the target or
    the plan's limit: such a rung may be smaller and dearer than another, and is not shown to others (`leading`).
    Every plan's top resolution that the source has is there within its limit. Sizes that are judged by another model
    than the smallest have no front with the others: each is one rung of its own, above them.
    """
    common = _alike(trials)
    alike = list(curves(common).values())
    above = [_reaching(curve, target) for curve in curves(one for one in trials if one not in common).values()]
    whole = _steps(alike, cap_of(max(curve[0].box for curve in alike)), target)
    return _named([*_for_plans(whole, alike, target), *above])


def _alike(trials: Sequence[Trial]) -> list[Trial]:
    """Those that the model judged that judged the smallest size: only their scores can be compared."""
    model = min(trials, key=lambda trial: box_height(*trial.size)).model
    return [trial for trial in trials if trial.model == model]


def _steps(found: Sequence[Sequence[Point]], most: float, target: float, low: Point | None = None) -> list[Point]:
    """Points at equal steps on the front of curves that one model judged, cheapest first; sizes never fall.

    They begin with `low`, or with what the weakest line has, and end at `target` or at `most` bits/s.
    """
    allowed = [point for curve in found for point in curve if point.bitrate_bps <= most]
    best = front(allowed) or (min((curve[-1] for curve in found), key=lambda point: point.bitrate_bps),)
    top = next((point for point in best if _is_enough(point, target)), best[-1])
    low = low or next((point for point in reversed(best) if point.bitrate_bps <= CAP_SHARE * LOWEST_BPS), best[0])
    steps = max(1, ceil((top.vmaf - low.vmaf) / STEP_MAX))
    aims = [low.vmaf + (top.vmaf - low.vmaf) * step / steps for step in range(1, steps + 1)]
    points = [low, *(next(point for point in best if point.vmaf >= aim - 1e-9) for aim in aims)]
    return [point for rank, point in enumerate(points) if all(below.box <= point.box for below in points[:rank])]


def _for_plans(whole: Sequence[Point], found: Sequence[Sequence[Point]], target: float) -> list[Point]:
    """`whole`, the ladder of who may see all that there is, and what each plan of smaller pictures wants beside it.

    That is the way on from the rungs that it shares, and one of its top resolution.
    """
    points, largest = list(whole), max(curve[0].box for curve in found)
    for height, _ in PLAN_LIMITS:
        most, shown = cap_of(height), [curve for curve in found if curve[0].box <= height]
        shared = [point for point in points if point.box <= height and point.bitrate_bps <= most]
        if shown and height < largest:
            low = max(shared, default=None)
            more = _steps(shown, most, target, low)
            if low is None or more[-1].vmaf >= low.vmaf + STEP_MAX / 2:
                shared, points = [*shared, *more], [*points, *more]
        for curve in shown:
            if curve[0].box == height and all(point.box < height for point in shared):
                best = _reaching(curve, max((point.vmaf for point in shared), default=target))
                points.append(msgspec.structs.replace(best, bitrate_bps=min(best.bitrate_bps, most)))
    return points


def _reaching(curve: Sequence[Point], target: float) -> Point:
    """The cheapest point of a curve that reaches `target` within its plan's limit, or what comes nearest."""
    fits = [point for point in curve if point.bitrate_bps <= cap_of(point.box)] or curve[-1:]
    return next((point for point in reversed(fits) if _is_enough(point, target)), fits[0])


def _is_enough(point: Point, target: float) -> bool:
    """Whether the top rung needs no more bits than this: good on the whole, and where it is worst."""
    is_even = point.low is None or point.low >= LOW_LEAST
    is_lit = point.xpsnr_db is None or point.xpsnr_db >= XPSNR_LEAST_DB
    return point.vmaf >= max(target, SEARCH_MAX) or (point.vmaf >= target and is_even and is_lit)


def _named(points: Iterable[Point]) -> tuple[Rung, ...]:
    """Each point as a capped rung, by size and bitrate; one that is hardly better than another of its size, and
    dearer, is left out."""
    kept = list[Point]()
    for point in sorted(points, key=lambda one: (one.box, one.bitrate_bps)):
        if not kept or point.box > kept[-1].box or point.vmaf >= kept[-1].vmaf + 1:
            kept.append(point)
    boxes = [point.box for point in kept]
    rungs = []
    for rank, point in enumerate(kept):
        limit = LOWEST_BPS if rank == 0 else cap_of(point.box, point.bitrate_bps) / CAP_SHARE
        maxrate = min(PEAK_FACTOR * point.bitrate_bps, CAP_SHARE * limit)
        is_roomy = maxrate * (CHUNK_LEAST_S + BUFFER_S) <= limit * CHUNK_LEAST_S
        nth = boxes[:rank].count(point.box)
        rungs.append(
            Rung(
                name=f"{point.box}p" + "+" * nth,
                width=point.size[0],
                height=point.size[1],
                bitrate_bps=BitsPerSecond(round(point.bitrate_bps / 1000) * 1000),
                crf=point.crf,
                maxrate_bps=BitsPerSecond(round(maxrate / 1000) * 1000),
                buffer_s=BUFFER_S if is_roomy else 1.0,
                vmaf=round(point.vmaf, 2),
                vmaf_low=round(point.low, 2) if point.low is not None else None,
            )
        )
    return tuple(rungs)


def fixed_points(trials: Sequence[Trial], codec: Codec = "h264") -> list[tuple[float, float]]:
    """What the base ladder's rungs of one model's sizes would look like: (bits/s, VMAF).

    One that takes more than any trial of its size looks like the best of them, which it hardly surpasses.
    """
    points = []
    for curve in curves(_alike(trials)).values():
        bits, scores = [point.bitrate_bps for point in curve], [point.vmaf for point in curve]
        bps = dict(BASE_LADDER).get(curve[0].box, 0) * BIT_SHARE[codec]
        if bps >= bits[-1]:
            points.append((float(bps), float(np.interp(log2(bps), np.log2(bits[::-1]), scores[::-1]))))
    return sorted(points)


def saving(trials: Sequence[Trial], rungs: Sequence[Rung], codec: Codec = "h264") -> tuple[float, float, float] | None:
    """`bd_rate` of the leading `rungs` against the fixed ladder, over the sizes that one model judged; None where they
    cannot be compared."""
    fixed, sizes = fixed_points(trials, codec), {trial.size for trial in _alike(trials)}
    alike = [rung for rung in rungs if (rung.width, rung.height) in sizes]
    best = leading_rungs(alike)
    measured = [(float(rung.bitrate_bps), rung.vmaf) for rung in best if rung.vmaf is not None]
    if len(fixed) < 2 or len(measured) < 2:
        return None
    try:
        return bd_rate(fixed, measured)
    except ValueError:
        return None


def bd_rate(anchor: Sequence[tuple[float, float]], test: Sequence[tuple[float, float]]) -> tuple[float, float, float]:
    """Bjontegaard delta rate of `test` against `anchor` (bits/s, VMAF): percent, lowest and highest VMAF of both.

    G. Bjontegaard, VCEG-M33 (2001), with piecewise cubic interpolation as in JCTVC-L1100. Negative is fewer bits.
    """
    curve = [_log_rate(points) for points in (anchor, test)]
    low = max(float(one.x[0]) for one in curve)
    high = min(float(one.x[-1]) for one in curve)
    if high <= low:
        raise ValueError(f"the curves share no quality: one begins at {low:.1f}, the other ends at {high:.1f}")
    areas = [float(one.integrate(low, high)) for one in curve]
    return (2 ** ((areas[1] - areas[0]) / (high - low)) - 1) * 100, low, high


def _log_rate(points: Sequence[tuple[float, float]]) -> Any:
    from scipy.interpolate import PchipInterpolator  # noqa: PLC0415

    ordered = sorted((vmaf, log2(bps)) for bps, vmaf in points)
    rising = [ordered[0], *(after for before, after in pairwise(ordered) if after[0] > before[0])]
    return PchipInterpolator([vmaf for vmaf, _ in rising], [rate for _, rate in rising])
