"""Which ladders a device gets: data about kinds of devices, and the choice among a version's renditions. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import msgspec

from matinee.encoding.asset import Asset, VideoRendition
from matinee.encoding.pertitle.ladder import Codec, leading
from matinee.encoding.source import VideoRange

DeviceKind: TypeAlias = Literal["web", "phone", "ios", "tv"]


class DeviceProfile(msgspec.Struct, frozen=True, kw_only=True):
    """What a kind of device is offered: codecs, ranges of light, the largest 16:9 box by its height."""

    codecs: tuple[Codec, ...]
    video_ranges: tuple[VideoRange, ...]
    box_max: int


PROFILES: dict[DeviceKind, DeviceProfile] = {
    # A browser is asked by the player what it decodes and what its screen shows (Media Capabilities).
    "web": DeviceProfile(codecs=("h264", "hevc", "av1"), video_ranges=("SDR", "PQ", "HLG"), box_max=2160),
    # Android: H.264 and HEVC are mandatory for a handheld (Compatibility Definition 5.3), AV1 from 14 on for most.
    "phone": DeviceProfile(codecs=("h264", "hevc", "av1"), video_ranges=("SDR", "PQ", "HLG"), box_max=1080),
    # AVPlayer: HEVC on everything that still gets updates; AV1 only where there is a decoder in hardware, so not here.
    "ios": DeviceProfile(codecs=("h264", "hevc"), video_ranges=("SDR", "PQ", "HLG"), box_max=2160),
    # Televisions with 2160p and HDR have HEVC for it (HbbTV, DVB-DASH); AV1 came in 2020 and is not everywhere.
    "tv": DeviceProfile(codecs=("h264", "hevc"), video_ranges=("SDR", "PQ", "HLG"), box_max=2160),
}
"""A device that knows better names its codecs when it presses play."""


def profile_of(kind: DeviceKind, codecs: Sequence[Codec] = ()) -> DeviceProfile:
    """The profile of a kind of device, with the `codecs` that this one says it decodes; H.264 is always among them."""
    profile = PROFILES[kind]
    if not codecs:
        return profile
    return msgspec.structs.replace(profile, codecs=tuple(dict.fromkeys(("h264", *codecs))))


def offered(asset: Asset, profile: DeviceProfile) -> Asset:
    """`asset` with the renditions that a device of this profile gets; if it would get none, those of H.264.

    Of each ladder it gets the leading ones: among others a player would take a smaller picture for a better one.
    """
    suited = [rung for rung in asset.video if _suits(rung, profile)]
    ladders: dict[tuple[Codec, VideoRange], list[VideoRendition]] = {}
    for rung in suited or [one for one in asset.video if one.codec == "h264"]:
        ladders.setdefault((rung.codec, rung.video_range), []).append(rung)
    video = [one for rungs in ladders.values() for one in leading(rungs, lambda it: (it.box_height, it.average_bps))]
    return msgspec.structs.replace(asset, video=tuple(video))


def _suits(rung: VideoRendition, profile: DeviceProfile) -> bool:
    return (
        rung.codec in profile.codecs and rung.video_range in profile.video_ranges and rung.box_height <= profile.box_max
    )
