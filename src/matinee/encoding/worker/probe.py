"""The inspection of a master, in a process of its own.

`python -m matinee.encoding.worker.probe FILE` prints an `Inspection`.
Hostile media is parsed here and in FFmpeg's own processes, nowhere else: the caller confines this one in memory, time
and network. Headers and packets are read, and one frame is decoded.
"""

from __future__ import annotations

import re
import struct
import sys
from array import array
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
import msgspec
import numpy as np

from matinee.base.errors import MatineeError
from matinee.base.language import container_language
from matinee.encoding.formats.container import HEAD_BYTES, RAW_STREAMS, VIDEO_DECODERS, demuxer_of
from matinee.encoding.pertitle.bars import LOOKS, bars_of, crop_of
from matinee.encoding.source import (
    CHAPTERS_MAX,
    HLG,
    PQ,
    UNSPECIFIED,
    AudioStream,
    Chapter,
    ContentLight,
    Crop,
    FieldOrder,
    FilmRefused,
    Inspection,
    MasteringDisplay,
    SubtitleStream,
    VideoStream,
    left_out,
)
from matinee.encoding.tracks.sound import role_of

FULL_RANGE = 2
TIMEOUT_S = (60.0, 60.0)  # to open a file, and to read on in it
RAW_RATE = Fraction(25)
LOOKED_AT_FRAMES = 16
"""Frames that are decoded at the start and again in the middle: titles may be progressive in an interlaced film."""
_TOP_FIRST, _BOTTOM_FIRST = (2, 4), (3, 5)
"""FFmpeg's AVFieldOrder by the field that is shown first: TT and TB, BB and BT. Its header says the reverse of TB and
BT; its decoders of raw video and its encoders go by this."""
_FRAMES_TELL = frozenset({"h264", "hevc", "mpeg1video", "mpeg2video", "mpeg4", "vc1", "prores", "dnxhd", "dvvideo"})
"""Decoders that mark interlaced frames themselves. For others the container is believed: some of its `progressive` and
some of its `interlaced` are not true of H.264, whose parser goes by picture order counts."""
TEXT_NEAR_S = 0.1
"""Subtitles that end so near the announced end are what the announcement is about."""
_FORCED, _SDH = re.compile(r"\bforced\b", re.IGNORECASE), re.compile(r"\b(?:sdh|cc)\b", re.IGNORECASE)
"""Many a film says so in the title of the track only."""


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
        texts = list(container.streams.subtitles)
        packets = _packets(container, video, [*audio, *texts])
        subtitles = tuple(_subtitles(stream, packets.others.get(stream.index, 0)) for stream in texts)
        return Inspection(
            demuxer=demuxer,
            video=_video(video, _looked_at(path, demuxer, options, video)) if video is not None else None,
            audio=tuple(_audio(stream, packets.others.get(stream.index, 0)) for stream in audio),
            announced_s=_announced_s(container, video, packets.last_text_s),
            frames=packets.frames.tobytes(),
            keyframes=packets.keyframes.tobytes(),
            last_duration=packets.last_duration,
            warnings=(*packets.warnings, *left_out(subtitles)),
            subtitles=subtitles,
            chapters=tuple(_chapter(one) for one in container.chapters()[:CHAPTERS_MAX]),
        )


class _Packets(msgspec.Struct):
    frames: array[int]
    keyframes: array[int]
    others: dict[int, int]
    last_duration: int
    warnings: list[str]
    last_text_s: float = 0.0
    """When the last line of subtitles ends, in the file's own times."""


def _packets(container: Any, video: Any, others: list[Any]) -> _Packets:
    """Every packet's time, until the end or the first one that cannot be read."""
    found = _Packets(array("q"), array("q"), {}, 0, [])
    wanted = ([video] if video is not None else []) + others
    if not wanted:
        return found
    durations: dict[int, int] = {}
    count = 0
    try:
        for packet in container.demux(wanted):
            if packet.size == 0 or packet.is_discard:
                continue
            if video is None or packet.stream.index != video.index:
                found.others[packet.stream.index] = found.others.get(packet.stream.index, 0) + 1
                if packet.stream.type == "subtitle":
                    found.last_text_s = max(found.last_text_s, _end_s(packet))
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


class _Look(msgspec.Struct, frozen=True):
    """What only decoded frames show; nothing where none can be decoded."""

    rotation: int = 0
    interlaced: tuple[bool, ...] = ()
    mastering: MasteringDisplay | None = None
    content_light: ContentLight | None = None
    crop: Crop | None = None


def _video(stream: Any, look: _Look) -> VideoStream:
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
        rotation=look.rotation,
        time_base=(base.numerator, base.denominator),
        nominal_rate=(rate.numerator, rate.denominator) if rate else (0, 1),
        pixel_format=context.pix_fmt or "",
        is_full_range=int(context.color_range or 0) == FULL_RANGE or (context.pix_fmt or "").startswith("yuvj"),
        matrix=int(context.colorspace) if context.colorspace is not None else UNSPECIFIED,
        depth_bits=_depth_bits(context.pix_fmt),
        mastering=look.mastering,
        content_light=look.content_light,
        crop=look.crop,
        is_hdr=int(context.color_trc or 0) in (PQ, HLG),
        transfer=int(context.color_trc or UNSPECIFIED),
        primaries=int(context.color_primaries or UNSPECIFIED),
        field_order=_field_order(context.codec.name, int(context.field_order), look.interlaced),
    )


def _field_order(codec: str, said: int, interlaced: tuple[bool, ...]) -> FieldOrder:
    """How frames are made of fields: `said` is FFmpeg's AVFieldOrder, `interlaced` is what decoded frames say."""
    is_said = said in (*_TOP_FIRST, *_BOTTOM_FIRST)
    if not any(interlaced) and not (is_said and (codec not in _FRAMES_TELL or not interlaced)):
        return "progressive"
    if not is_said:
        return "interlaced"
    return "tff" if said in _TOP_FIRST else "bff"


def _looked_at(path: Path, demuxer: str, options: dict[str, str], stream: Any) -> _Look:
    """Decode a few frames: the display matrix is side data that only they show here, and so is how they are scanned."""
    if stream.codec_context is None or stream.codec_context.codec.name not in VIDEO_DECODERS:
        return _Look()
    frames: list[Any] = []
    crop: Crop | None = None
    try:
        with av.open(str(path), format=demuxer, options=options, timeout=TIMEOUT_S) as container:
            video = container.streams[stream.index]
            frames += islice(container.decode(video), LOOKED_AT_FRAMES)
            if demuxer not in RAW_STREAMS and (stream.duration or container.duration):
                _seek(container, video, Fraction(1, 2))
                frames += islice(container.decode(video), LOOKED_AT_FRAMES)
                crop = _crop(container, video)
    except av.error.FFmpegError:
        pass  # whether its frames can be decoded is found out by encoding it
    if not frames:
        return _Look()
    # degrees clockwise in which the picture is turned for display: 0, 90, 180 or 270
    return _Look(
        -getattr(frames[0], "rotation", 0) % 360,
        tuple(bool(frame.interlaced_frame) for frame in frames),
        next((known for frame in frames if (known := _mastering(frame)) is not None), None),
        next((light for frame in frames if (light := _content_light(frame)) is not None), None),
        crop,
    )


def _crop(container: Any, video: Any) -> Crop | None:
    """What black bars leave of the picture, by a frame here and there in the whole film."""
    found = []
    for look in range(LOOKS):
        _seek(container, video, Fraction(2 * look + 1, 2 * LOOKS))
        for frame in islice(container.decode(video), 1):
            is_full = int(frame.color_range) == FULL_RANGE or frame.format.name.startswith("yuvj")
            plane = frame.reformat(format="yuvj420p" if is_full else "yuv420p").planes[0]
            luma = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
            found.append(bars_of(luma, 0 if is_full else 16))
    return crop_of(found, video.codec_context.width, video.codec_context.height)


def _side_data(frame: Any, kind: str) -> bytes:
    data = frame.side_data.get(kind)
    return bytes(data) if data is not None else b""


def _mastering(frame: Any) -> MasteringDisplay | None:
    """FFmpeg's AVMasteringDisplayMetadata: ten rationals (red, green, blue, white, luminance), and which are given."""
    data = _side_data(frame, "MASTERING_DISPLAY_METADATA")
    if len(data) < struct.calcsize("22i"):
        return None
    *numbers, has_primaries, has_luminance = struct.unpack_from("22i", data)
    if not has_primaries or not has_luminance or not all(numbers[1::2]):
        return None
    values = [Fraction(num, den) for num, den in zip(numbers[::2], numbers[1::2], strict=True)]
    x_y = [(round(x * 50_000), round(y * 50_000)) for x, y in zip(values[:8:2], values[1:8:2], strict=True)]
    if not all(0 <= one <= 50_000 for point in x_y for one in point) or not 0 <= values[8] < values[9] <= 10_000:
        return None
    luminance = (round(values[9] * 10_000), round(values[8] * 10_000))
    return MasteringDisplay(primaries=(x_y[0], x_y[1], x_y[2]), white=x_y[3], luminance=luminance)


def _content_light(frame: Any) -> ContentLight | None:
    """FFmpeg's AVContentLightMetadata: MaxCLL and MaxFALL, 0 where nobody measured them."""
    data = _side_data(frame, "CONTENT_LIGHT_LEVEL")
    if len(data) < struct.calcsize("2I"):
        return None
    most, average = struct.unpack_from("2I", data)
    return ContentLight(most=most, average=average) if 0 < most <= 0xFFFF and average <= most else None


def _depth_bits(pixel_format: str | None) -> int:
    """How many bits its samples have; 8 where nobody knows the format."""
    try:
        return max((component.bits for component in av.VideoFormat(pixel_format or "").components), default=8)
    except ValueError:
        return 8


def _seek(container: Any, video: Any, share: Fraction) -> None:
    """To the key frame before that share of the film."""
    if video.duration:
        container.seek((video.start_time or 0) + int(video.duration * share), stream=video)
    else:
        container.seek((container.start_time or 0) + int(container.duration * share))


def _audio(stream: Any, packets: int) -> AudioStream:
    context, flags = stream.codec_context, av.stream.Disposition
    title = (stream.metadata.get("title") or "")[:80]
    return AudioStream(
        index=stream.index,
        codec=context.codec.name if context is not None else "",
        channels=context.channels if context is not None else 0,
        sample_rate=context.sample_rate if context is not None else 0,
        language=container_language(stream.metadata.get("language") or ""),
        title=title,
        is_default=bool(stream.disposition & flags.default),
        is_original=bool(stream.disposition & flags.original),
        role=role_of(
            title,
            is_dub=bool(stream.disposition & flags.dub),
            is_description=bool(stream.disposition & (flags.visual_impaired | flags.descriptions)),
            is_commentary=bool(stream.disposition & flags.comment),
        ),
        packets=packets,
    )


def _subtitles(stream: Any, packets: int) -> SubtitleStream:
    context, flags = stream.codec_context, av.stream.Disposition
    title = (stream.metadata.get("title") or "")[:80]
    return SubtitleStream(
        index=stream.index,
        codec=context.codec.canonical_name if context is not None else "",
        language=container_language(stream.metadata.get("language") or ""),
        title=title,
        is_forced=bool(stream.disposition & flags.forced) or _FORCED.search(title) is not None,
        is_sdh=bool(stream.disposition & flags.hearing_impaired) or _SDH.search(title) is not None,
        packets=packets,
    )


def _chapter(found: Any) -> Chapter:
    title = "".join(letter if letter.isprintable() else " " for letter in found["metadata"].get("title") or "")
    return Chapter(start_s=float(found["start"] * found["time_base"]), title=" ".join(title.split())[:80])


def _is_cover(stream: Any) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _end_s(packet: Any) -> float:
    return float(((packet.pts or 0) + (packet.duration or 0)) * packet.time_base)


def _announced_s(container: Any, video: Any, last_text_s: float) -> float:
    """How long the header says that the video is; 0 where it does not say.

    Matroska says how long the whole file is, and a last line of subtitles may well outlast the picture.
    """
    if video is not None and video.duration:
        return float(video.duration * video.time_base)
    announced_s = float(container.duration or 0) / av.time_base
    return 0.0 if last_text_s >= announced_s - TEXT_NEAR_S else announced_s


if __name__ == "__main__":
    av.logging.set_level(av.logging.PANIC)
    sys.stdout.buffer.write(msgspec.json.encode(main(Path(sys.argv[1]))))
