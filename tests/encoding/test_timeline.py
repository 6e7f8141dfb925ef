"""Timelines: constant rates are recognised through rounded timestamps, chunks cover every frame once."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import msgspec
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from tests.encoding.film import NTSC_FILM, even_times, film, inspected

from matinee.encoding.source import Inspection, presentation_times
from matinee.encoding.timeline import (
    CHUNK_SEGMENTS_MAX,
    IDR_PER_SEGMENT,
    RATE_MAX,
    READ_AHEAD,
    STANDARD_RATES,
    TICKS_MAX,
    Timeline,
    chunk_segments,
    chunks_of,
    common_ticks,
    idr_frames,
    timeline_of,
)

MILLISECONDS, MPEG, MP4 = Fraction(1, 1_000), Fraction(1, 90_000), Fraction(1, 12_288)
rates = st.sampled_from(STANDARD_RATES)
bases = st.sampled_from([MILLISECONDS, MPEG, MP4])
origins = st.integers(-(10**6), 10**9)


def uneven(draw_gaps: list[int]) -> Inspection:
    """A film in milliseconds whose frames are so far apart."""
    times = [0]
    for gap in draw_gaps:
        times.append(times[-1] + gap)
    return inspected(times, MILLISECONDS, keyframes=times[::7], last_duration=40)


gaps = st.lists(st.integers(1, 400), min_size=1, max_size=300)


@given(rate=rates, base=bases, origin=origins, frames=st.integers(600, 1_500))
def test_a_standard_rate_is_recognised_by_times_alone(rate: Fraction, base: Fraction, origin: int, frames: int) -> None:
    found = timeline_of(inspected(even_times(rate, frames, base, origin), base))
    assert found.is_constant
    assert found.fps == rate
    assert found.frames == frames
    assert found.origin == origin


@given(rate=rates, base=bases, frames=st.integers(2, 50))
@example(rate=NTSC_FILM, base=MILLISECONDS, frames=25)
def test_a_short_film_has_the_rate_that_its_container_says(rate: Fraction, base: Fraction, frames: int) -> None:
    found = timeline_of(inspected(even_times(rate, frames, base), base, nominal=rate))
    assert (found.fps, found.frames, found.is_constant) == (rate, frames, True)


@given(data=st.data(), rate=st.sampled_from(STANDARD_RATES), origin=origins)
def test_times_off_by_a_tick_are_still_a_constant_rate(data: st.DataObject, rate: Fraction, origin: int) -> None:
    frames = data.draw(st.integers(2, 300))
    jitter = data.draw(st.lists(st.integers(-1, 1), min_size=frames, max_size=frames))
    times = even_times(rate, frames, MPEG, origin)
    shaken = [times[0], *(time + off for time, off in zip(times[1:], jitter[1:], strict=True))]
    found = timeline_of(inspected(shaken, MPEG, nominal=rate))
    assert (found.fps, found.frames, found.is_constant) == (rate, frames, True)


def test_a_containers_odd_idea_of_a_standard_rate_is_put_right() -> None:
    times = even_times(NTSC_FILM, 2_000, MILLISECONDS)
    assert timeline_of(inspected(times, MILLISECONDS, nominal=Fraction(2997, 125))).fps == NTSC_FILM


def test_an_unusual_constant_rate_is_kept() -> None:
    rate = Fraction(18)
    found = timeline_of(inspected(even_times(rate, 500, MPEG), MPEG, nominal=rate))
    assert (found.fps, found.is_constant) == (rate, True)


def test_more_than_sixty_frames_a_second_become_sixty() -> None:
    found = timeline_of(inspected(even_times(Fraction(120), 1_200, MPEG), MPEG, nominal=Fraction(120)))
    assert found.fps == RATE_MAX
    assert found.frames == 600


def test_a_raw_stream_is_counted_at_its_nominal_rate() -> None:
    found = timeline_of(inspected(list(range(54)), 1 / NTSC_FILM, nominal=NTSC_FILM, demuxer="h264"))
    assert (found.fps, found.frames, found.origin, found.is_constant) == (NTSC_FILM, 54, 0, True)
    assert timeline_of(inspected(list(range(54)), Fraction(1, 25), demuxer="h264")).fps == 25


def test_frames_that_are_missing_make_the_rate_variable_and_keep_the_length() -> None:
    times = even_times(Fraction(25), 100, MILLISECONDS)
    found = timeline_of(inspected(times[:40] + times[60:], MILLISECONDS, nominal=Fraction(25)))
    assert not found.is_constant
    assert found.fps == 25
    assert found.frames == 100


@given(gaps=gaps)
def test_a_variable_rate_becomes_a_standard_one_and_keeps_its_length(gaps: list[int]) -> None:
    inspection = uneven(gaps)
    found = timeline_of(inspection)
    assume(not found.is_constant)
    assert found.fps in STANDARD_RATES
    length_s = (sum(gaps) + inspection.last_duration) * MILLISECONDS
    assert found.frames >= 1
    assert abs(found.frames / found.fps - length_s) <= 1 / found.fps


@pytest.mark.parametrize(
    ("rate", "frames"), [(NTSC_FILM, 144), (Fraction(24), 144), (Fraction(25), 150), (Fraction(60000, 1001), 360)]
)
def test_a_segment_is_six_seconds_of_whole_frames(rate: Fraction, frames: int) -> None:
    assert timeline_of(film(10, rate)).segment_frames == frames


def test_a_segment_at_23_976_lasts_6_006_s() -> None:
    timeline = timeline_of(film(10))
    assert timeline.segment_frames / timeline.fps == Fraction(6006, 1000)


def assert_covered(timeline: Timeline, inspection: Inspection) -> None:
    chunks = chunks_of(inspection, timeline)
    assert chunks[0].start == 0
    assert chunks[-1].end == timeline.frames
    assert all(one.end == following.start for one, following in pairwise(chunks))
    assert [chunk.number for chunk in chunks] == list(range(len(chunks)))
    assert all(chunk.start % timeline.segment_frames == 0 and chunk.end > chunk.start for chunk in chunks)
    assert max(chunk.end - chunk.start for chunk in chunks) <= CHUNK_SEGMENTS_MAX * timeline.segment_frames


@given(rate=rates, seconds=st.floats(0.5, 500))
def test_chunks_cover_every_frame_once_and_begin_where_segments_do(rate: Fraction, seconds: float) -> None:
    inspection = film(seconds, rate)
    assert_covered(timeline_of(inspection), inspection)


@given(gaps=gaps)
def test_chunks_of_a_variable_rate_cover_every_frame_once(gaps: list[int]) -> None:
    inspection = uneven(gaps)
    assert_covered(timeline_of(inspection), inspection)


def test_chunks_of_a_raw_stream_are_reached_from_the_start() -> None:
    inspection = inspected(list(range(3_000)), Fraction(1, 25), nominal=Fraction(25), demuxer="h264")
    timeline = timeline_of(inspection)
    assert_covered(timeline, inspection)
    assert {chunk.seek_ticks for chunk in chunks_of(inspection, timeline)} == {None}


@given(rate=rates, base=bases, seconds=st.floats(20, 120), origin=origins, every=st.integers(1, 250))
def test_a_chunk_is_decoded_from_the_last_key_frame_at_or_before_it(
    rate: Fraction, base: Fraction, seconds: float, origin: int, every: int
) -> None:
    times = even_times(rate, round(seconds * rate), base, origin)
    inspection = inspected(times, base, nominal=rate, keyframes=times[::every])
    timeline = timeline_of(inspection)
    for chunk in chunks_of(inspection, timeline):
        first = times[chunk.start]
        wanted = max(time for time in times[::every] if time <= first)
        assert chunk.seek_ticks == (None if wanted == times[0] else wanted)


@given(rate=rates, base=bases, seconds=st.floats(1, 120))
def test_a_constant_rate_repeats_no_frame(rate: Fraction, base: Fraction, seconds: float) -> None:
    times = even_times(rate, max(2, round(seconds * rate)), base)
    inspection = inspected(times, base, nominal=rate)
    chunks = chunks_of(inspection, timeline_of(inspection))
    assert [chunk.repeats for chunk in chunks] == [0] * len(chunks)


@given(gaps=gaps)
def test_repeats_are_the_frames_that_show_the_same_source_frame_again(gaps: list[int]) -> None:
    inspection = uneven(gaps)
    timeline = timeline_of(inspection)
    times = presentation_times(inspection.frames)
    # Written out one by one: source frame k is shown from output frame round-half-up(t_k * rate).
    first_shown = [int((time * MILLISECONDS * timeline.fps + Fraction(1, 2)) // 1) for time in times]
    shown = [max(k for k, number in enumerate(first_shown) if number <= n) for n in range(timeline.frames + READ_AHEAD)]
    for chunk in chunks_of(inspection, timeline):
        inside = sum(shown[n] == shown[n - 1] for n in range(chunk.start + 1, chunk.end))
        beyond = sum(
            shown[n] == shown[n - 1] for n in range(chunk.end, chunk.end + READ_AHEAD) if shown[n] < len(times) - 1
        )
        assert inside <= chunk.repeats <= inside + beyond


def test_chunking_depends_on_the_film_alone() -> None:
    inspection = film(600)
    timeline = timeline_of(inspection)
    again = msgspec.json.decode(msgspec.json.encode(inspection), type=Inspection)
    assert chunks_of(again, timeline_of(again)) == chunks_of(inspection, timeline)


@given(frames=st.integers(1, 10**7), segment=st.integers(3, 400))
def test_a_chunk_has_between_one_and_five_segments(frames: int, segment: int) -> None:
    found = chunk_segments(frames, segment)
    assert 1 <= found <= CHUNK_SEGMENTS_MAX
    assert found == 1 or -(-frames // segment) >= 8 * found, "a short film has work for every core"


@given(rate=rates, base=bases)
def test_common_ticks_are_exact_for_the_time_bases_that_occur(rate: Fraction, base: Fraction) -> None:
    timeline = timeline_of(inspected(even_times(rate, 10, base), base, nominal=rate))
    assert timeline.fps == rate
    scale, per_tick, per_frame = common_ticks(timeline)
    assert Fraction(per_tick, scale) == base
    assert Fraction(per_frame, scale) == 1 / rate
    assert scale <= TICKS_MAX


@given(rate=rates, denominator=st.integers(1, 2**31 - 1))
def test_a_frame_is_whole_in_common_ticks_whatever_the_time_base(rate: Fraction, denominator: int) -> None:
    timeline = Timeline(
        rate=(rate.numerator, rate.denominator),
        frames=10,
        time_base=(1, denominator),
        origin=0,
        is_constant=True,
    )
    scale, per_tick, per_frame = common_ticks(timeline)
    assert 1 <= scale <= TICKS_MAX
    assert per_tick >= 1
    assert Fraction(per_frame, scale) == 1 / rate


@given(segment=st.integers(IDR_PER_SEGMENT, 400), frames=st.integers(1, 2_000))
def test_every_segment_and_each_third_of_it_begins_with_an_idr(segment: int, frames: int) -> None:
    found = idr_frames(frames, segment)
    assert found == sorted(set(found))
    assert set(range(0, frames, segment)) <= set(found)
    assert found[0] == 0
    assert found[-1] < frames
    assert all(following - one <= -(-segment // IDR_PER_SEGMENT) for one, following in pairwise(found))


def test_idrs_at_23_976_are_every_2_002_s() -> None:
    assert idr_frames(300, 144) == [0, 48, 96, 144, 192, 240, 288]
