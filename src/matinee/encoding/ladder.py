"""The ladder: which rungs a title gets, and how many bits each.

The fast mode: the base ladder's bitrates times the title's complexity factor (0.5 to 1.5), never above the source.
"""

from __future__ import annotations

import msgspec

from matinee.base.units import BitsPerSecond

BOX_RATIO = (16, 9)
BASE_LADDER: tuple[tuple[int, int], ...] = (
    (360, 1_000_000),
    (480, 2_500_000),
    (720, 5_000_000),
    (1080, 8_000_000),
    (2160, 25_000_000),
)
"""(height of the 16:9 box, bits/s) of the base ladder."""
WORTH_A_RUNG = 1.1
"""A rung is made when it has at least this many times the height or width of the one below."""


class Rung(msgspec.Struct, frozen=True, kw_only=True):
    """One quality of a title: even width and height with square samples, average video bitrate wanted."""

    name: str
    width: int
    height: int
    bitrate_bps: BitsPerSecond


def ladder(width: int, height: int, factor: float) -> tuple[Rung, ...]:
    """The rungs for a source of `width` x `height` (as displayed), lowest first; at least one.

    Each rung fits its 16:9 box, so that a wide film's 1080p is 1920 wide. A source between two boxes gets a last rung
    of its own size, with the larger box's bits per pixel.
    """
    rungs: list[Rung] = []
    for box, base_bps in BASE_LADDER:
        box_width, box_height = -(-box * BOX_RATIO[0] // (2 * BOX_RATIO[1])) * 2, box  # 480 high is 854 wide
        if height > width:  # a portrait film fits the box turned on its side
            box_width, box_height = box_height, box_width
        shrink = min(1.0, box_width / width, box_height / height)
        size = (_even(width * shrink), _even(height * shrink))
        if rungs and size[1] < rungs[-1].height * WORTH_A_RUNG:
            break
        share = min(1.0, size[0] * size[1] / (box_width * box_height)) if shrink == 1.0 else 1.0
        rungs.append(
            Rung(
                name=f"{box}p" if shrink < 1.0 or min(size) == box else f"{min(size)}p",
                width=size[0],
                height=size[1],
                bitrate_bps=BitsPerSecond(round(base_bps * share * factor / 1000) * 1000),
            )
        )
    return tuple(rungs)


def _even(length: float) -> int:
    """4:2:0 video has even sides."""
    return max(2, round(length / 2) * 2)
