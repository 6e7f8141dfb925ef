"""How hard a title is to encode, told from small frames taken once a second.

Score = 0.4 spatial + 0.4 temporal + 0.2 noise, each 0 to 1; bitrates are scaled by 0.5 + score, so 0.5 to 1.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import msgspec
import numpy as np

Luma: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]
"""One frame's luma: uint8[height, width]."""

SPATIAL_FULL = 48.0
"""Mean Sobel gradient at which detail counts as full: between dense foliage (about 40) and text pages (about 60)."""
TEMPORAL_FULL = 24.0
"""Mean absolute difference of frames a second apart at which motion counts as full: fast sport, in 8-bit steps."""
NOISE_FULL = 6.0
"""Standard deviation of noise, in 8-bit steps, that counts as full: heavy film grain."""
WEIGHTS = (0.4, 0.4, 0.2)


class Complexity(msgspec.Struct, frozen=True, kw_only=True):
    """Each part 0 to 1, and the factor that bitrates are multiplied by."""

    spatial: float
    temporal: float
    noise: float

    @property
    def score(self) -> float:
        return sum(
            weight * part for weight, part in zip(WEIGHTS, (self.spatial, self.temporal, self.noise), strict=True)
        )

    @property
    def factor(self) -> float:
        return 0.5 + min(1.0, max(0.0, self.score))


def complexity_of(spatial: Sequence[float], temporal: Sequence[float], noise: Sequence[float]) -> Complexity:
    """The whole title's complexity from its samples' raw measures. An empty title is of middling complexity."""

    def part(values: Sequence[float], full: float) -> float:
        return min(1.0, float(np.mean(values)) / full) if len(values) else 0.5

    return Complexity(
        spatial=round(part(spatial, SPATIAL_FULL), 4),
        temporal=round(part(temporal, TEMPORAL_FULL), 4),
        noise=round(part(noise, NOISE_FULL), 4),
    )


def gradient(luma: Luma) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The Sobel gradient's magnitude / 4 at every inner pixel: float32[height - 2, width - 2]."""
    frame = luma.astype(np.float32)
    rows = frame[:-2] + 2 * frame[1:-1] + frame[2:]
    columns = frame[:, :-2] + 2 * frame[:, 1:-1] + frame[:, 2:]
    across, down = rows[:, 2:] - rows[:, :-2], columns[2:] - columns[:-2]
    return np.hypot(across, down).astype(np.float32) / np.float32(4)


def spatial_of(luma: Luma) -> float:
    """Edge density: the mean gradient, 0 to about 100."""
    return float(gradient(luma).mean())


def temporal_of(before: Luma, luma: Luma) -> float:
    """Mean absolute difference to the sample before, 0 to 255."""
    return float(np.abs(luma.astype(np.int16) - before.astype(np.int16)).mean())


def noise_of(luma: Luma) -> float:
    """Standard deviation of noise away from edges. J. Immerkaer, "Fast Noise Variance Estimation", 1996, eq. 4."""
    frame = luma.astype(np.float32)
    rows = frame[:-2] - 2 * frame[1:-1] + frame[2:]
    laplacian = np.abs(rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:])
    flat = gradient(luma) <= 8
    if not flat.any():
        return 0.0
    return float(np.sqrt(np.pi / 2) / 6 * laplacian[flat].mean())


def poster_merit(luma: Luma) -> float:
    """How good a frame would look as a still: sharp, contrasted, neither black nor white. Higher is better."""
    mean, spread = float(luma.mean()), float(luma.std())
    exposure = max(0.0, 1.0 - abs(mean - 100.0) / 100.0)
    return exposure * spread * (1.0 + float(gradient(luma).std()))
