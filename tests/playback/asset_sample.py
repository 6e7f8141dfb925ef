"""An asset with one of everything, and labels that mean harm, for the manifests' tests."""

from __future__ import annotations

import msgspec

from matinee.encoding.asset import Asset, AudioRendition, Storyboard, SubtitleTrack, VideoRendition
from matinee.encoding.source import VideoRange
from matinee.encoding.tracks.sound import AudioGroup, AudioRole

Forms = tuple[AudioRendition, ...]

HOSTILE = 'Eng"lish\n#EXT-X-ENDLIST\r<a & "b">\x00\x1b'


def rung(key: str, name: str, height: int, bps: int) -> VideoRendition:
    return VideoRendition(
        key=key,
        name=name,
        width=height * 16 // 9,
        height=height,
        frame_rate_num=24000,
        frame_rate_den=1001,
        codecs="avc1.64001f",
        average_bps=bps,
        peak_bps=bps * 5 // 4,
        init_range=(0, 682),
        index_range=(683, 842),
        timescale=24000,
        iframes_bps=bps // 10,
    )


def audio(key: str, language: str, label: str, channels: int = 2, *, is_default: bool = False) -> AudioRendition:
    return AudioRendition(
        key=key,
        language=language,
        label=label,
        channels=channels,
        sample_rate=48000,
        codecs="mp4a.40.2",
        average_bps=64_000 * channels,
        peak_bps=66_000 * channels,
        init_range=(0, 676),
        index_range=(677, 776),
        timescale=48000,
        is_default=is_default,
    )


def forms(track: int, language: str, role: AudioRole = "main", *, codec: str = "", has_all: bool = True) -> Forms:
    """A track in stereo at its rates, and in 5.1 where `codec` is given; else mono at two."""
    rates: dict[AudioGroup, int] = {"main": 128_000, "low": 64_000}
    if has_all:
        rates["high"] = 192_000
    made = [
        msgspec.structs.replace(
            audio(f"a{track}-{group}", language, f"Track {track}", 2 if has_all else 1, is_default=track == 1),
            average_bps=bps,
            peak_bps=bps + 4_000,
            track=track,
            role=role,
            group=group,
        )
        for group, bps in rates.items()
    ]
    if codec:
        wide = msgspec.structs.replace(
            made[0], key=f"a{track}-surround", group="surround", channels=6, codecs=codec, average_bps=384_000,
            peak_bps=400_000,
        )  # fmt: skip
        made.append(wide)
    return tuple(made)


def hdr_rung(key: str, height: int, codec: str, video_range: VideoRange) -> VideoRendition:
    codecs = {"hevc": "hvc1.2.4.L120.90", "av1": "av01.0.08M.10"}[codec]
    return msgspec.structs.replace(
        rung(key, f"{height}p", height, height * 4_000), codecs=codecs, video_range=video_range
    )


ASSET = Asset(
    id="asset_1",
    title_id="title_1",
    number=3,
    duration_s=26.026,
    video=(rung("v360", "360p", 360, 1_000_000), rung("v720", "720p", 720, 5_000_000)),
    audio=(
        audio("a-en", "en", "English"),
        audio("a-fr", "fr", "Français", 6, is_default=True),
        audio("a-en2", "en", "English", 8),
        audio("a-und", "und", HOSTILE, 1),
    ),
    subtitles=(
        SubtitleTrack(key="s-en", language="en", label="English"),
        SubtitleTrack(key="s-sdh", language="en", label="English", is_sdh=True),
        SubtitleTrack(key="s-forced", language="en", label="English (forced)", is_forced=True),
        SubtitleTrack(key="s-und", language="und", label=HOSTILE),
    ),
    storyboard=Storyboard(
        image="0123456789abcdef0123456789abcdef.webp",
        columns=4,
        rows=3,
        tile_width=240,
        tile_height=136,
        interval_s=2.5025,
    ),
)
BARE = Asset(id="asset_2", title_id="title_2", number=1, duration_s=10.0, video=(rung("v360", "360p", 360, 900_000),))

MANY_FORMS = Asset(
    id="asset_3",
    title_id="title_3",
    number=2,
    duration_s=60.0,
    video=(
        rung("v240", "240p", 240, 350_000),
        rung("v480", "480p", 480, 1_500_000),
        rung("v1080", "1080p", 1080, 5_000_000),
    ),
    audio=(
        *forms(1, "en", codec="ec-3"),
        *forms(2, "en", "description", has_all=False),
        *forms(3, "en", "commentary"),
        *forms(4, "fr", "dub", codec="ec-3"),
    ),
)
"""Sound as it is made now: several rates of each track, surround of two."""


def locate(key: str) -> str:
    return f"http://edge.example:8080/token.{key}/{key}/"


MANY = msgspec.structs.replace(
    ASSET,
    video=(
        *ASSET.video,
        hdr_rung("h720", 720, "hevc", "PQ"),
        hdr_rung("h2160", 2160, "hevc", "PQ"),
        hdr_rung("x720", 720, "av1", "SDR"),
        hdr_rung("x2160", 2160, "av1", "HLG"),
    ),
)
"""The same with further ladders: HEVC in HDR, AV1 in SDR and HDR."""
