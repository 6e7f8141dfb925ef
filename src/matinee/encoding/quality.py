"""Quality control: what a packaged rendition must be before anyone may watch it. Verdicts are pure; tasks measure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import numpy as np

from matinee.base.errors import Unavailable
from matinee.encoding.complexity import Luma
from matinee.encoding.sample import thumbnail

PSNR_LEAST_DB = 20.0
"""At 64 x 36, a rung starved of bits stays above 28 dB; a wrong frame, a lost reference or wrong parameter sets fall
below 18."""
PSNR_MEAN_LEAST_DB = 26.0
AUDIO_OFF_MAX_S = 0.05
CHECK_RATE_HZ = 8_000


class QualityFailed(Unavailable):
    """A rendition does not show what its source shows. It is not published; the job is tried again."""

    code = "quality_failed"

    def __init__(self, rendition: str, faults: Sequence[str]) -> None:
        super().__init__(f"quality control of {rendition} failed: {'; '.join(faults)}")
        self.rendition, self.faults = rendition, tuple(faults)


class VideoCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What decoding one window of a rendition through its header showed."""

    frames: int
    frames_wanted: int
    psnr_db: tuple[float, ...]


def psnr_db(one: bytes, other: bytes) -> float:
    """Peak signal-to-noise ratio of two luma thumbnails, at most 99."""
    first = np.frombuffer(one, np.uint8).astype(np.float64)
    second = np.frombuffer(other, np.uint8).astype(np.float64)
    error = float(np.mean((first - second) ** 2))
    return 99.0 if error == 0 else min(99.0, 10 * float(np.log10(255**2 / error)))


def compare(thumbs: Iterable[bytes], decoded: Iterable[Luma]) -> tuple[float, ...]:
    """PSNR of each source thumbnail against the rendition's frame of the same second."""
    pairs = zip(thumbs, decoded, strict=False)
    return tuple(round(psnr_db(thumb, thumbnail(luma).tobytes()), 2) for thumb, luma in pairs)


def video_faults(check: VideoCheck, samples: int) -> list[str]:
    """What is wrong with a window of a rendition; nothing when it may be published."""
    faults = []
    if check.frames != check.frames_wanted:
        faults.append(f"{check.frames} frames decode, {check.frames_wanted} were encoded")
    if len(check.psnr_db) != samples:
        faults.append(f"{len(check.psnr_db)} of {samples} sampled frames are there")
    elif check.psnr_db and min(check.psnr_db) < PSNR_LEAST_DB:
        second = check.psnr_db.index(min(check.psnr_db))
        faults.append(f"the picture differs from the source at second {second} ({min(check.psnr_db):.1f} dB)")
    elif check.psnr_db and sum(check.psnr_db) / len(check.psnr_db) < PSNR_MEAN_LEAST_DB:
        faults.append(f"the picture is too far from the source ({sum(check.psnr_db) / len(check.psnr_db):.1f} dB)")
    return faults


def audio_faults(decoded_bytes: int, wanted_s: float) -> list[str]:
    """Whether an audio rendition is as long as the picture it goes with (decoded: 16-bit mono at CHECK_RATE_HZ)."""
    seconds = decoded_bytes / 2 / CHECK_RATE_HZ
    if abs(seconds - wanted_s) > AUDIO_OFF_MAX_S:
        return [f"it lasts {seconds:.3f} s, the picture {wanted_s:.3f} s"]
    return []
