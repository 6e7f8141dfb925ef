"""Holds a rendition against its source, frame by frame, and measures how far sound is from picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from tests.media.track import Fetch, MediaFile, luma_of, pictures, sound

Luma = npt.NDArray[np.uint8]
JOIN_NEIGHBOURS = 12
JOIN_LOSS_MAX_DB = 6.0  # rate control that starts anew costs up to 4.6 dB on real film; wrong parameter sets cost 20
FLASH_LUMA = 128
BEEP_LEVEL = 0.1


@dataclass(frozen=True)
class Comparison:
    """`psnr_db` of each frame's luma, `times` in seconds from the first."""

    times: tuple[Fraction, ...]
    psnr_db: npt.NDArray[np.float64]


def source_pictures(path: Path, *, width: int, height: int) -> Iterator[tuple[Fraction, Luma]]:
    """Every frame of the first video track of `path`, its second counted from the first, scaled luma."""
    with av.open(str(path)) as container:
        stream: Any = container.streams.video[0]
        first = None
        for frame in container.decode(stream):
            at = frame.pts * stream.time_base
            first = at if first is None else first
            yield at - first, luma_of(frame.reformat(width=width, height=height, interpolation="BICUBIC"))


def compare(source: Path, fetch: Fetch, file: MediaFile) -> Comparison:
    """Every frame against the source's; asserts equal count, and times equal to a tick of each.

    For sources of a constant frame rate.
    """
    with av.open(str(source)) as container:
        source_tick = Fraction(container.streams.video[0].time_base or 0)
    within = source_tick + Fraction(1, file.init.timescale)
    times, psnr = [], []
    ours = pictures(fetch, file)
    for number, (at, wanted) in enumerate(source_pictures(source, width=file.init.width, height=file.init.height)):
        found = next(ours, None)
        assert found is not None, f"{file.url} has {number} frames, and the source has more"
        assert abs(found[0] - at) <= within, f"{file.url}: frame {number} at {float(found[0])} s, source {float(at)} s"
        times.append(found[0])
        psnr.append(psnr_db(wanted, found[1]))
    assert next(ours, None) is None, f"{file.url} has more frames than the source's {len(times)}"
    return Comparison(tuple(times), np.array(psnr))


def psnr_db(wanted: Luma, found: Luma) -> float:
    """Peak signal-to-noise ratio of two pictures, at most 100 dB."""
    error = float(np.mean((wanted.astype(np.int16) - found.astype(np.int16)).astype(np.float64) ** 2))
    return 100.0 if error == 0 else min(100.0, 10 * float(np.log10(255**2 / error)))


def check_joins(comparison: Comparison, joins: Sequence[int], *, loss_max_db: float = JOIN_LOSS_MAX_DB) -> None:
    """Frames around each join (a frame that begins a chunk) are as good as those a little further away."""
    psnr = comparison.psnr_db
    for join in joins:
        near = range(max(0, join - 1), min(join + 2, len(psnr)))
        around = [
            n for n in range(join - JOIN_NEIGHBOURS, join + JOIN_NEIGHBOURS + 1) if 0 <= n < len(psnr) and n not in near
        ]
        usual = float(np.median(psnr[around]))
        for frame in near:
            assert psnr[frame] >= usual - loss_max_db, (
                f"frame {frame} at the join {join} has {psnr[frame]:.1f} dB, its neighbours {usual:.1f} dB"
            )


def av_offset_ms(fetch: Fetch, video: MediaFile, audio: MediaFile) -> float:
    """How much later (negative: earlier) beeps are than flashes, the worst of them, by the files' own timestamps."""
    flashes = onsets([(at, float(luma.mean())) for at, luma in pictures(fetch, video)])
    return _worst_ms(flashes, beeps(sound(fetch, audio), int(audio.init.timescale)))


def av_offset_of_source_ms(path: Path) -> float:
    """The same of a source file, as PyAV reads it."""
    with av.open(str(path)) as container:
        stream: Any = container.streams.video[0]
        flashes = onsets([(f.pts * stream.time_base, float(luma_of(f).mean())) for f in container.decode(stream)])
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        frames: list[Any] = list(container.decode(stream))
        mono: Any = av.AudioResampler(format="fltp", layout="mono", rate=stream.rate)
        samples = [out.to_ndarray()[0] for frame in (*frames, None) for out in mono.resample(frame)]
        start = Fraction(frames[0].pts * stream.time_base)
    return _worst_ms(flashes, [start + at for at in beeps(np.concatenate(samples), int(stream.rate))])


def onsets(levels: Sequence[tuple[Fraction, float]]) -> list[Fraction]:
    """When the picture becomes bright."""
    return [
        at
        for (_, before), (at, now) in zip([(Fraction(), 0.0), *levels], levels, strict=False)
        if before < FLASH_LUMA <= now
    ]


def beeps(samples: npt.NDArray[np.float32], rate: int) -> list[Fraction]:
    """When the sound becomes loud, after at least 100 ms of quiet."""
    loud = np.flatnonzero(np.abs(samples) > BEEP_LEVEL)
    starts = [int(n) for n, before in zip(loud, [-rate, *loud], strict=False) if n - before > rate // 10]
    return [Fraction(n, rate) for n in starts]


def _worst_ms(flashes: Sequence[Fraction], heard: Sequence[Fraction]) -> float:
    assert flashes and len(flashes) == len(heard), f"{len(flashes)} flashes and {len(heard)} beeps"
    offsets = [float(beep - flash) * 1000 for flash, beep in zip(flashes, heard, strict=True)]
    return max(offsets, key=abs)
