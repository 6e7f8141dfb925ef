"""Media playlists say what the index says, to a microsecond, and the rates are those of the RFC's definitions."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from tests.media.presentation import parse_media

from matinee.base.units import Seconds
from matinee.encoding.asset import Segment, SegmentIndex
from matinee.encoding.playlist import average_bps, media_playlist, peak_bps, subtitle_playlist, target_duration_s


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


def test_a_subtitle_playlist_is_one_segment_as_long_as_the_film() -> None:
    text = subtitle_playlist(Seconds(26.026))
    assert "#EXTINF:26.026000,\nmedia.vtt\n" in text
    assert parse_media(text).target_s == 27


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
