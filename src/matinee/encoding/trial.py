"""Trial encodes: which pieces of a title stand for all of it, at which sizes and rate factors they are tried. Pure.

A piece is one closed GOP, as long as the final encode's, so that what it takes there is what it takes here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np

from matinee.base.units import BitsPerSecond
from matinee.encoding.complexity import complexity_of
from matinee.encoding.hull import Size, Trial
from matinee.encoding.ladder import BASE_LADDER, box_height, fitted
from matinee.encoding.recipe import Encoder, content_key
from matinee.encoding.sample import Sample, Window
from matinee.encoding.timeline import Chunk, Timeline, idr_frames

SHARE = 0.15
"""Of a title that is tried: with its measuring this costs less than one encode of the whole ladder."""
PIECES_MIN, PIECES_MAX = 2, 24
LOWEST_BOX = 240
HD_BOX = 1080
HD_MODEL, ULTRA_HD_MODEL = "vmaf_v0.6.1", "vmaf_4k_v0.6.1"
CRFS = (20.0, 27.0, 35.0)
"""H.264 from better than anybody needs to worse than anybody wants, about 8 VMAF apart in the middle."""
VMAF_EVERY = 4
"""Frames of which one is scored; motion is followed through all of them."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What one piece came to at one size and rate factor; `vmaf` is the mean over the piece, by `model`."""

    size: Size
    model: str
    crf: float
    size_bytes: int
    vmaf: float


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """The trials of output frames [start, end)."""

    start: int
    end: int
    measured: tuple[Measured, ...]


class Analysis(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out about a title by trials over `seconds` of it."""

    seconds: float
    trials: tuple[Trial, ...]


class VmafPool(msgspec.Struct, frozen=True, kw_only=True):
    """What libvmaf pooled over the frames that it scored."""

    mean: float


class VmafMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """The pooled metrics; only VMAF itself is read."""

    vmaf: VmafPool


class VmafLog(msgspec.Struct, frozen=True, kw_only=True):
    """libvmaf's JSON log, as far as it is read."""

    pooled_metrics: VmafMetrics

    @property
    def mean(self) -> float:
        return self.pooled_metrics.vmaf.mean


def judged_at(size: Size, width: int, height: int) -> tuple[Size, str]:
    """At which display size encodes of `size` are judged, for a source of `width` x `height`, and by which VMAF model.

    Up to 1080p it is an HD television, which enlarges what is smaller; 4K is watched from nearer, 1.5 times the
    picture's height and not 3.
    """
    if box_height(*size) > HD_BOX:
        return size, ULTRA_HD_MODEL
    scale = HD_BOX / box_height(width, height)
    return (round(width * scale / 2) * 2, round(height * scale / 2) * 2), HD_MODEL


def analysis_key(encoder: Encoder, corrections: Sequence[str] = ()) -> str:
    """The name of an analysis of a source: it changes with whatever changes its numbers.

    `corrections` are those of its pictures.
    """
    settings = (
        encoder.build,
        encoder.preset,
        *(f"{crf:g}" for crf in CRFS),
        f"{SHARE:g}",
        f"{VMAF_EVERY}",
        *corrections,
    )
    return content_key(settings)


def sizes_of(width: int, height: int) -> tuple[Size, ...]:
    """The sizes to try for a source of `width` x `height` as displayed, smallest first; none above the source."""
    boxes = (LOWEST_BOX, *(box for box, _ in BASE_LADDER))
    return tuple(dict.fromkeys(fitted(width, height, box) for box in boxes))


def pieces_of(windows: Sequence[Window], timeline: Timeline, chunks: Sequence[Chunk]) -> tuple[Chunk, ...]:
    """GOPs that stand for the title: those in the middle of as many groups of equal size, from plain to complex.

    So each has the same weight, and their mean is the title's. `chunks` say where a decoder can begin.
    """
    segment = timeline.segment_frames
    starts = idr_frames(timeline.frames, segment)
    gops = list(zip(starts, [*starts[1:], timeline.frames], strict=True))
    whole = [gop for gop in gops if gop[1] - gop[0] >= segment // 4] or gops
    wanted = round(SHARE * timeline.frames / (segment / 3))
    count = min(len(whole), max(PIECES_MIN, min(PIECES_MAX, wanted)))
    ranked = sorted(whole, key=_scores(whole, windows).__getitem__)
    middles = sorted(ranked[int((n + 0.5) * len(ranked) / count)] for n in range(count))
    return tuple(
        msgspec.structs.replace(_chunk_at(chunks, start), number=number, start=start, end=end, repeats=0)
        for number, (start, end) in enumerate(middles)
    )


def _scores(gops: Iterable[tuple[int, int]], windows: Sequence[Window]) -> dict[tuple[int, int], tuple[float, int]]:
    """How complex each GOP is by the samples nearest to it; the start makes the order total."""
    samples = [sample for window in windows for sample in window.samples]
    frames = np.array([sample.frame for sample in samples])  # ascending, as windows are

    def near(gop: tuple[int, int]) -> list[Sample]:
        first, end = np.searchsorted(frames, gop)
        return samples[first:end] or [samples[int(np.abs(frames - gop[0]).argmin())]]

    def score(gop: tuple[int, int]) -> float:
        found = near(gop)
        motion = [sample.temporal for sample in found if sample.temporal >= 0]
        return complexity_of([s.spatial for s in found], motion, [s.noise for s in found]).score

    return {gop: (score(gop) if samples else 0.0, gop[0]) for gop in gops}


def _chunk_at(chunks: Sequence[Chunk], start: int) -> Chunk:
    return next(chunk for chunk in reversed(chunks) if chunk.start <= start)


def combined(pieces: Sequence[Piece], timeline: Timeline) -> tuple[Trial, ...]:
    """The title's trials from those of its pieces, each of which weighs the same."""
    found: dict[tuple[Size, float], list[tuple[float, float]]] = defaultdict(list)
    models = {one.size: one.model for piece in pieces for one in piece.measured}
    for piece in pieces:
        seconds = float((piece.end - piece.start) / timeline.fps)
        for one in piece.measured:
            found[one.size, one.crf].append((one.size_bytes * 8 / seconds, one.vmaf))
    return tuple(
        Trial(
            size=size,
            model=models[size],
            crf=crf,
            bitrate_bps=BitsPerSecond(max(1, round(float(np.mean([bps for bps, _ in values]))))),
            vmaf=float(np.mean([vmaf for _, vmaf in values])),
        )
        for (size, crf), values in sorted(found.items())
    )
