"""What two sound tracks have in common, found by their acoustic fingerprints. Pure.

A fingerprint is Chromaprint's, as FFmpeg's muxer of that name writes it: 32 bits for every HOP_S of sound, of which few
differ where two tracks play the same, and about half where they do not. Sound that is encoded again, or begins a little
earlier, changes some bits only (Haitsma and Kalker 2002; Chromaprint's fingerprint_matcher.cpp).
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

Fingerprint: TypeAlias = npt.NDArray[np.uint32]
"""One item for each HOP_S from second 0."""

_RATE_HZ, _FRAME, _HOP = 11_025, 4_096, 1_365  # fingerprinter_configuration.cpp, algorithm 1
HOP_S = _HOP / _RATE_HZ
SPAN_S = (_FRAME + 19 * _HOP) / _RATE_HZ
"""An item hears so much: the frame, 4 more for the chroma filter, 15 more for the widest classifier."""
MATCH_BITS = 5
"""Items of which fewer bits differ speak for the same sound, others against it. Of 12 generated openings, encoded anew
after other sound, all were found at 4 to 8, and at 7 unrelated ones too; Chromaprint's own matcher takes 10."""
VARIETY_MIN = 0.1
"""Of a run's items so many are different ones. Silence and a steady tone say the same all the time, in any film."""
_HEARD_FROM_S, _HEARD_TO_S = 0.5, 1.6
"""An item counts as the same from so long before the common sound, and until so long before its end: an item hears
what follows it. Measured on the same openings, of which 9 in 10 ends lay within 0.5 s of these."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """The same sound in two tracks: where it begins in each, and how long it is, in seconds."""

    first_s: float
    second_s: float
    lasts_s: float


def read_fingerprint(content: bytes) -> Fingerprint:
    """What FFmpeg wrote with `-fp_format raw`: the machine's own 32-bit numbers, little-endian everywhere we run."""
    return np.frombuffer(content[: len(content) // 4 * 4], "<u4").astype(np.uint32)


def common_run(first: Fingerprint, second: Fingerprint, *, shortest_s: float, longest_s: float) -> Run | None:
    """The longest sound that both tracks have, whatever the time between its places; None where there is none."""
    shortest = max(1, round((shortest_s - SPAN_S) / HOP_S))  # items that hear nothing else
    best: tuple[int, int, int] | None = None
    for shift in range(-(len(first) - shortest), len(second) - shortest + 1):
        start, stop = max(0, -shift), min(len(first), len(second) - shift)
        found = _best_on(first[start:stop], second[start + shift : stop + shift])
        if found is None or found[1] - found[0] < shortest:
            continue
        if best is None or found[1] - found[0] > best[2]:
            best = (start + found[0], start + found[0] + shift, found[1] - found[0])
    if best is None:
        return None
    first_s, second_s = _starts(best[0]), _starts(best[1])
    ends_s = (best[0] + best[2]) * HOP_S + _HEARD_TO_S
    run = Run(first_s=first_s, second_s=second_s, lasts_s=ends_s - first_s)
    return run if shortest_s <= run.lasts_s <= longest_s else None


def _best_on(first: Fingerprint, second: Fingerprint) -> tuple[int, int] | None:
    """The stretch of two aligned tracks in which the fewest bits differ beyond MATCH_BITS an item: the largest sum of
    what each item has less than that (Bentley 1984)."""
    errors = np.bitwise_count(first ^ second).astype(np.int32)
    sums = np.concatenate(([0], np.cumsum(MATCH_BITS - errors)))
    gains = sums - np.minimum.accumulate(sums)
    end = int(gains.argmax())
    if not gains[end]:
        return None
    start = int(sums[: end + 1].argmin())
    return (start, end) if len(np.unique(first[start:end])) >= VARIETY_MIN * (end - start) else None


def _starts(item: int) -> float:
    return item * HOP_S + _HEARD_FROM_S if item else 0.0
