"""How loud a sound track is, and the one gain that makes it as loud as every other film (EBU R 128)."""

from __future__ import annotations

import re
from math import isfinite

import msgspec

TARGET_LUFS = -16.0
"""AES TD1008 (2021): from -20 to -16 LUFS for film and drama over the internet; at -16 phones are loud enough, and
most films keep their dynamics, where broadcasting's -23 is too quiet for small loudspeakers."""
PEAK_MAX_DBTP = -1.0
"""EBU R 128: what the maker of a lossy rendition leaves for its overshoots."""
GAIN_MAX_DB = 20.0
"""Either way. What would need more is a fault or a whisper, of which the noise would become loud."""
SILENCE_LUFS = -70.0
"""The absolute gate of Rec. ITU-R BS.1770-5: nothing above it was heard."""

_INTEGRATED = re.compile(r"^\s*I:\s+(\S+) LUFS", re.MULTILINE)
_PEAK = re.compile(r"^\s*Peak:\s+(\S+) dBFS", re.MULTILINE)


class Loudness(msgspec.Struct, frozen=True, kw_only=True):
    """The loudness of a whole track in LUFS, and its highest true peak in dBTP, played in so many channels."""

    stream: int
    channels: int = 2
    lufs: float = SILENCE_LUFS
    peak_dbtp: float = SILENCE_LUFS


def loudness_in(log: str, stream: int, channels: int = 2) -> Loudness:
    """What the summary of FFmpeg's ebur128 filter says at the end of a log; silence where it says nothing."""
    return Loudness(stream=stream, channels=channels, lufs=_last(_INTEGRATED, log), peak_dbtp=_last(_PEAK, log))


def _last(pattern: re.Pattern[str], log: str) -> float:
    numbers = [float(word) for word in pattern.findall(log)[-1:]]
    return max(SILENCE_LUFS, numbers[0]) if numbers and isfinite(numbers[0]) else SILENCE_LUFS


def gain_db(loudness: Loudness) -> float:
    """The gain that brings a track to TARGET_LUFS, in tenths; none for silence."""
    if loudness.lufs <= SILENCE_LUFS:
        return 0.0
    return round(max(-GAIN_MAX_DB, min(GAIN_MAX_DB, TARGET_LUFS - loudness.lufs)), 1)


def is_limited(loudness: Loudness) -> bool:
    """Whether peaks would be above PEAK_MAX_DBTP after the gain; where not, no limiter is near the sound."""
    return loudness.lufs > SILENCE_LUFS and loudness.peak_dbtp + gain_db(loudness) > PEAK_MAX_DBTP
