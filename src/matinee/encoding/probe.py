"""The inspection of a master, in a process of its own: `python -m matinee.encoding.probe FILE` prints an `Inspection`.

Hostile media is parsed here and in FFmpeg's own processes, nowhere else: the caller confines this one in memory, time
and network. Headers and packets are read, and one frame is decoded.
"""

from __future__ import annotations

import sys
from array import array
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import msgspec

from matinee.base.errors import MatineeError
from matinee.encoding.container import HEAD_BYTES, RAW_STREAMS, VIDEO_DECODERS, demuxer_of
from matinee.encoding.source import UNSPECIFIED, AudioStream, FilmRefused, Inspection, VideoStream

HDR_TRANSFERS = frozenset({16, 18})  # Rec. ITU-T H.273: SMPTE ST 2084 (PQ) and ARIB STD-B67 (HLG)
FULL_RANGE = 2
TIMEOUT_S = (60.0, 60.0)  # to open a file, and to read on in it
RAW_RATE = Fraction(25)


class Refusal(msgspec.Struct, frozen=True, tag="refusal"):
    """What the probe prints instead, when the file cannot be inspected."""

    code: str
    reasons: tuple[str, ...]
    remedy: str = ""


class Found(msgspec.Struct, frozen=True, tag="found"):
    """What the probe prints of a file that it could read."""

    inspection: Inspection


def main(path: Path) -> Found | Refusal:
    """Inspect the file at `path`. Never raises for what is wrong with the file."""
    try:
        return Found(inspect(path))
    except FilmRefused as refused:
        return Refusal(refused.code, refused.reasons)
    except MatineeError as error:
        return Refusal(error.code, (error.message,), getattr(error, "remedy", ""))
    except (av.error.FFmpegError, ValueError) as error:
        return Refusal(FilmRefused.code, (_unreadable(error),))


def _unreadable(error: Exception) -> str:
    what = getattr(error, "strerror", None) or str(error)
    return f"its header cannot be read ({what}): the file is damaged or was cut off; copy or export it again"


def inspect(path: Path) -> Inspection:
    """Read the headers and every packet's times. Raises FilmRefused, FileEmpty, NotAFilm and av's errors."""
    with path.open("rb") as file:
        demuxer = demuxer_of(file.read(HEAD_BYTES))
    options = (
        {"protocol_whitelist": "file", "enable_drefs": "0"} if demuxer == "mov" else {"protocol_whitelist": "file"}
    )
    with av.open(str(path), format=demuxer, options=options, timeout=TIMEOUT_S) as container:
        video = next((stream for stream in container.streams.video if not _is_cover(stream)), None)
        audio = list(container.streams.audio)
        packets = _packets(container, video, audio)
        return Inspection(
            demuxer=demuxer,
            video=_video(video, _rotation(path, demuxer, options, video)) if video is not None else None,
            audio=tuple(_audio(stream, packets.sound.get(stream.index, 0)) for stream in audio),
            announced_s=_announced_s(container, video),
            frames=packets.frames.tobytes(),
            keyframes=packets.keyframes.tobytes(),
            last_duration=packets.last_duration,
            warnings=tuple(packets.warnings),
        )


class _Packets(msgspec.Struct):
    frames: array[int]
    keyframes: array[int]
    sound: dict[int, int]
    last_duration: int
    warnings: list[str]


def _packets(container: Any, video: Any, audio: list[Any]) -> _Packets:
    """Every packet's time, until the end or the first one that cannot be read."""
    found = _Packets(array("q"), array("q"), {}, 0, [])
    wanted = ([video] if video is not None else []) + audio
    if not wanted:
        return found
    durations: dict[int, int] = {}
    count = 0
    try:
        for packet in container.demux(wanted):
            if packet.size == 0 or packet.is_discard:
                continue
            if video is None or packet.stream.index != video.index:
                found.sound[packet.stream.index] = found.sound.get(packet.stream.index, 0) + 1
                continue
            time = count if packet.pts is None else packet.pts
            count += 1
            found.frames.append(time)
            durations[time] = packet.duration or 0
            if packet.is_keyframe:
                found.keyframes.append(time)
    except av.error.FFmpegError as error:
        found.warnings.append(f"reading stopped early: {error.strerror}")
    return _in_order(found, durations)


def _in_order(found: _Packets, durations: dict[int, int]) -> _Packets:
    """Presentation order; times that occur twice once; a duration for the last frame even if none was said."""
    times = sorted(set(found.frames))
    if len(times) != len(found.frames):
        found.warnings.append(f"{len(found.frames) - len(times)} frames have the time of another one")
    found.frames, found.keyframes = array("q", times), array("q", sorted(set(found.keyframes)))
    if times:
        usual = (times[-1] - times[0]) // max(1, len(times) - 1)
        found.last_duration = durations.get(times[-1], 0) or usual or 1
    return found


def _video(stream: Any, rotation: int) -> VideoStream:
    context = stream.codec_context
    if context is None:  # no decoder exists for it
        return VideoStream(index=stream.index, codec="", width=0, height=0, time_base=(1, 1))
    raw = stream.container.format.name in RAW_STREAMS
    rate = stream.average_rate or stream.base_rate or Fraction(0)
    if raw:
        rate = context.framerate or rate or RAW_RATE
    base = 1 / Fraction(rate) if raw and rate else stream.time_base
    aspect = stream.sample_aspect_ratio or context.sample_aspect_ratio or Fraction(1)
    return VideoStream(
        index=stream.index,
        codec=context.codec.name,
        width=context.width,
        height=context.height,
        sample_aspect=(aspect.numerator, aspect.denominator) if aspect > 0 else (1, 1),
        rotation=rotation,
        time_base=(base.numerator, base.denominator),
        nominal_rate=(rate.numerator, rate.denominator) if rate else (0, 1),
        pixel_format=context.pix_fmt or "",
        is_full_range=int(context.color_range or 0) == FULL_RANGE or (context.pix_fmt or "").startswith("yuvj"),
        matrix=int(context.colorspace) if context.colorspace is not None else UNSPECIFIED,
        is_hdr=int(context.color_trc or 0) in HDR_TRANSFERS,
    )


def _rotation(path: Path, demuxer: str, options: dict[str, str], stream: Any) -> int:
    """Degrees clockwise in which the picture is turned for display: 0, 90, 180 or 270.

    The display matrix is side data of the stream, which only a decoded frame shows here: the first one is decoded.
    """
    if stream.codec_context is None or stream.codec_context.codec.name not in VIDEO_DECODERS:
        return 0
    try:
        with av.open(str(path), format=demuxer, options=options, timeout=TIMEOUT_S) as container:
            frame = next(container.decode(container.streams[stream.index]), None)
    except av.error.FFmpegError:
        return 0  # whether its frames can be decoded is found out by encoding it
    return -getattr(frame, "rotation", 0) % 360


def _audio(stream: Any, packets: int) -> AudioStream:
    context = stream.codec_context
    return AudioStream(
        index=stream.index,
        codec=context.codec.name if context is not None else "",
        channels=context.channels if context is not None else 0,
        sample_rate=context.sample_rate if context is not None else 0,
        language=(stream.metadata.get("language") or "und")[:16],
        title=(stream.metadata.get("title") or "")[:80],
        is_default=bool(stream.disposition & av.stream.Disposition.default),
        packets=packets,
    )


def _is_cover(stream: Any) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _announced_s(container: Any, video: Any) -> float:
    """How long the header says that the video is; 0 where it does not say."""
    if video is not None and video.duration:
        return float(video.duration * video.time_base)
    return float(container.duration or 0) / av.time_base


if __name__ == "__main__":
    av.logging.set_level(av.logging.PANIC)
    sys.stdout.buffer.write(msgspec.json.encode(main(Path(sys.argv[1]))))
