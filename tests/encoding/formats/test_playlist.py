"""Media playlists say what the index says, to a microsecond, and the rates are those of the RFC's definitions."""

from __future__ import annotations

import itertools
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from tests.media.presentation import parse_media

from matinee.base.units import Seconds
from matinee.encoding.asset import Segment, SegmentIndex
from matinee.encoding.formats.captions import segment_count
from matinee.encoding.formats.playlist import (
    average_bps,
    iframe_index,
    iframe_playlist,
    media_playlist,
    peak_bps,
    subtitle_playlist,
    target_duration_s,
)


def index_of(sizes: list[int], ticks: list[int], timescale: int = 24000) -> SegmentIndex:
    segments, offset, start = [], 700 + 40 + 12 * len(sizes), 0
    for size, duration in zip(sizes, ticks, strict=True):
        segments.append(
            Segment(offset=offset, size=size, start_ticks=start, duration_ticks=duration, sha256=f"{offset:064x}")
        )
        offset, start = offset + size, start + duration
    return SegmentIndex(timescale=timescale, init_size=700, segments=tuple(segments))


def test_a_media_playlist_reads_as_the_format_asks() -> None:
    assert media_playlist(index_of([1000, 500], [144_144, 48_048])) == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:7\n"
        "#EXT-X-TARGETDURATION:6\n"
        "#EXT-X-MEDIA-SEQUENCE:0\n"
        "#EXT-X-PLAYLIST-TYPE:VOD\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        '#EXT-X-MAP:URI="media.mp4",BYTERANGE="700@0"\n'
        "#EXTINF:6.006000,\n"
        "#EXT-X-BYTERANGE:1000@764\n"
        "media.mp4\n"
        "#EXTINF:2.002000,\n"
        "#EXT-X-BYTERANGE:500@1764\n"
        "media.mp4\n"
        "#EXT-X-ENDLIST\n"
    )


def test_the_pictures_that_begin_segments_last_until_the_next_one() -> None:
    index = index_of([1000, 500], [144, 48], 24)
    assert iframe_playlist(index, [300, 200]) == (
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n"
        "#EXT-X-I-FRAMES-ONLY\n"
        '#EXT-X-MAP:URI="media.mp4",BYTERANGE="700@0"\n'
        "#EXTINF:6.000000,\n#EXT-X-BYTERANGE:300@764\nmedia.mp4\n"
        "#EXTINF:2.000000,\n#EXT-X-BYTERANGE:200@1764\nmedia.mp4\n"
        "#EXT-X-ENDLIST\n"
    )
    assert peak_bps(iframe_index(index, [300, 200])) == 500


def test_a_subtitle_playlist_has_the_videos_segments_in_one_file() -> None:
    text = subtitle_playlist([60, 90, 70], Seconds(13.013), Seconds(6.006))
    playlist = parse_media(text)
    assert (playlist.target_s, playlist.map) == (6, None)
    assert playlist.segments == (
        ("segments.vtt", (0, 59), Fraction("6.006")),
        ("segments.vtt", (60, 149), Fraction("6.006")),
        ("segments.vtt", (150, 219), Fraction("1.001")),
    )


def test_a_short_films_subtitles_are_one_segment() -> None:
    assert parse_media(subtitle_playlist([60], Seconds(2.5), Seconds(6))).segments[0][2] == Fraction("2.5")


@given(
    rate=st.sampled_from([Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(60), Fraction(120)]),
    frames=st.integers(1, 400_000),
)
def test_subtitles_have_as_many_segments_as_the_video_and_none_drifts(rate: Fraction, frames: int) -> None:
    segment = round(6 * rate)
    wanted = -(-frames // segment)
    duration, segment_s = Seconds(float(frames / rate)), Seconds(float(segment / rate))
    assert segment_count(duration, segment_s) == wanted
    ends = list(
        itertools.accumulate(
            seconds for _, _, seconds in parse_media(subtitle_playlist([9] * wanted, duration, segment_s)).segments
        )
    )
    for number, end in enumerate(ends, start=1):
        assert abs(end - min(number * segment, frames) / rate) <= Fraction(1, 500_000)


@given(
    ticks=st.lists(st.integers(1, 400_000), min_size=1, max_size=60),
    timescale=st.sampled_from([24, 25, 24000, 30000, 44100, 48000, 60000]),
)
def test_durations_never_drift_by_more_than_a_microsecond(ticks: list[int], timescale: int) -> None:
    playlist = parse_media(media_playlist(index_of([1] * len(ticks), ticks, timescale)))
    total = Fraction()
    for number, (_, _, seconds) in enumerate(playlist.segments):
        total += seconds
        assert abs(total - Fraction(sum(ticks[: number + 1]), timescale)) <= Fraction(1, 1_000_000)


@given(
    segments=st.lists(st.tuples(st.integers(1, 10**7), st.integers(24_000, 150_000)), min_size=1, max_size=30),
)
def test_the_peak_is_never_below_the_average_of_a_film_or_of_a_long_segment(segments: list[tuple[int, int]]) -> None:
    index = index_of([size for size, _ in segments], [ticks for _, ticks in segments])
    long_enough = [s for s in index.segments if 2 * s.duration_ticks >= target_duration_s(index) * 24000]
    for segment in long_enough:
        assert peak_bps(index) >= segment.size * 8 * 24000 // segment.duration_ticks
    assert average_bps(index) >= 1


def test_a_tiny_last_segment_does_not_make_the_peak() -> None:
    index = index_of([600_600, 600_600, 100_000], [144_144, 144_144, 1001])
    alone = 100_000 * 8 * 24000 // 1001
    assert 800_000 < peak_bps(index) < alone / 10
    assert average_bps(index) < peak_bps(index)
