"""Subtitles cut along the video's segments: complete small WebVTT files, one after another in one file. Pure.

A player fetches them by byte range as it fetches the picture. A cue that goes on over a cut is in the segments on both
sides of it, each time with its whole time, so that it is found wherever one starts (draft-pantos-hls-rfc8216bis 3.1.4).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from fractions import Fraction

from matinee.base.units import Seconds

_HEAD = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n"
"""Cues count from where the picture does: the first frame is presented at 0 (RFC 8216 3.5)."""
_LESS_THAN_A_FRAME = 1e-4
"""Of a segment: what is left over when numbers are rounded is none. At 120 frames/s a frame is 14 times as long."""
_TIMING = re.compile(r"(\d{2,}):(\d\d):(\d\d)\.(\d{3}) --> (\d{2,}):(\d\d):(\d\d)\.(\d{3})")


def segment_count(duration: Seconds, segment: Seconds) -> int:
    """How many segments a film has, which is how many its video has; the last one may be shorter."""
    return max(1, math.ceil(duration / segment - _LESS_THAN_A_FRAME))


def cut(document: str, duration: Seconds, segment: Seconds) -> list[str]:
    """The WebVTT `document` that `base.subtitles` wrote, in segments of `segment` seconds."""
    pieces: list[list[str]] = [[] for _ in range(segment_count(duration, segment))]
    for block in document.strip("\n").split("\n\n")[1:]:
        for number in _shown_in(block, segment, len(pieces)):
            pieces[number].append(block)
    return [_HEAD + "".join(f"{block}\n\n" for block in piece) for piece in pieces]


def _shown_in(block: str, segment: Seconds, count: int) -> Iterator[int]:
    """The segments during which a cue is shown; its end is not shown any more."""
    match = _TIMING.match(block)
    if match is None:
        raise ValueError(f"not a cue of ours: {block[:80]!r}")
    numbers = [int(number) for number in match.groups()]
    start, end = (
        Fraction(3_600_000 * hours + 60_000 * minutes + 1_000 * seconds + milliseconds, 1_000)
        for hours, minutes, seconds, milliseconds in (numbers[:4], numbers[4:])
    )
    first = int(start / Fraction(segment))
    last = -(-end // Fraction(segment)) - 1
    yield from range(min(first, count - 1), min(max(first, int(last)), count - 1) + 1)
