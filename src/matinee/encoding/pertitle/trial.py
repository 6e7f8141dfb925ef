"""Trial encodes: which pieces of a title stand for all of it, at which sizes and rate factors they are tried. Pure.

A piece is one closed GOP, as long as the final encode's, so that what it takes there is what it takes here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np

from matinee.base.units import BitsPerSecond
from matinee.encoding.pertitle.complexity import complexity_of
from matinee.encoding.pertitle.hull import Size, Trial
from matinee.encoding.pertitle.ladder import BASE_LADDER, Codec, CodecSet, box_height, box_max, fitted
from matinee.encoding.pertitle.sample import Window, samples_near
from matinee.encoding.recipe import Coding, Encoder, coding_of, content_key
from matinee.encoding.source import VideoStream
from matinee.encoding.timeline import Chunk, Timeline, idr_frames
from matinee.encoding.worker.corrections import corrections
from matinee.encoding.worker.encoders import CRFS, FINE_CRF

SHARE = 0.15
"""Of a title that is tried: with its measuring this costs about half of what one encode of the whole ladder does."""
PIECES_FEW, PIECES_MAX = 4, 40
"""Pieces of a short title, of which half is tried at most, and of the longest film."""
LOWEST_BOX = 240
FINE_BOX = 720
"""Smaller sources are tried finer: what is enlarged to a television shows more of what was lost."""
HD_BOX = 1080
HD_MODEL, ULTRA_HD_MODEL = "vmaf_v0.6.1", "vmaf_4k_v0.6.1"
LOW_PERCENT = 5.0
"""The share of frames that may look worse than a trial's `low`."""
TRIALS_VERSION = 7
"""Raised when trials are made or kept in another way, so that earlier ones are made again."""
VMAF_EVERY = 7
"""Frames of which one is scored; motion is followed through all of them. Every fourth would be the same kind of frame
each time: encoders put three B frames between two others."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What one piece came to at one size and rate factor.

    `scores` is the VMAF, by `model`, of every VMAF_EVERY-th frame; `xpsnr_db` is there for HDR.
    """

    size: Size
    model: str
    crf: float
    size_bytes: int
    scores: tuple[float, ...]
    xpsnr_db: float | None = None


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """The trials of output frames [start, end), scored by that version of libvmaf."""

    start: int
    end: int
    measured: tuple[Measured, ...]
    libvmaf: str


class Analysis(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out about a title by trials over `seconds` of it, scored by that version of libvmaf.

    `trials` are of all `pieces` together.
    """

    seconds: float
    libvmaf: str
    trials: tuple[Trial, ...]
    pieces: tuple[Piece, ...]


class VmafMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """The metrics of a frame; only VMAF itself is read."""

    vmaf: float


class VmafFrame(msgspec.Struct, frozen=True, kw_only=True):
    """One frame that libvmaf scored."""

    metrics: VmafMetrics


class VmafLog(msgspec.Struct, frozen=True, kw_only=True):
    """libvmaf's JSON log, as far as it is read."""

    version: str
    frames: tuple[VmafFrame, ...]

    @property
    def scores(self) -> tuple[float, ...]:
        return tuple(round(frame.metrics.vmaf, 2) for frame in self.frames)


_XPSNR = re.compile(r"y:\s*([\d.]+|inf)\s+u:\s*([\d.]+|inf)\s+v:\s*([\d.]+|inf)")


def xpsnr_in(log: str) -> float:
    """What FFmpeg's xpsnr filter says of all frames, in dB, at most 99: luma weighs six times what each chroma does.

    XPSNR is C. R. Helmrich et al., "XPSNR: A Low-Complexity Extension of the Perceptually Weighted Peak Signal-to-Noise
    Ratio" (2020); 6:1:1 is how planes are commonly weighed in 4:2:0.
    """
    found = _XPSNR.findall(log)
    if not found:
        raise ValueError(f"no XPSNR in {log[-200:]!r}")
    y, u, v = (min(99.0, float(value)) for value in found[-1])
    return round((6 * y + u + v) / 8, 3)


def judged_at(size: Size, width: int, height: int) -> tuple[Size, str]:
    """At which display size encodes of `size` are judged, for a source of `width` x `height`, and by which VMAF model.

    Up to 1080p it is an HD television, which enlarges what is smaller; 4K is watched from nearer, 1.5 times the
    picture's height and not 3.
    """
    if box_height(*size) > HD_BOX:
        return size, ULTRA_HD_MODEL
    scale = HD_BOX / box_height(width, height)
    return (round(width * scale / 2) * 2, round(height * scale / 2) * 2), HD_MODEL


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """How a ladder is tried: how it is coded, by which build of FFmpeg, with which preset, and the largest 16:9 box, by
    its height."""

    coding: Coding
    build: str
    preset: str
    largest: int = BASE_LADDER[-1][0]


def attempt_of(video: VideoStream, codecs: CodecSet, codec: Codec, encoder: Encoder) -> Attempt:
    """How the ladder of one of `codecs` is tried for this film."""
    largest = box_max(codecs, codec)
    return Attempt(coding=coding_of(video, codec), build=encoder.build, preset=encoder.preset, largest=largest)


def analysis_key(attempt: Attempt, video: VideoStream) -> str:
    """The name of an analysis of a source: it changes with whatever changes its numbers."""
    settings = (
        msgspec.json.encode(attempt).decode(),
        *(f"{crf:g}" for crf in (FINE_CRF[attempt.coding.codec], *CRFS[attempt.coding.codec])),
        f"{SHARE:g} {PIECES_FEW} {PIECES_MAX}",
        f"{VMAF_EVERY}",
        f"version {TRIALS_VERSION}",
        *corrections(video, keeps_light=attempt.coding.hdr is not None),
    )
    return content_key(settings)


def sizes_of(width: int, height: int, largest: int = BASE_LADDER[-1][0]) -> tuple[Size, ...]:
    """The sizes to try for a source of `width` x `height` as displayed, smallest first; none above the source."""
    boxes = (LOWEST_BOX, *(box for box, _ in BASE_LADDER if box <= largest))
    return tuple(dict.fromkeys(fitted(width, height, box) for box in boxes))


def crfs_of(size: Size, width: int, height: int, codec: Codec) -> tuple[float, ...]:
    """The rate factors to try at one size of a source of `width` x `height`.

    A small source has no larger picture to go on to where one of its own size is not good enough yet.
    """
    is_small_source = size == fitted(width, height, BASE_LADDER[-1][0]) and box_height(*size) < FINE_BOX
    return (FINE_CRF[codec], *CRFS[codec]) if is_small_source else CRFS[codec]


def pieces_of(windows: Sequence[Window], timeline: Timeline, chunks: Sequence[Chunk]) -> tuple[Chunk, ...]:
    """GOPs that stand for the title: those in the middle of as many groups of equal size, from plain to complex.

    So each has the same weight, and their mean is the title's. `chunks` say where a decoder can begin.
    """
    segment = timeline.segment_frames
    starts = idr_frames(timeline.frames, segment)
    gops = list(zip(starts, [*starts[1:], timeline.frames], strict=True))
    whole = [gop for gop in gops if gop[1] - gop[0] >= segment // 4] or gops
    wanted = max(round(SHARE * len(whole)), min(PIECES_FEW, len(whole) // 2), 1)
    count = min(PIECES_MAX, wanted)
    ranked = sorted(whole, key=_scores(whole, windows).__getitem__)
    middles = sorted(ranked[int((n + 0.5) * len(ranked) / count)] for n in range(count))
    return tuple(
        msgspec.structs.replace(_chunk_at(chunks, start), number=number, start=start, end=end, repeats=0)
        for number, (start, end) in enumerate(middles)
    )


def _scores(gops: Iterable[tuple[int, int]], windows: Sequence[Window]) -> dict[tuple[int, int], tuple[float, int]]:
    """How complex each GOP is by the samples nearest to it; the start makes the order total."""
    if not any(window.samples for window in windows):
        return {gop: (0.0, gop[0]) for gop in gops}
    near = samples_near(windows)

    def score(gop: tuple[int, int]) -> float:
        found = near(*gop)
        motion = [sample.temporal for sample in found if sample.temporal >= 0]
        return complexity_of([s.spatial for s in found], motion, [s.noise for s in found]).score

    return {gop: (score(gop), gop[0]) for gop in gops}


def _chunk_at(chunks: Sequence[Chunk], start: int) -> Chunk:
    return next(chunk for chunk in reversed(chunks) if chunk.start <= start)


def combined(pieces: Sequence[Piece], timeline: Timeline) -> tuple[Trial, ...]:
    """The title's trials from those of its pieces, each of which weighs the same."""
    found: dict[tuple[Size, float], list[tuple[float, Measured]]] = defaultdict(list)
    for piece in pieces:
        seconds = float((piece.end - piece.start) / timeline.fps)
        for one in piece.measured:
            found[one.size, one.crf].append((one.size_bytes * 8 / seconds, one))
    return tuple(_combined([bps for bps, _ in rows], [one for _, one in rows]) for _, rows in sorted(found.items()))


def _combined(rates: Sequence[float], measured: Sequence[Measured]) -> Trial:
    light = [one.xpsnr_db for one in measured if one.xpsnr_db is not None]
    return Trial(
        size=measured[0].size,
        model=measured[0].model,
        crf=measured[0].crf,
        bitrate_bps=BitsPerSecond(max(1, round(float(np.mean(rates))))),
        vmaf=float(np.mean([np.mean(one.scores) for one in measured])),
        low=float(np.percentile([score for one in measured for score in one.scores], LOW_PERCENT)),
        xpsnr_db=float(np.mean(light)) if light else None,
    )
