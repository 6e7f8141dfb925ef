"""The ladder: which rungs a title gets, and how many bits each.

The fast mode: the base ladder's bitrates times the title's complexity factor (0.5 to 1.5), never above the source.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias, TypeVar

import msgspec

from matinee.base.units import BitsPerSecond

LadderKind: TypeAlias = Literal["fast", "quality"]
"""How rungs are found: the base ladder times the title's complexity, or trial encodes and their measured quality."""
Preset: TypeAlias = Literal[
    "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"
]
"""x264's and x265's."""
Codec: TypeAlias = Literal["h264", "hevc", "av1"]
CodecSet: TypeAlias = Literal["compat", "efficient", "all"]
"""Which ladders a title gets: H.264 alone, for every device there is; HEVC beside it; AV1 as well."""
CODEC_NAMES: dict[Codec, str] = {"h264": "H.264", "hevc": "HEVC", "av1": "AV1"}
CODECS: dict[CodecSet, tuple[Codec, ...]] = {
    "compat": ("h264",),
    "efficient": ("h264", "hevc"),
    "all": ("h264", "hevc", "av1"),
}
H264_BOX_MAX = 1080
"""Where another codec brings the larger pictures, H.264 has none: what shows 2160p decodes HEVC or AV1 too."""
BIT_SHARE: dict[Codec, float] = {"h264": 1.0, "hevc": 0.65, "av1": 0.55}
"""Of the base ladder's bits, in the fast mode. J.-R. Ohm et al., "Comparison of the Coding Efficiency of Video Coding
Standards" (2012), found 35 % less than H.264 for HEVC at equal PSNR; AV1 takes some 15 % less than that."""
BOX_RATIO = (16, 9)
BASE_LADDER: tuple[tuple[int, int], ...] = (
    (360, 1_000_000),
    (480, 2_500_000),
    (720, 5_000_000),
    (1080, 8_000_000),
    (2160, 25_000_000),
)
"""(height of the 16:9 box, bits/s) of the base ladder."""
T = TypeVar("T")
WORTH_A_RUNG = 1.1
"""A rung is made when it has at least this many times the height or width of the one below."""


class Rung(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One quality of a title: even width and height with square samples, average video bitrate wanted.

    A rung of measured quality has the rate factor that reaches `vmaf`, and the most that it may take over a buffer that
    holds so many seconds of that; `vmaf_low` is what 95 % of its frames are expected to reach.
    """

    name: str
    width: int
    height: int
    bitrate_bps: BitsPerSecond
    crf: float | None = None
    maxrate_bps: BitsPerSecond | None = None
    buffer_s: float = 1.0
    vmaf: float | None = None
    vmaf_low: float | None = None


def leading(rungs: Sequence[T], size_and_rate: Callable[[T], tuple[int, float]]) -> list[T]:
    """Those of a ladder's rungs (height of the box, bits/s) to show to somebody who may see them all.

    One that is smaller than another and no cheaper is there for who may not see the larger one.
    """
    known = [size_and_rate(rung) for rung in rungs]
    return [
        rung
        for rung, (box, bps) in zip(rungs, known, strict=True)
        if not any(larger > box and cheaper <= bps for larger, cheaper in known)
    ]


def leading_rungs(rungs: Sequence[Rung]) -> list[Rung]:
    """The `leading` ones of rungs that are planned."""
    return leading(rungs, lambda rung: (box_height(rung.width, rung.height), rung.bitrate_bps))


def box_height(width: int, height: int) -> int:
    """The height of the 16:9 box that a picture fills, upright or on its side: 720 of 1280x536 and of 720x1280."""
    longer, shorter = max(width, height), min(width, height)
    return max(shorter, round(longer * BOX_RATIO[1] / BOX_RATIO[0]))


def box_max(codecs: CodecSet, codec: Codec) -> int:
    """The largest 16:9 box, by its height, that `codec` is for among `codecs`."""
    return H264_BOX_MAX if codec == "h264" and codecs != "compat" else BASE_LADDER[-1][0]


def ladder(
    width: int, height: int, factor: float, codec: Codec = "h264", largest: int = BASE_LADDER[-1][0]
) -> tuple[Rung, ...]:
    """The rungs for a source of `width` x `height` (as displayed), lowest first; at least one, none above `largest`.

    Each rung fits its 16:9 box, so that a wide film's 1080p is 1920 wide. A source between two boxes gets a last rung
    of its own size, with bits between theirs.
    """
    rungs: list[Rung] = []
    boxes = [(box, bps * BIT_SHARE[codec]) for box, bps in BASE_LADDER if box <= largest]
    for below, (box, base_bps) in zip([(0, 0.0), *boxes], boxes, strict=False):
        fit, size = _fit(width, height, box), fitted(width, height, box)
        if rungs and size[1] < rungs[-1].height * WORTH_A_RUNG:
            break
        base = _between(below, (box, base_bps), 1 / fit) if fit > 1.0 else base_bps
        rungs.append(
            Rung(
                name=f"{round(box / max(1.0, fit))}p",  # the height of the 16:9 box that it fills
                width=size[0],
                height=size[1],
                bitrate_bps=BitsPerSecond(round(base * factor / 1000) * 1000),
            )
        )
    return tuple(rungs)


def fitted(width: int, height: int, box: int) -> tuple[int, int]:
    """The even size of a picture that is shrunk, where it must be, to fit a 16:9 box of height `box`."""
    shrink = min(1.0, _fit(width, height, box))
    return _even(width * shrink, width), _even(height * shrink, height)


def _fit(width: int, height: int, box: int) -> float:
    """What a picture's sides are multiplied by to fill a 16:9 box of height `box`."""
    across = -(-box * BOX_RATIO[0] // (2 * BOX_RATIO[1])) * 2  # 480 high is 854 wide
    if height > width:  # a portrait film fits the box turned on its side
        return min(box / width, across / height)
    return min(across / width, box / height)


def _between(low: tuple[int, float], high: tuple[int, float], share: float) -> float:
    """Bits/s of a picture whose sides are `share` of the box `high`: linear in pixels between two rungs of the base.

    Not the pixels' share of `high` alone: 1440x810 would then get fewer bits than 1280x720.
    """
    least = (low[0] / high[0]) ** 2
    return low[1] + (high[1] - low[1]) * (share**2 - least) / (1 - least)


def _even(length: float, most: int) -> int:
    """4:2:0 video has even sides; never above `most`, which may be odd."""
    return max(2, min(round(length / 2), most // 2) * 2)
