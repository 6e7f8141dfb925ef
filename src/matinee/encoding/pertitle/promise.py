"""What a rung will come to, cap included: pieces that would take more than it look as good as that many bits allow.

A title's trials are uncapped, and their mean hides that a few scenes may take most of the bits: those are what the cap
cuts. So each tried piece is followed along its own trials up to the cap, and the mean is taken after that. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import msgspec
import numpy as np

from matinee.base.units import BitsPerSecond
from matinee.encoding.pertitle.hull import Floats, along
from matinee.encoding.pertitle.ladder import Rung
from matinee.encoding.pertitle.trial import LOW_PERCENT, Piece

CRF_GRAIN = 0.05
CRF_BEYOND = 16.0
"""How far beyond the last trial a scene is followed."""
OVER_CAP = 0.1
"""How far above the cap a GOP may be for each second that its buffer holds, which scenes spend now and then."""


def promised(rung: Rung, pieces: Sequence[Piece], fps: Fraction, crf_of: Callable[[Piece], float]) -> Rung:
    """`rung` with the bits and the VMAF that its pieces come to when each is given its own rate factor, and the cap.

    A rung that was not tried, or has no cap, is as it was.
    """
    tried = [piece for piece in pieces if any(one.size == (rung.width, rung.height) for one in piece.measured)]
    if not tried or rung.maxrate_bps is None or rung.vmaf is None:
        return rung
    most = float(rung.maxrate_bps * (1 + OVER_CAP * rung.buffer_s) / fps)
    found = [_held(piece, rung, crf_of(piece), most) for piece in tried]
    scores = np.concatenate([scores for _, scores in found])
    bits = float(np.mean([bits for bits, _ in found])) * float(fps)
    return msgspec.structs.replace(
        rung,
        bitrate_bps=BitsPerSecond(max(1, round(bits / 1000)) * 1000),
        vmaf=round(float(np.mean([scores.mean() for _, scores in found])), 2),
        vmaf_low=round(float(np.percentile(scores, LOW_PERCENT)), 2) if rung.vmaf_low is not None else None,
    )


def _held(piece: Piece, rung: Rung, crf: float, most: float) -> tuple[float, Floats]:
    """Bits a frame of a piece at `crf`, `most` at most, and the VMAF of each of its frames then."""
    measured = [one for one in piece.measured if one.size == (rung.width, rung.height)]
    rows = sorted((one.crf, one.size_bytes * 8 / (piece.end - piece.start), one.scores) for one in measured)
    crfs = [row[0] for row in rows]
    bits = np.minimum.accumulate(np.log2([row[1] for row in rows]))
    scores = np.minimum.accumulate(np.array([row[2] for row in rows]), axis=0)
    grid = np.arange(crf, max(crf, crfs[-1]) + CRF_BEYOND, CRF_GRAIN)
    taken = along(grid, crfs, bits)
    within = np.flatnonzero(taken <= np.log2(most))
    at = within[0] if len(within) else -1
    return float(2 ** taken[at]), np.clip(along(grid[[at]], crfs, scores)[0], 0.0, 100.0)
