"""Makes films to test with: every frame says its own number, and flashes come with beeps.

Written with NumPy and piped into FFmpeg, so that no font, filter or random source of FFmpeg's is in them.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import numpy.typing as npt

Luma = npt.NDArray[np.uint8]
AUDIO_RATE = 48_000
NUMBER_BITS = 16
FLASH_EVERY_S = 2
FLASH_FRAMES = 2
BEEP_HZ = 1000
BEEP_S = 0.08
MAXRATE_BPS = 800_000  # x264 derives the level in the SPS from it, so it is the same for every chunk of a rung


@dataclass(frozen=True)
class Clip:
    """What to make."""

    frames: int
    rate: Fraction = Fraction(24000, 1001)
    width: int = 320
    height: int = 180

    @property
    def seconds(self) -> Fraction:
        return self.frames / self.rate


def ffmpeg() -> str:
    """The FFmpeg that comes with Matinee."""
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def make_numbered(path: Path, clip: Clip, *, has_sound: bool = True) -> Path:
    """A film of moving texture whose frame n shows n in binary blocks, and, where asked, a slow chord."""
    tone = np.sin(2 * np.pi * 220 * np.arange(round(clip.seconds * AUDIO_RATE)) / AUDIO_RATE) / 4
    _encode(path, clip, (numbered_luma(clip, n) for n in range(clip.frames)), tone if has_sound else None)
    return path


def make_flash_and_beep(path: Path, clip: Clip) -> Path:
    """A dark film that turns white for two frames about every two seconds, with a beep that begins with the flash."""
    sound = np.zeros(round(clip.seconds * AUDIO_RATE))
    flashes = flash_frames(clip)
    for frame in flashes:
        start = round(frame / clip.rate * AUDIO_RATE)
        beep = np.sin(2 * np.pi * BEEP_HZ * np.arange(round(BEEP_S * AUDIO_RATE)) / AUDIO_RATE) * 0.8
        sound[start : start + len(beep)] = beep[: len(sound) - start]
    lit = {frame + more for frame in flashes for more in range(FLASH_FRAMES)}
    shades = (np.full((clip.height, clip.width), 235 if n in lit else 16, np.uint8) for n in range(clip.frames))
    _encode(path, clip, shades, sound)
    return path


def flash_frames(clip: Clip) -> list[int]:
    """The frames at which the flashes of `make_flash_and_beep` begin; the first is after a second."""
    firsts = (round((1 + n * FLASH_EVERY_S) * clip.rate) for n in range(clip.frames))
    return [frame for frame in firsts if frame + FLASH_FRAMES < clip.frames]


def numbered_luma(clip: Clip, number: int) -> Luma:
    """Frame `number`: waves that travel, under a bar of 16 blocks, white for 1, the highest bit left."""
    rows, columns = np.mgrid[0 : clip.height, 0 : clip.width]
    waves = 128 + 50 * np.sin((columns + 3 * number) / 9) + 40 * np.sin((rows - 2 * number) / 7 + columns / 31)
    picture: Luma = np.clip(waves, 16, 235).astype(np.uint8)
    edges = np.linspace(0, clip.width, NUMBER_BITS + 1).astype(int)
    for bit in range(NUMBER_BITS):
        is_one = number >> (NUMBER_BITS - 1 - bit) & 1
        picture[: clip.height // 6, edges[bit] : edges[bit + 1]] = 235 if is_one else 16
    return picture


def number_of(luma: Luma) -> int:
    """The number that a frame of `make_numbered` shows, at any size."""
    height, width = luma.shape
    row = luma[height // 24 : max(height // 8, height // 24 + 1)].mean(axis=0)
    blocks = [
        row[round((bit + 0.25) * width / NUMBER_BITS) : round((bit + 0.75) * width / NUMBER_BITS)] for bit in range(16)
    ]
    return sum(int(block.mean() > 128) << (NUMBER_BITS - 1 - bit) for bit, block in enumerate(blocks))


def _encode(path: Path, clip: Clip, pictures: Iterable[Luma], sound: npt.NDArray[np.float64] | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "sound.s16"
        if sound is not None:
            raw.write_bytes((sound * 32767).astype("<i2").tobytes())
        hears = ["-f", "s16le", "-ar", str(AUDIO_RATE), "-ac", "1", "-i", str(raw)] if sound is not None else []
        argv = [
            ffmpeg(), "-v", "error", "-y", *raw_video(clip), *hears,
            "-c:v", "libx264", "-preset", "ultrafast", "-crf", "8", "-bf", "0", "-pix_fmt", "yuv420p",
            "-threads", "1", "-c:a", "flac" if path.suffix == ".mkv" else "pcm_s16le",
            *(["-video_track_timescale", str(clip.rate.numerator)] if path.suffix in {".mov", ".mp4"} else []),
            str(path),
        ]  # fmt: skip
        feed(argv, pictures)


def raw_video(clip: Clip) -> list[str]:
    """Input options for raw luma on standard input."""
    size = f"{clip.width}x{clip.height}"
    return ["-f", "rawvideo", "-pix_fmt", "gray", "-color_range", "tv", "-s", size, "-r", str(clip.rate), "-i", "-"]


def feed(argv: list[str], pictures: Iterable[Luma]) -> None:
    """Run `argv` with the pictures on its standard input."""
    with subprocess.Popen(argv, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for picture in pictures:
            process.stdin.write(picture.tobytes())
        process.stdin.close()
        assert process.wait() == 0, " ".join(argv)


def encode_chunk(
    path: Path, clip: Clip, pictures: Iterator[Luma], *, bitrate_bps: int = 300_000, x264: str = ""
) -> Path:
    """Encode `pictures` as one chunk of a rung: a closed GOP every 48 frames, parameter sets that fit every chunk."""
    params = "keyint=infinite:min-keyint=1:scenecut=0:open-gop=0:stitchable=1:force-cfr=1" + x264
    argv = [
        ffmpeg(), "-v", "error", "-y", *raw_video(clip),
        "-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-pix_fmt", "yuv420p", "-threads", "1",
        "-b:v", str(bitrate_bps), "-maxrate", str(MAXRATE_BPS), "-bufsize", str(2 * MAXRATE_BPS), "-bf", "3",
        "-x264-params", params, "-force_key_frames", "expr:eq(mod(n,48),0)", "-forced-idr", "1",
        "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact+global_header",
        "-fps_mode", "passthrough", "-video_track_timescale", str(clip.rate.numerator), "-f", "mp4", str(path),
    ]  # fmt: skip
    feed(argv, pictures)
    return path


def encode_audio(path: Path, source: Path, *, bitrate_bps: int = 96_000, channels: int = 2) -> Path:
    """Encode the first audio track of `source` whole, as AAC in an MP4."""
    argv = [
        ffmpeg(), "-v", "error", "-y", "-i", str(source), "-vn",
        "-c:a", "aac", "-b:a", str(bitrate_bps), "-ac", str(channels), "-ar", str(AUDIO_RATE),
        "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact", "-f", "mp4", str(path),
    ]  # fmt: skip
    subprocess.run(argv, check=True)
    return path
