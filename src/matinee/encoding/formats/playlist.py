"""The static playlists that lie beside a rendition's media, and the bit rates that its index implies. Pure.

HLS is RFC 8216 and its revision, draft-pantos-hls-rfc8216bis; clauses without a name are those of RFC 8216.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

import msgspec

from matinee.base.units import BitsPerSecond, Seconds
from matinee.encoding.asset import SegmentIndex

_VERSION = 7  # EXT-X-MAP in a playlist that is not of I-frames only needs 6, and CMAF is spoken of from 7 on
_MICRO = 1_000_000


def target_duration_s(index: SegmentIndex) -> int:
    """EXT-X-TARGETDURATION: no segment, rounded to whole seconds, is longer (4.3.3.1)."""
    longest = max((Fraction(segment.duration_ticks, index.timescale) for segment in index.segments), default=0)
    return max(1, math.floor(longest + Fraction(1, 2)))


def average_bps(index: SegmentIndex) -> BitsPerSecond:
    """AVERAGE-BANDWIDTH: all segments' bits over all their time (4.3.4.2), rounded up."""
    return _bps(sum(segment.size for segment in index.segments), _ticks(index), index.timescale)


def peak_bps(index: SegmentIndex) -> BitsPerSecond:
    """BANDWIDTH: the highest rate of any segments in a row that last 0.5 to 1.5 target durations (4.1, 4.3.4.2)."""
    rates = [_bps(size, ticks, index.timescale) for size, ticks in _stretches(index)]
    return max(rates, default=average_bps(index))


def media_playlist(index: SegmentIndex, *, uri: str = "media.mp4") -> str:
    """The VOD media playlist of one fMP4 file `uri`, every segment a byte range of it (4.3.2.2)."""
    return _of_ranges(index, ["#EXT-X-INDEPENDENT-SEGMENTS"], uri)


def iframe_playlist(index: SegmentIndex, iframe_bytes: Sequence[int], *, uri: str = "media.mp4") -> str:
    """The playlist of the pictures that begin the segments (4.3.3.6): fast motion for players that fetch it so.

    A picture's range begins with its segment's header, without which it cannot be decoded, and ends with the picture:
    `iframe_bytes` of each segment. It lasts until the next one.
    """
    return _of_ranges(iframe_index(index, iframe_bytes), ["#EXT-X-I-FRAMES-ONLY"], uri)


def iframe_index(index: SegmentIndex, iframe_bytes: Sequence[int]) -> SegmentIndex:
    """`index` with no more of each segment than its first picture: what a player fetches, and at which rates."""
    pictures = zip(index.segments, iframe_bytes, strict=True)
    cut = tuple(msgspec.structs.replace(segment, size=size) for segment, size in pictures)
    return msgspec.structs.replace(index, segments=cut)


def _of_ranges(index: SegmentIndex, kind: Sequence[str], uri: str) -> str:
    lines = [
        *_head(target_duration_s(index)),
        *kind,
        f'#EXT-X-MAP:URI="{uri}",BYTERANGE="{index.init_size}@0"',
    ]
    for segment in index.segments:
        # Rounding the ends, not the durations, keeps the sum right to a microsecond over a whole film.
        start = _micros(segment.start_ticks, index.timescale)
        end = _micros(segment.start_ticks + segment.duration_ticks, index.timescale)
        lines += [f"#EXTINF:{_decimal(end - start)},", f"#EXT-X-BYTERANGE:{segment.size}@{segment.offset}", uri]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def subtitle_playlist(sizes: Sequence[int], duration: Seconds, segment: Seconds, *, uri: str = "segments.vtt") -> str:
    """The media playlist of WebVTT segments that lie one after another in one file, of `sizes` bytes each (3.5).

    They are as long as the video's, the last one as long as what is left of the film.
    """
    ends = [*(round(Fraction(segment) * _MICRO * number) for number in range(1, len(sizes))), _whole(duration)]
    lines = _head(max(1, math.floor(Fraction(min(duration, segment)) + Fraction(1, 2))))
    offset = start = 0
    for size, end in zip(sizes, ends, strict=True):
        lines += [f"#EXTINF:{_decimal(max(1, end - start))},", f"#EXT-X-BYTERANGE:{size}@{offset}", uri]
        offset, start = offset + size, end
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def _whole(seconds: Seconds) -> int:
    return round(Fraction(seconds) * _MICRO)


def _head(target_s: int) -> list[str]:
    return [
        "#EXTM3U",
        f"#EXT-X-VERSION:{_VERSION}",
        f"#EXT-X-TARGETDURATION:{target_s}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
    ]


def _stretches(index: SegmentIndex) -> Iterator[tuple[int, int]]:
    """Bytes and ticks of every row of neighbouring segments whose rate counts for the peak."""
    target_ticks = target_duration_s(index) * index.timescale
    for first in range(len(index.segments)):
        size = ticks = 0
        for segment in index.segments[first:]:
            size, ticks = size + segment.size, ticks + segment.duration_ticks
            if 2 * ticks > 3 * target_ticks:
                break
            if 2 * ticks >= target_ticks:
                yield size, ticks


def _ticks(index: SegmentIndex) -> int:
    return sum(segment.duration_ticks for segment in index.segments)


def _bps(size_bytes: int, ticks: int, timescale: int) -> BitsPerSecond:
    return BitsPerSecond(-(-size_bytes * 8 * timescale // ticks) if ticks else 0)


def _micros(ticks: int, timescale: int) -> int:
    return round(Fraction(ticks * _MICRO, timescale))


def _decimal(micros: int) -> str:
    return f"{micros // _MICRO}.{micros % _MICRO:06d}"
