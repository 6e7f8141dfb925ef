"""What a mezzanine holds, as the inspection found it, and whether Matinee takes it."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

import msgspec

from matinee.base.errors import Invalid
from matinee.encoding.formats.container import (
    AUDIO_DECODERS,
    PICTURE_SUBTITLES,
    RAW_STREAMS,
    TEXT_SUBTITLES,
    VIDEO_DECODERS,
)
from matinee.encoding.tracks.sound import AudioRole

SHORTEST_S = 0.5
LONGEST_S = 12 * 3600.0
LARGEST_SIDE = 8_192
SMALLEST_SIDE = 32
AUDIO_TRACKS_MAX = 16
CHAPTERS_MAX = 200
"""Chapters that are kept; a disc has some 30, and a seek bar has room for no more marks."""
TEXT_TRACKS_MAX = 64
"""Subtitle tracks that are read; the whole file is read for each. A disc of many languages has some 30."""
MISSING_END_MAX_S = 1.0
"""How much of the announced running time may be missing at the end before the file counts as cut off."""


UNSPECIFIED = 2  # Rec. ITU-T H.273: nobody said
PQ, HLG = 16, 18  # Rec. ITU-T H.273 table 3: SMPTE ST 2084, ARIB STD-B67
BT2020 = 9  # Rec. ITU-T H.273 tables 2 and 4: Rec. BT.2020's primaries, and its matrix (non-constant luminance)
HD_FROM_HEIGHT = 720

FieldOrder = Literal["progressive", "tff", "bff", "interlaced", "unknown"]
"""tff and bff: two fields a frame, top or bottom one first; interlaced: each frame says which one; unknown: nobody
looked, which is taken as progressive."""


VideoRange = Literal["SDR", "PQ", "HLG"]
"""How light is coded, in HLS's words (draft-pantos-hls-rfc8216bis 4.4.6.2): Rec. ITU-R BT.2100's two, or neither."""


class MasteringDisplay(msgspec.Struct, frozen=True, kw_only=True):
    """The screen that a film was graded on (SMPTE ST 2086): x and y of red, green, blue and white in 1/50,000;
    highest and lowest luminance in 1/10,000 cd/m2."""

    primaries: tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
    white: tuple[int, int]
    luminance: tuple[int, int]


class ContentLight(msgspec.Struct, frozen=True, kw_only=True):
    """The brightest sample, and the brightest frame's average, in cd/m2 (CTA-861.3: MaxCLL, MaxFALL)."""

    most: int
    average: int


class Hdr(msgspec.Struct, frozen=True, kw_only=True):
    """The light of an HDR film, with what its master says of it."""

    video_range: Literal["PQ", "HLG"]
    mastering: MasteringDisplay | None = None
    content_light: ContentLight | None = None


class Crop(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a coded picture that is shown: what is left of it without black bars; all numbers even."""

    left: int
    top: int
    width: int
    height: int


class VideoStream(msgspec.Struct, frozen=True, kw_only=True):
    """The picture. Width and height as coded; `sample_aspect` (width, height) of one sample; rotation clockwise."""

    index: int
    codec: str
    width: int
    height: int
    sample_aspect: tuple[int, int] = (1, 1)
    rotation: int = 0
    time_base: tuple[int, int]
    nominal_rate: tuple[int, int] = (0, 1)
    pixel_format: str = ""
    depth_bits: int = 8
    is_full_range: bool = False
    is_hdr: bool = False
    matrix: int = UNSPECIFIED
    """Matrix coefficients, Rec. ITU-T H.273 table 4."""
    transfer: int = UNSPECIFIED
    """Transfer characteristics, Rec. ITU-T H.273 table 3."""
    primaries: int = UNSPECIFIED
    """Colour primaries, Rec. ITU-T H.273 table 2."""
    field_order: FieldOrder = "unknown"
    mastering: MasteringDisplay | None = None
    content_light: ContentLight | None = None
    crop: Crop | None = None


class AudioStream(msgspec.Struct, frozen=True, kw_only=True):
    """One sound track; `language` is a BCP 47 tag, `title` what the container calls it."""

    index: int
    codec: str
    channels: int
    sample_rate: int
    language: str = "und"
    title: str = ""
    is_default: bool = False
    is_original: bool = False
    role: AudioRole = "main"
    packets: int = 0


class SubtitleStream(msgspec.Struct, frozen=True, kw_only=True):
    """One subtitle track; `language` is a BCP 47 tag, `title` what the container calls it."""

    index: int
    codec: str
    language: str = "und"
    title: str = ""
    is_forced: bool = False
    is_sdh: bool = False
    packets: int = 0


class Chapter(msgspec.Struct, frozen=True, kw_only=True):
    """Where a chapter begins, and what the film calls it; it lasts until the next one."""

    start_s: float
    title: str


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a master: its streams, and when each of its frames is shown.

    `frames` and `keyframes` are int64 little-endian arrays of presentation times in ticks of the video's time base,
    ascending: `presentation_times` unpacks them. `chapters` are in the file's own times.
    """

    demuxer: str
    video: VideoStream | None
    audio: tuple[AudioStream, ...]
    announced_s: float
    frames: bytes
    keyframes: bytes
    last_duration: int
    warnings: tuple[str, ...] = ()
    subtitles: tuple[SubtitleStream, ...] = ()
    chapters: tuple[Chapter, ...] = ()


def presentation_times(packed: bytes) -> array[int]:
    """The ticks in an `Inspection`'s `frames` or `keyframes`."""
    times = array("q")
    times.frombytes(packed)
    return times


def display_size(video: VideoStream) -> tuple[int, int]:
    """Width and height as a viewer sees them: without bars, square samples, upright."""
    num, den = video.sample_aspect
    width, height = (video.crop.width, video.crop.height) if video.crop is not None else (video.width, video.height)
    if num > 0 and den > 0:
        width = round(width * num / den)
    return (height, width) if video.rotation % 180 == 90 else (width, height)


def size_within(video: VideoStream, box: tuple[int, int], *, least: int = 2, most: float = 1.0) -> tuple[int, int]:
    """The even size in which a film's picture fits into `box`, enlarged by `most` at most, no side below `least`."""
    width, height = display_size(video)
    scale = min(most, box[0] / width, box[1] / height)
    return max(least, round(width * scale / 2) * 2), max(least, round(height * scale / 2) * 2)


def upright(crop: Crop, video: VideoStream) -> Crop:
    """`crop` in the picture that a decoder has turned upright, by a clockwise quarter at a time."""
    width, height = video.width, video.height
    for _ in range(video.rotation % 360 // 90):
        crop = Crop(left=height - crop.top - crop.height, top=crop.left, width=crop.height, height=crop.width)
        width, height = height, width
    return crop


def colours(video: VideoStream) -> str:
    """What an untagged source's colours are, by its size: HD is Rec. 709, below it is Rec. 601; empty when it says.

    Untagged renditions would each be guessed by their own size, and change colour as a player switches between them.
    """
    if video.matrix != UNSPECIFIED:
        return ""
    width, height = display_size(msgspec.structs.replace(video, crop=None))  # bars are cut off an HD picture
    return "bt709" if min(width, height) >= HD_FROM_HEIGHT else "smpte170m"


def is_interlaced(video: VideoStream) -> bool:
    """Whether each of its frames is two fields, taken one after the other."""
    return video.field_order in ("tff", "bff", "interlaced")


def is_tone_mapped(video: VideoStream) -> bool:
    """Whether its light must be compressed to be shown on an SDR screen."""
    return video.transfer in (PQ, HLG)


def hdr_of(video: VideoStream) -> Hdr | None:
    """The light that HEVC and AV1 keep; None for SDR. Primaries other than BT.2020's are not HDR10's or HLG's."""
    if not is_tone_mapped(video) or video.primaries not in (BT2020, UNSPECIFIED):
        return None
    video_range: Literal["PQ", "HLG"] = "PQ" if video.transfer == PQ else "HLG"
    return Hdr(video_range=video_range, mastering=video.mastering, content_light=video.content_light)


def is_wide(video: VideoStream) -> bool:
    """Whether its colours are Rec. BT.2020's: HDR, or SDR with a wide gamut."""
    return is_tone_mapped(video) or (not video.is_hdr and BT2020 in (video.primaries, video.matrix))


def has_index(inspection: Inspection) -> bool:
    """Whether a decoder can start in the middle of the file."""
    return inspection.demuxer not in RAW_STREAMS


def chapters_of(inspection: Inspection, origin_s: float, duration_s: float) -> tuple[Chapter, ...]:
    """The film's chapters on the output's timeline, whose 0 is `origin_s` of the file's own times.

    None where there is only one: it says nothing. Of two that begin at the same time the first counts.
    """
    placed: dict[float, str] = {}
    for one in sorted(inspection.chapters, key=lambda chapter: chapter.start_s):
        start_s = round(max(0.0, one.start_s - origin_s), 3)
        if start_s < duration_s:
            placed.setdefault(start_s, one.title)
    found = tuple(Chapter(start_s=start_s, title=title) for start_s, title in placed.items())
    return found if len(found) > 1 else ()


def text_tracks(inspection: Inspection) -> tuple[SubtitleStream, ...]:
    """The subtitle tracks that are read: those with text in them, the first TEXT_TRACKS_MAX."""
    return tuple(one for one in inspection.subtitles if one.codec in TEXT_SUBTITLES and one.packets)[:TEXT_TRACKS_MAX]


def left_out(subtitles: Sequence[SubtitleStream]) -> list[str]:
    """What is said of the subtitle tracks that are not read."""
    said, texts = [], 0
    for number, track in enumerate(subtitles, start=1):
        name = f"subtitle track {number} ({track.language})"
        if track.codec in PICTURE_SUBTITLES:
            said.append(f"{name} is made of pictures, which players cannot show as text; it is left out")
        elif track.codec not in TEXT_SUBTITLES:
            said.append(f"{name} is {track.codec or 'of an unknown kind'}, which is not read; it is left out")
        elif track.packets:
            texts += 1
            if texts > TEXT_TRACKS_MAX:
                said.append(f"{name} is left out: {TEXT_TRACKS_MAX} are read")
    return said


class FilmRefused(Invalid):
    """The file was read, and Matinee does not take it. `reasons` are for people, each with its remedy."""

    code = "film_refused"

    def __init__(self, *reasons: str, remedy: str = "") -> None:
        super().__init__("; ".join(reasons))
        self.reasons, self.remedy = reasons, remedy


def accept(inspection: Inspection, *, damaged: bool = False) -> Inspection:
    """`inspection` itself, if an asset can be made of it; `damaged` takes a film whose end is missing.

    Raises FilmRefused with every reason at once.
    """
    reasons = [*_picture_faults(inspection), *_sound_faults(inspection)]
    if not reasons and not damaged:
        reasons = _truncation(inspection)
    if reasons:
        raise FilmRefused(*reasons)
    return inspection


def _picture_faults(inspection: Inspection) -> list[str]:
    video = inspection.video
    if video is None:
        return ["there is no video in this file; Matinee needs a picture (for sound alone, add a still as video)"]
    if video.codec not in VIDEO_DECODERS:
        return [
            f"its video is {video.codec or 'of an unknown kind'}, which is not accepted; export it as H.264 or ProRes"
        ]
    if not inspection.frames:
        return ["no frame of the video can be read; the file is damaged, copy or export it again"]
    faults = []
    if max(video.width, video.height) > LARGEST_SIDE or min(video.width, video.height) < SMALLEST_SIDE:
        faults.append(
            f"its picture is {video.width}x{video.height}; sides from {SMALLEST_SIDE} to {LARGEST_SIDE} are accepted"
        )
    if (length := running_time_s(inspection)) < SHORTEST_S:
        faults.append(
            f"it lasts {length:.3f} s ({len(inspection.frames) // 8} frame(s)); a film has at least {SHORTEST_S} s"
        )
    elif length > LONGEST_S:
        faults.append(f"it lasts {length / 3600:.1f} h; at most {LONGEST_S / 3600:.0f} h are accepted: split it")
    return faults


def _sound_faults(inspection: Inspection) -> list[str]:
    faults = [
        f"audio track {track.index} is {track.codec or 'of an unknown kind'}, which is not accepted; export it as AAC"
        for track in inspection.audio
        if track.codec not in AUDIO_DECODERS
    ]
    if len(inspection.audio) > AUDIO_TRACKS_MAX:
        faults.append(f"it has {len(inspection.audio)} audio tracks; at most {AUDIO_TRACKS_MAX} are accepted")
    return faults


def _truncation(inspection: Inspection) -> list[str]:
    has, says = running_time_s(inspection), inspection.announced_s
    if says - has <= max(MISSING_END_MAX_S, 0.02 * says):
        return []
    return [
        f"the file ends after {has:.1f} s of the {says:.1f} s it announces: it was cut off; copy it again, "
        "or add it with --accept-damaged to publish what is there"
    ]


def running_time_s(inspection: Inspection) -> float:
    """Seconds from the first frame's start to the last one's end."""
    if inspection.video is None or not inspection.frames:
        return 0.0
    times = presentation_times(inspection.frames)
    return float((times[-1] - times[0] + inspection.last_duration) * Fraction(*inspection.video.time_base))
