"""Samples: one small frame a second of the source, measured once, used for complexity, stills, storyboard and QC."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from matinee.encoding.pertitle.complexity import (
    Complexity,
    Luma,
    complexity_of,
    noise_of,
    poster_merit,
    spatial_of,
    temporal_of,
)

WINDOW_SEGMENTS = 50
"""Segments a window: about five minutes, one task of a second or two of decoding per minute of film."""
THUMB_SIZE = (64, 36)
"""Width and height of the luma thumbnails that QC compares a rendition with."""
FRAME_SIZE = (16, 10)
"""Width and height to which every frame is averaged: enough to tell frames apart, in 240 bytes of yuv420p each."""
TILE_WIDTH = 240
TILES_MAX = 400
"""Tiles a storyboard: 20 x 20 stays under WebP's 16,383 pixels and a megabyte."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One second's frame: its output frame number, raw measures, luma thumbnail, and a JPEG tile where wanted."""

    frame: int
    spatial: float
    temporal: float
    noise: float
    merit: float
    thumb: bytes
    tile: bytes = b""


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """The samples of output frames [start, end)."""

    start: int
    end: int
    samples: tuple[Sample, ...]


def measure(frame: int, luma: Luma, before: Luma | None, tile: bytes) -> Sample:
    """What one sampled frame says; `before` is the sample a second earlier, in the same window."""
    return Sample(
        frame=frame,
        spatial=spatial_of(luma),
        temporal=temporal_of(before, luma) if before is not None else -1.0,
        noise=noise_of(luma),
        merit=poster_merit(luma),
        thumb=thumbnail(luma).tobytes(),
        tile=tile,
    )


def thumbnail(luma: Luma) -> Luma:
    """`luma` averaged down to THUMB_SIZE: uint8[36, 64]."""
    width, height = THUMB_SIZE
    rows = np.linspace(0, luma.shape[0], height + 1).astype(int)
    columns = np.linspace(0, luma.shape[1], width + 1).astype(int)
    sums = np.add.reduceat(np.add.reduceat(luma.astype(np.float32), rows[:-1], axis=0), columns[:-1], axis=1)
    small: Luma = np.rint(sums / np.outer(np.diff(rows), np.diff(columns))).astype(np.uint8)
    return small


def overall(windows: Sequence[Window]) -> Complexity:
    """The title's complexity over all its windows."""
    samples = [sample for window in windows for sample in window.samples]
    return complexity_of(
        [sample.spatial for sample in samples],
        [sample.temporal for sample in samples if sample.temporal >= 0],
        [sample.noise for sample in samples],
    )


def best_still(windows: Sequence[Window]) -> int:
    """The output frame that makes the best still; not from the first or last tenth, where titles and credits are."""
    samples = [sample for window in windows for sample in window.samples]
    inner = samples[len(samples) // 10 : len(samples) - len(samples) // 10] or samples
    return max(inner, key=lambda sample: sample.merit).frame if inner else 0


def samples_near(windows: Sequence[Window]) -> Callable[[int, int], Sequence[Sample]]:
    """A function of output frames [start, end) that answers the samples in them, or the nearest one; there is one."""
    samples = [sample for window in windows for sample in window.samples]
    frames = np.array([sample.frame for sample in samples])  # ascending, as windows are

    def near(start: int, end: int) -> Sequence[Sample]:
        first, last = np.searchsorted(frames, (start, end))
        return samples[first:last] or [samples[int(np.abs(frames - start).argmin())]]

    return near


def tile_interval(seconds: int) -> int:
    """A storyboard tile every so many samples, for a film of `seconds` samples."""
    return max(1, -(-seconds // TILES_MAX))
