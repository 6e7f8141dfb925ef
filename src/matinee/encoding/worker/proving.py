"""Proves what an FFmpeg can do, by having it do each thing on one frame."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from matinee.base.errors import Invalid, MatineeError
from matinee.base.process import Limits, run_confined
from matinee.encoding.worker.ability import ABILITIES, HARDWARE, Ability, ability_argv

LIMITS = Limits(cpu_s=20, wall_s=30, memory_bytes=2**33, output_bytes=2**24)
AT_ONCE = 4
DEVICES = ("/dev/dri", "/dev/nvidia0")
"""Where a kernel shows what encodes in hardware; none of it is tried where none of these is there."""


class FfmpegLacks(Invalid):
    """An FFmpeg of the operator's own cannot do what every film needs."""

    code = "ffmpeg_lacks"

    def __init__(self, ffmpeg: Path, missing: Sequence[Ability]) -> None:
        lost = "; ".join(f"without {one.name}: {one.costs}" for one in missing)
        super().__init__(f"{ffmpeg} cannot be used: {lost}; leave MATINEE_FFMPEG out to use Matinee's own")
        self.ffmpeg, self.missing = ffmpeg, tuple(missing)


def lacking(ffmpeg: Path, abilities: Sequence[Ability] = ABILITIES) -> list[Ability]:
    """Those of `abilities` that this FFmpeg does not have."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        found = list(threads.map(lambda one: is_able(ffmpeg, one), abilities))
    return [one for one, is_there in zip(abilities, found, strict=True) if not is_there]


def is_able(ffmpeg: Path, ability: Ability) -> bool:
    """Whether this FFmpeg has done what proves `ability`."""
    try:
        return run_confined(ability_argv(ffmpeg, ability), limits=LIMITS).returncode == 0
    except MatineeError:
        return False


def check_needed(ffmpeg: Path) -> None:
    """Raises FfmpegLacks where this FFmpeg lacks what every film needs."""
    missing = lacking(ffmpeg, [one for one in ABILITIES if one.is_needed])
    if missing:
        raise FfmpegLacks(ffmpeg, missing)


def hardware_encoders(ffmpeg: Path) -> tuple[str, ...]:
    """The hardware encoders that work here."""
    if not any(Path(device).exists() for device in DEVICES):
        return ()
    without = set(lacking(ffmpeg, HARDWARE))
    return tuple(one.name for one in HARDWARE if one not in without)
