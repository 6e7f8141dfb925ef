"""Recipes: everything that decides the bytes of an artefact, and the key that is a hash of it.

A rendition's key changes exactly when its bytes would: another source, frame, bitrate, preset, thread count or FFmpeg.
So 'finished' can mean 'an object of that name exists', on any machine and after an upgrade.
"""

from __future__ import annotations

import hashlib

import msgspec

from matinee.encoding.pertitle.ladder import Codec, Rung
from matinee.encoding.source import Hdr, VideoStream, hdr_of
from matinee.encoding.timeline import Timeline
from matinee.encoding.tracks.sound import AudioCodec, AudioGroup, AudioRole

RECIPE_VERSION = 1
"""Raised when the meaning of a recipe's fields, or the packager's output, changes."""
KEY_DIGITS = 32
X264_THREADS = 1
"""x264's output depends on its thread count; parallelism comes from chunks and rungs, which lose no quality."""
AUDIO_RATE_HZ = 48_000


class Encoder(msgspec.Struct, frozen=True, kw_only=True):
    """The encoder that is used: which FFmpeg build (a hash of its bytes), which x264 preset."""

    build: str
    preset: str
    threads: int = X264_THREADS


class Coding(msgspec.Struct, frozen=True, kw_only=True):
    """How the pictures of a ladder are coded: the codec, bits a sample, and the light where it is HDR's."""

    codec: Codec = "h264"
    depth_bits: int = 8
    hdr: Hdr | None = None


def coding_of(video: VideoStream, codec: Codec) -> Coding:
    """How a ladder of `codec` is coded for this film: H.264 in 8-bit SDR, which every device shows; HEVC and AV1 keep
    HDR, and 10 bits. AV1 always has 10: every decoder of its main profile must, and it takes fewer bits so."""
    if codec == "h264":
        return Coding()
    hdr = hdr_of(video)
    is_deep = codec == "av1" or hdr is not None or video.depth_bits > 8
    return Coding(codec=codec, depth_bits=10 if is_deep else 8, hdr=hdr)


class VideoRecipe(msgspec.Struct, frozen=True, kw_only=True, tag="video"):
    """One rung of one title."""

    source: str
    stream: int
    timeline: Timeline
    rung: Rung
    encoder: Encoder
    is_damaged: bool = False
    corrections: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    """What is done to the pictures besides scaling; unset, and then not in the key, for plain progressive SDR."""
    codec: Codec | msgspec.UnsetType = msgspec.UNSET
    """Unset, and then not in the key, for H.264."""
    depth: int | msgspec.UnsetType = msgspec.UNSET
    """Bits a sample; unset for 8."""
    hdr: Hdr | msgspec.UnsetType = msgspec.UNSET
    """The light that is kept as it is; unset where pictures are SDR, or made so."""
    crfs: tuple[float, ...] | msgspec.UnsetType = msgspec.UNSET
    """The rate factor of each chunk; unset where all have the rung's."""
    version: int = RECIPE_VERSION

    @property
    def coding(self) -> Coding:
        """How its pictures are coded."""
        return Coding(codec=self.codec or "h264", depth_bits=self.depth or 8, hdr=self.hdr or None)


class AudioRecipe(msgspec.Struct, frozen=True, kw_only=True, tag="audio"):
    """One form of one audio track, made louder by `gain_db`; `is_limited` where its peaks would be too high then."""

    source: str
    stream: int
    timeline: Timeline
    channels: int
    bitrate_bps: int
    language: str
    label: str
    is_default: bool
    encoder: Encoder
    role: AudioRole = "main"
    group: AudioGroup = "main"
    codec: AudioCodec = "aac"
    gain_db: float = 0.0
    is_limited: bool = False
    version: int = RECIPE_VERSION


class SubtitleRecipe(msgspec.Struct, frozen=True, kw_only=True, tag="subtitles"):
    """One WebVTT track, cut every `segment_s`; `text` is the object that holds it, named by a hash of its content."""

    text: str
    language: str
    label: str
    is_sdh: bool
    is_forced: bool
    duration_s: float
    segment_s: float
    version: int = RECIPE_VERSION


Recipe = VideoRecipe | AudioRecipe | SubtitleRecipe


def key_of(recipe: Recipe) -> str:
    """The rendition's name: hex digits of the SHA-256 of its recipe in canonical JSON."""
    canonical = msgspec.json.encode(recipe, order="sorted")
    return hashlib.sha256(canonical).hexdigest()[:KEY_DIGITS]


def content_key(keys: tuple[str, ...]) -> str:
    """The name of a set of renditions: an asset version is published once per set."""
    return hashlib.sha256("\n".join(sorted(keys)).encode()).hexdigest()[:KEY_DIGITS]
