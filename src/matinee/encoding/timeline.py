"""The constant-frame-rate timeline of a title: which source frame every output frame shows, its segments and chunks.

Everything downstream counts output frames; seconds are derived from them. Frame n is shown at n / rate, whatever the
source's timestamps jitter. All rungs share one timeline, so that a player switches between them at any segment.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from fractions import Fraction
from math import lcm
from typing import TypeAlias

import msgspec
import numpy as np

from matinee.base.units import Seconds
from matinee.encoding.source import Inspection, has_index, is_interlaced, presentation_times

Ticks: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]
SEGMENT_S = 6
IDR_PER_SEGMENT = 3
"""An IDR picture every two seconds: players start and switch there."""
CHUNK_SEGMENTS_MAX = 5
"""A chunk is at most 30 s: some 1,000 chunk encodes for a film over its rungs, and little work lost in a crash."""
RATE_MAX = 60
READ_AHEAD = 8
"""Frames that FFmpeg's filters may have made past a chunk's end when it has what it was asked for."""
STANDARD_RATES = tuple(
    Fraction(*rate)
    for rate in (
        (24000, 1001), (24, 1), (25, 1), (30000, 1001), (30, 1), (48, 1), (50, 1), (60000, 1001), (60, 1),
        (48000, 1001), (12, 1), (15, 1), (10, 1), (12000, 1001), (15000, 1001), (20, 1), (25, 2), (5, 1), (8, 1),
    )
)  # fmt: skip
TICKS_MAX = 2**31 - 1  # FFmpeg keeps a time base in two 32-bit integers


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """`rate` in frames a second (numerator, denominator); `origin` is the first frame's time in the source's ticks."""

    rate: tuple[int, int]
    frames: int
    time_base: tuple[int, int]
    origin: int
    is_constant: bool

    @property
    def fps(self) -> Fraction:
        return Fraction(*self.rate)

    @property
    def duration_s(self) -> Seconds:
        return Seconds(float(self.frames / self.fps))

    @property
    def segment_frames(self) -> int:
        return max(IDR_PER_SEGMENT, round(SEGMENT_S * self.fps))


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """Output frames [start, end) that are encoded as one piece; `start` begins a segment.

    `seek_ticks` is where the decoder begins (a key frame, absolute; None: at the file's start), and `repeats` how many
    of its frames may show the same source frame as the one before (with those just after it, which FFmpeg's filter has
    in hand when it is stopped): where the encoder counts more, frames were lost.
    """

    number: int
    start: int
    end: int
    seek_ticks: int | None
    repeats: int


def timeline_of(inspection: Inspection) -> Timeline:
    """The timeline of a film: its own rate when its frames are evenly spaced, else the nearest standard one."""
    assert inspection.video is not None, "a film without video was not refused"
    times = presentation_times(inspection.frames)
    base = Fraction(*inspection.video.time_base)
    if not has_index(inspection):
        rate = Fraction(*inspection.video.nominal_rate) or Fraction(25)
        return _timeline(rate, len(times), Fraction(1) / rate, 0, is_constant=True)
    ticks = np.asarray(times, dtype=np.int64) - times[0]
    for rate in _candidates(ticks, base, Fraction(*inspection.video.nominal_rate)):
        if np.array_equal(_frame_numbers(ticks, base, rate), np.arange(len(ticks))):
            return _timeline(rate, len(ticks), base, times[0], is_constant=True)
    rate = _rate_for_uneven(ticks, base, Fraction(*inspection.video.nominal_rate))
    length = (int(ticks[-1]) + inspection.last_duration) * base
    return _timeline(rate, max(1, round(length * rate)), base, times[0], is_constant=False)


def _timeline(rate: Fraction, frames: int, base: Fraction, origin: int, *, is_constant: bool) -> Timeline:
    return Timeline(
        rate=(rate.numerator, rate.denominator),
        frames=frames,
        time_base=(base.numerator, base.denominator),
        origin=origin,
        is_constant=is_constant,
    )


def _candidates(ticks: Ticks, base: Fraction, nominal: Fraction) -> list[Fraction]:
    """Rates that evenly spaced frames could have, nearest to their mean first."""
    if len(ticks) < 2 or ticks[-1] <= 0:
        return [nominal] if 0 < nominal <= RATE_MAX else [Fraction(25)]
    mean = (len(ticks) - 1) / (int(ticks[-1]) * base)
    exact = [nominal] if nominal > 0 else []
    near = sorted(STANDARD_RATES, key=lambda rate: abs(rate - mean))[:3]
    odd = [mean.limit_denominator(1001)]
    # A standard rate that the container names is taken at its word: a short film's rounded times fit several. One
    # within 0.1 % is preferred to the container's own odd idea of it (2997/125 is 24000/1001).
    named = [rate for rate in exact if rate in STANDARD_RATES]
    ordered = named + [rate for rate in near if abs(rate - mean) <= mean / 1000] + exact + near + odd
    return [rate for rate in ordered if 0 < rate <= RATE_MAX]


def _frame_numbers(ticks: Ticks, base: Fraction, rate: Fraction) -> Ticks:
    """round-half-up(ticks * base * rate), exactly, as FFmpeg's fps filter rounds (AV_ROUND_NEAR_INF)."""
    step = base * rate
    numbers: Ticks = (2 * ticks * step.numerator + step.denominator) // (2 * step.denominator)
    return numbers


def _rate_for_uneven(ticks: Ticks, base: Fraction, nominal: Fraction) -> Fraction:
    """For a variable frame rate: the standard rate that the usual distance between its frames asks for."""
    usual = int(np.median(np.diff(ticks))) if len(ticks) > 1 else 0
    wanted = min(Fraction(RATE_MAX), 1 / (usual * base)) if usual > 0 else Fraction(25)
    if nominal in STANDARD_RATES and abs(nominal - wanted) <= wanted / 50:
        return nominal
    return min((rate for rate in STANDARD_RATES if rate >= 10), key=lambda rate: abs(rate - wanted))


def chunk_segments(frames: int, segment_frames: int) -> int:
    """Segments a chunk: enough chunks for every core of a small machine, 30 s pieces for a long film.

    Depends on the film alone, never on the machine, so that any machine finishes what another one began.
    """
    segments = -(-frames // segment_frames)
    return min(CHUNK_SEGMENTS_MAX, max(1, segments // 8))


def chunks_of(inspection: Inspection, timeline: Timeline) -> tuple[Chunk, ...]:
    """The film cut at segment starts into pieces that can be encoded apart."""
    size = timeline.segment_frames * chunk_segments(timeline.frames, timeline.segment_frames)
    return _cut(inspection, timeline, _spans(list(range(0, timeline.frames, size)), timeline.frames))


def gops_of(inspection: Inspection, timeline: Timeline) -> tuple[Chunk, ...]:
    """The film cut at every IDR picture that its encodes have, each piece decoded from the key frame nearest to it."""
    return _cut(inspection, timeline, _spans(idr_frames(timeline.frames, timeline.segment_frames), timeline.frames))


def piece_at(inspection: Inspection, timeline: Timeline, start: int, end: int) -> Chunk:
    """Output frames [start, end) as a piece of their own, with the nearest key frame at which a decoder can begin."""
    (piece,) = _cut(inspection, timeline, [(start, min(end, timeline.frames))])
    return piece


def _spans(starts: list[int], end: int) -> list[tuple[int, int]]:
    return list(zip(starts, [*starts[1:], end], strict=True)) if starts else []


def _cut(inspection: Inspection, timeline: Timeline, spans: list[tuple[int, int]]) -> tuple[Chunk, ...]:
    if not has_index(inspection):
        return tuple(
            Chunk(number=n, start=start, end=end, seek_ticks=None, repeats=0) for n, (start, end) in enumerate(spans)
        )
    times = np.asarray(presentation_times(inspection.frames), dtype=np.int64)
    keyframes = list(presentation_times(inspection.keyframes))
    numbers = _frame_numbers(times - timeline.origin, Fraction(*timeline.time_base), timeline.fps)
    assert inspection.video is not None
    # A frame of fields is mended with the one before it, which then must be decoded too.
    position_of = bisect_left if is_interlaced(inspection.video) else bisect_right
    return tuple(_chunk(n, start, end, times, numbers, keyframes, position_of) for n, (start, end) in enumerate(spans))


def _chunk(
    number: int,
    start: int,
    end: int,
    times: Ticks,
    numbers: Ticks,
    keyframes: list[int],
    position_of: Callable[[list[int], int], int],
) -> Chunk:
    # Output frame n shows the last source frame whose number is <= n.
    shown = np.searchsorted(numbers, np.arange(start, end + READ_AHEAD), side="right") - 1
    shown = shown[(shown < len(times) - 1) | (np.arange(start, end + READ_AHEAD) < end)]
    first = int(times[max(0, int(shown[0]))])
    position = position_of(keyframes, first) - 1
    return Chunk(
        number=number,
        start=start,
        end=end,
        seek_ticks=keyframes[position] if position > 0 else None,
        repeats=int(np.count_nonzero(np.diff(shown) == 0)),
    )


def common_ticks(timeline: Timeline) -> tuple[int, int, int]:
    """A time base 1/d in which both the source's ticks and the output's frames are whole: (d, ticks a source tick,
    ticks a frame). Rounding a chunk's start in the source's own base would move frames near a rounding edge."""
    base, frame = Fraction(*timeline.time_base), 1 / timeline.fps
    scale = lcm(base.denominator, frame.denominator)
    if scale > TICKS_MAX:
        scale = frame.denominator * max(1, TICKS_MAX // frame.denominator // 2)
    return scale, max(1, round(base * scale)), round(frame * scale)


def idr_frames(frames: int, segment_frames: int) -> list[int]:
    """Frames of a chunk that are IDR pictures: every segment's start, and each third of it."""
    thirds = [round(part * segment_frames / IDR_PER_SEGMENT) for part in range(IDR_PER_SEGMENT)]
    return [start + third for start in range(0, frames, segment_frames) for third in thirds if start + third < frames]
