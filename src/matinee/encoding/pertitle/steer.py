"""One quality across a film: rate factors for a rung's chunks, so that its hard scenes look as good as its plain ones.

In the spirit of I. Katsavounidis, "Dynamic optimizer: a perceptual video encoding optimization framework" (2018), which
chooses for each shot. Here the trials of a title say which rate factor each tried piece needs for the rung's VMAF; how
that depends on detail, motion and noise is fitted, and every chunk gets what its own samples ask for. It is done only
where the fit tells pieces that it has not seen: else one rate factor for all is the better guess. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from matinee.encoding.pertitle.ladder import Rung
from matinee.encoding.pertitle.sample import Sample, Window, samples_near
from matinee.encoding.pertitle.trial import Piece
from matinee.encoding.timeline import Chunk

Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]

PIECES_LEAST = 8
"""Tried pieces: with fewer, four coefficients would follow chance."""
GAIN_LEAST = 0.3
"""The share of the spread of needed rate factors that the fit must explain in pieces that were left out of it."""
CRF_OFF_MAX = 4.0
"""How far a chunk's rate factor may be from the rung's: beyond that the guess would be worse than the unevenness."""
CRF_GRAIN = 0.25
NEEDED_OFF_MAX = 10.0
"""A piece that hardly gets better or worse, black or noise, may need any rate factor: it counts as so far off."""
RIDGE = 0.5
"""Weight of the penalty on coefficients, in pieces (A. E. Hoerl and R. W. Kennard, "Ridge Regression", 1970)."""


def steered(
    rung: Rung, pieces: Sequence[Piece], windows: Sequence[Window], chunks: Sequence[Chunk]
) -> tuple[float, ...] | None:
    """The rate factor of each of `chunks` for the rung's VMAF; None where one for all is the better guess."""
    is_sampled = any(window.samples for window in windows)
    if rung.crf is None or rung.vmaf is None or len(pieces) < PIECES_LEAST or not is_sampled:
        return None
    near = samples_near(windows)
    seen = _features(near, [(piece.start, piece.end) for piece in pieces])
    needed = np.array([needed_crf(piece, rung) - rung.crf for piece in pieces])
    needed = np.clip(needed, -NEEDED_OFF_MAX, NEEDED_OFF_MAX)
    if gain(seen, needed) < GAIN_LEAST:
        return None
    told = _fit(seen, needed)(_features(near, [(chunk.start, chunk.end) for chunk in chunks]))
    off = np.clip(told, -CRF_OFF_MAX, CRF_OFF_MAX)
    return tuple(float(round((rung.crf + one) / CRF_GRAIN) * CRF_GRAIN) for one in off)


def needed_crf(piece: Piece, rung: Rung) -> float:
    """The rate factor at which a piece, at the rung's size, has the rung's VMAF: linear between its trials."""
    size = (rung.width, rung.height)
    tried = sorted((one.crf, float(np.mean(one.scores))) for one in piece.measured if one.size == size)
    crfs, vmaf = [crf for crf, _ in tried], np.minimum.accumulate([score for _, score in tried])
    assert rung.vmaf is not None
    return float(np.interp(-rung.vmaf, -vmaf, crfs))


def gain(features: Floats, needed: Floats) -> float:
    """How much of the variance of `needed` the fit explains for each piece when it is left out: 1 all, below 0 none."""
    spread = float(((needed - needed.mean()) ** 2).sum())
    if spread < len(needed) * CRF_GRAIN**2:
        return 0.0  # they need the same
    rest = np.arange(len(needed))
    missed = [float(_fit(features[rest != n], needed[rest != n])(features[n : n + 1])[0] - needed[n]) for n in rest]
    return 1.0 - float(np.square(missed).sum()) / spread


def _fit(features: Floats, needed: Floats) -> Callable[[Floats], Floats]:
    """A ridge regression of `needed` on standardised features."""
    mean, scale = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-6)
    level, x = needed.mean(), (features - mean) / scale
    weights = np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ (needed - level))

    def told(of: Floats) -> Floats:
        # A chunk that is like none of the pieces is taken for the nearest one.
        inside = np.clip(of, features.min(axis=0), features.max(axis=0))
        answer: Floats = level + (inside - mean) / scale @ weights
        return answer

    return told


def _features(near: Callable[[int, int], Sequence[Sample]], spans: Sequence[tuple[int, int]]) -> Floats:
    """float64[spans, 3]: detail, motion and noise of the samples in each span, on logarithmic scales."""
    rows = []
    for start, end in spans:
        found = near(start, end)
        motion = [sample.temporal for sample in found if sample.temporal >= 0] or [0.0]
        rows.append((np.mean([s.spatial for s in found]), np.mean(motion), np.mean([s.noise for s in found])))
    return np.log2(1.0 + np.array(rows, dtype=np.float64))
