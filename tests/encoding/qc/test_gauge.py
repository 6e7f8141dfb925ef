"""What is decoded for comparison lies where its times say, whichever codec it has."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
from tests.media.generate import ffmpeg

from matinee.encoding.asset import SegmentIndex
from matinee.encoding.formats.cmaf import Grid, package_audio
from matinee.encoding.qc.gauge import sound_argv
from matinee.encoding.qc.likeness import SOUND_HZ, Sound, place_in, shift_at

SECONDS = 15
GRID = Grid(rate=(25, 1), frames=25 * SECONDS, segment_frames=150)
LATE_S = 0.4


def packaged(folder: Path, codec: str) -> tuple[Path, SegmentIndex]:
    """Noise in stereo as a rendition."""
    noise = f"anoisesrc=color=pink:amplitude=0.3:seed=5:r=48000:d={SECONDS}"
    argv = [ffmpeg(), "-v", "error", "-f", "lavfi", "-i", noise, "-ac", "2", "-c:a", codec, str(folder / "sound.mp4")]
    subprocess.run(argv, check=True)
    return folder / "media.mp4", package_audio(folder / "sound.mp4", GRID, folder / "media.mp4").index


def decoded(media: Path) -> Sound:
    out = media.with_suffix(".pcm")
    subprocess.run(sound_argv(Path(ffmpeg()), media, 2, out), check=True, capture_output=True)
    return np.fromfile(out, "<i2")


def delay(media: Path, index: SegmentIndex, first: int) -> None:
    """Have all segments from number `first` on decoded LATE_S later."""
    content = bytearray(media.read_bytes())
    for segment in index.segments[first:]:
        at = content.index(b"tfdt", segment.offset) + 8
        (ticks,) = struct.unpack_from(">Q", content, at)
        struct.pack_into(">Q", content, at, ticks + round(LATE_S * index.timescale))
    media.write_bytes(content)


@pytest.mark.parametrize("codec", ["aac", "eac3"])
@pytest.mark.parametrize("first", [0, 1])
def test_fragments_that_are_late_are_heard_late(codec: str, first: int, tmp_path: Path) -> None:
    media, index = packaged(tmp_path, codec)
    before = decoded(media)
    assert len(before) == pytest.approx(SECONDS * SOUND_HZ, abs=0.05 * SOUND_HZ)
    delay(media, index, first)
    after = decoded(media)
    found = shift_at(place_in(after, 6.0), before, 6.0)
    assert found is not None
    assert found.late_ms == pytest.approx(1000 * LATE_S, abs=1)
