"""What the object store holds, by codec and rung: bytes of published renditions, and apart from them all else.

Pure: a value of the keys with their sizes, and of the published versions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

import msgspec

from matinee.base.units import Seconds
from matinee.encoding.asset import (
    VIDEO_CODECS,
    Asset,
    AudioRendition,
    SubtitleTrack,
    VideoRendition,
    rendition_keys,
)
from matinee.encoding.pertitle.ladder import CODEC_NAMES
from matinee.encoding.tracks.sound import SOUND_NAMES, AudioCodec

Track: TypeAlias = Literal["video", "audio", "subtitles"]
_SOUND: dict[str, AudioCodec] = {"mp4a": "aac", "ec-3": "eac3"}


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """The renditions of one codec and rung; `rung` is empty for sound and subtitles."""

    track: Track
    codec: str
    rung: str
    renditions: int
    size_bytes: int


class Storage(msgspec.Struct, frozen=True, kw_only=True):
    """What the store held at the Unix time `at`; every object is counted once."""

    at: float
    titles: int
    shares: tuple[Share, ...]
    """Of the newest versions, what is largest first."""
    superseded_bytes: int
    """Of renditions that only older versions name: they go once nobody can play them any more."""
    unpublished_bytes: int
    """Of renditions that no version names: in the making, or about to be swept."""
    masters: int
    masters_bytes: int
    intermediates_bytes: int
    pictures_bytes: int
    """Posters, stills and seek pictures."""
    other_bytes: int


def storage_of(sizes: Mapping[str, int], versions: Iterable[Asset], at: Seconds) -> Storage:
    """What lies in a store with objects of these `sizes`, of which `versions` are published."""
    folders, renditions = _by_folder(sizes)
    newest = _newest(versions := list(versions))
    shares, shown = _shares(newest.values(), renditions)
    older = {key for version in versions for key in rendition_keys(version)} - shown
    return Storage(
        at=float(at),
        titles=len(newest),
        shares=shares,
        superseded_bytes=sum(renditions.get(key, 0) for key in older),
        unpublished_bytes=sum(size for key, size in renditions.items() if key not in older and key not in shown),
        masters=sum(key.startswith("masters/") for key in sizes),
        masters_bytes=folders.pop("masters", 0),
        intermediates_bytes=folders.pop("work", 0),
        pictures_bytes=folders.pop("images", 0),
        other_bytes=sum(size for folder, size in folders.items() if folder != "renditions"),
    )


def _by_folder(sizes: Mapping[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    """Bytes below each top folder, and of each rendition."""
    folders: defaultdict[str, int] = defaultdict(int)
    renditions: defaultdict[str, int] = defaultdict(int)
    for key, size in sizes.items():
        folder, _, rest = key.partition("/")
        folders[folder] += size
        if folder == "renditions":
            renditions[rest.partition("/")[0]] += size
    return dict(folders), dict(renditions)


def _newest(versions: Iterable[Asset]) -> dict[str, Asset]:
    newest: dict[str, Asset] = {}
    for version in versions:
        known = newest.get(version.title_id)
        if known is None or known.number < version.number:
            newest[version.title_id] = version
    return newest


def _shares(newest: Iterable[Asset], renditions: Mapping[str, int]) -> tuple[tuple[Share, ...], set[str]]:
    """The shares, and the renditions that they are made of."""
    kinds: dict[str, tuple[Track, str, str]] = {}
    for version in newest:
        tracks: tuple[VideoRendition | AudioRendition | SubtitleTrack, ...] = version.video
        kinds |= {one.key: _kind(one) for one in (*tracks, *version.audio, *version.subtitles)}
    grouped: defaultdict[tuple[Track, str, str], list[int]] = defaultdict(list)
    for key, kind in kinds.items():
        grouped[kind].append(renditions.get(key, 0))
    shares = [
        Share(track=track, codec=codec, rung=rung, renditions=len(found), size_bytes=sum(found))
        for (track, codec, rung), found in grouped.items()
    ]
    return tuple(sorted(shares, key=lambda share: (-share.size_bytes, share.codec, share.rung))), set(kinds)


def _kind(rendition: VideoRendition | AudioRendition | SubtitleTrack) -> tuple[Track, str, str]:
    match rendition:
        case VideoRendition():
            return "video", codec_name(rendition.codecs), rendition.name
        case AudioRendition():
            return "audio", codec_name(rendition.codecs), ""
        case _:
            return "subtitles", "WebVTT", ""


def codec_name(codecs: str) -> str:
    """`H.264` of `avc1.64001f`; what we do not know speaks for itself."""
    first = codecs.partition(".")[0]
    if first in VIDEO_CODECS:
        return CODEC_NAMES[VIDEO_CODECS[first]]
    return SOUND_NAMES[_SOUND[first]] if first in _SOUND else first
