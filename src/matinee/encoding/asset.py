"""What encoding delivers: an asset version, its renditions, and the index of their segments.

A rendition is one directory in the object store, `renditions/<key>/`, named by a hash of everything that went into
it; it never changes. An asset version names the renditions that had passed quality control when it was published.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

import msgspec

from matinee.encoding.pertitle.ladder import Codec, box_height
from matinee.encoding.source import Chapter, VideoRange
from matinee.encoding.tracks.sound import AudioGroup, AudioRole

VIDEO_CODECS: dict[str, Codec] = {"avc1": "h264", "hvc1": "hevc", "av01": "av1"}
"""By the first part of their RFC 6381 strings."""


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """One CMAF segment inside `media.mp4`: where its bytes are, and when it is presented."""

    offset: int
    size: int
    start_ticks: int
    duration_ticks: int
    sha256: str


class SegmentIndex(msgspec.Struct, frozen=True, kw_only=True):
    """`index.json`: the header is bytes [0, init_size), the `sidx` box follows, then the segments, gapless."""

    timescale: int
    init_size: int
    segments: tuple[Segment, ...]


class VideoRendition(msgspec.Struct, frozen=True, kw_only=True):
    """One rung of the ladder as it was made; `codecs` per RFC 6381, byte ranges inclusive.

    `iframes_bps`: the peak rate of its pictures alone, in `iframes.m3u8`; 0 where it was made without that.
    """

    key: str
    name: str
    width: int
    height: int
    frame_rate_num: int
    frame_rate_den: int
    codecs: str
    average_bps: int
    peak_bps: int
    init_range: tuple[int, int]
    index_range: tuple[int, int]
    timescale: int
    video_range: VideoRange = "SDR"
    iframes_bps: int = 0

    @property
    def codec(self) -> Codec:
        """Its codec."""
        return VIDEO_CODECS[self.codecs[:4]]

    @property
    def box_height(self) -> int:
        """The height of the 16:9 box that it fills."""
        return box_height(self.width, self.height)


class AudioRendition(msgspec.Struct, frozen=True, kw_only=True):
    """One form of an audio track; `language` per BCP 47, `und` when nobody said.

    `track` is the same for all forms of a track; None in versions that were published when a track had one form.
    """

    key: str
    language: str
    label: str
    channels: int
    sample_rate: int
    codecs: str
    average_bps: int
    peak_bps: int
    init_range: tuple[int, int]
    index_range: tuple[int, int]
    timescale: int
    is_default: bool
    track: int | None = None
    role: AudioRole = "main"
    group: AudioGroup = "main"


class SubtitleTrack(msgspec.Struct, frozen=True, kw_only=True):
    """One WebVTT track; `is_sdh`: also describes sound, `is_forced`: only what a viewer of this audio needs."""

    key: str
    language: str
    label: str
    is_sdh: bool = False
    is_forced: bool = False


class Storyboard(msgspec.Struct, frozen=True, kw_only=True):
    """Small pictures for the seek bar: one image of `columns` x `rows` tiles, a tile every `interval_s`."""

    image: str
    columns: int
    rows: int
    tile_width: int
    tile_height: int
    interval_s: float


class Pictures(msgspec.Struct, frozen=True, kw_only=True):
    """What the pictures task found: names of images, and the storyboard's geometry."""

    still: str
    storyboard: Storyboard | None


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """An immutable version of what can be played of a title; one ladder after the other, H.264's first, each with its
    lowest rung first.

    A later version of the same title (`number` + 1) has more rungs; `is_complete` says that no more will come.
    """

    id: str
    title_id: str
    number: int
    duration_s: float
    video: tuple[VideoRendition, ...]
    audio: tuple[AudioRendition, ...] = ()
    subtitles: tuple[SubtitleTrack, ...] = ()
    still: str = ""
    storyboard: Storyboard | None = None
    chapters: tuple[Chapter, ...] = ()
    is_complete: bool = False
    keeps_bars: bool = False
    """Whether it shows the black bars that its film may have."""


def sound_tracks(renditions: Sequence[AudioRendition]) -> list[list[AudioRendition]]:
    """The renditions brought together by the track that they are forms of; tracks in their order."""
    tracks: dict[int | str, list[AudioRendition]] = {}
    for one in renditions:
        tracks.setdefault(one.key if one.track is None else one.track, []).append(one)
    return list(tracks.values())


def rendition_keys(asset: Asset) -> Sequence[str]:
    """The renditions that a version is made of."""
    video, audio = [one.key for one in asset.video], [one.key for one in asset.audio]
    return [*video, *audio, *(one.key for one in asset.subtitles)]


def image_names(found: Asset | Pictures) -> Sequence[str]:
    """The pictures that a version brought."""
    return [name for name in (found.still, found.storyboard.image if found.storyboard else "") if name]


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A published version with what the table says of it: its master, and when it was published (Unix seconds)."""

    asset: Asset
    source: str
    created: float


def collectable(versions: Sequence[Version], playing: Collection[str], now: float, links_s: float) -> list[Version]:
    """The versions, of one title, that nobody can play any more and whose renditions the newest does not all have.

    `playing` are the ids of versions that live sessions name. A session begins on the newest version only, and its
    links open for the running time and `links_s`: after that, none is left that was signed before a version was
    superseded, whether or not this process knows of its session.
    """
    ordered = sorted(versions, key=lambda version: version.asset.number)
    kept = set(rendition_keys(ordered[-1].asset)) if ordered else set()
    return [
        old
        for old, newer in pairwise(ordered)
        if old.asset.id not in playing
        and newer.created + old.asset.duration_s + links_s <= now
        and not kept.issuperset(rendition_keys(old.asset))
    ]
