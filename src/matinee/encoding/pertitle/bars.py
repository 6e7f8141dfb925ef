"""Black bars around a film's picture: found in frames of the whole film, so that no bits are spent on them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from matinee.encoding.source import Crop

Luma: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]
"""One frame's luma, uint8[height, width], as coded: black is 16, or 0 in full range."""

LOOKS = 64
"""Frames that are looked at, spread over the film."""
ABOVE_BLACK_MAX = 10
"""What a line of a bar may have above black, of 255: noise, and what a coder left beside an edge."""
BRIGHT_SHARE = 0.02
"""Of a line's samples that may be brighter all the same: a broadcaster's dots, a scratch."""
USABLE_MIN = 5
"""Frames that show something; on fewer, nothing is cut off."""
AGREEING_SHARE = 0.5
"""Of them that must have their edge where the film's is: bars stay where they are, dark scenery does not."""
EDGE_OFF_MAX = 4
"""Lines that such an edge may be away."""
BAR_MIN_SHARE = 0.01
"""Of the picture's side; what is narrower is left."""
PICTURE_MIN_SHARE = 0.25
"""Of the picture's area that must be left: else it is a dark film, or a logo on black."""


class Bars(NamedTuple):
    """How many lines on each side of a frame are black."""

    left: int
    top: int
    right: int
    bottom: int


def bars_of(luma: Luma, black: int = 16) -> Bars | None:
    """The bars of one frame; None where it shows nothing at all."""
    bright = luma > black + ABOVE_BLACK_MAX
    rows = np.flatnonzero(bright.mean(axis=1) > BRIGHT_SHARE)
    columns = np.flatnonzero(bright.mean(axis=0) > BRIGHT_SHARE)
    if not len(rows) or not len(columns):
        return None
    height, width = luma.shape
    return Bars(int(columns[0]), int(rows[0]), width - 1 - int(columns[-1]), height - 1 - int(rows[-1]))


def crop_of(found: Sequence[Bars | None], width: int, height: int) -> Crop | None:
    """What is left of a `width` x `height` picture without the bars that its frames agree on; None where all is.

    A bar is as wide as in the frame where it is narrowest, so that no frame loses anything.
    """
    usable = [bars for bars in found if bars is not None]
    if len(usable) < USABLE_MIN:
        return None
    left, right = (_agreed([getattr(bars, side) for bars in usable], width) for side in ("left", "right"))
    top, bottom = (_agreed([getattr(bars, side) for bars in usable], height) for side in ("top", "bottom"))
    crop = Crop(left=left, top=top, width=width - left - right & ~1, height=height - top - bottom & ~1)
    is_whole = not any((left, right, top, bottom))
    if is_whole or crop.width * crop.height < PICTURE_MIN_SHARE * width * height:
        return None
    return crop


def _agreed(lines: Sequence[int], side: int) -> int:
    """The bar that all frames have on one side, even; 0 where too few of them end there."""
    narrowest = min(lines)
    agreeing = sum(line - narrowest <= EDGE_OFF_MAX for line in lines)
    if narrowest < BAR_MIN_SHARE * side or agreeing < AGREEING_SHARE * len(lines):
        return 0
    return narrowest & ~1  # chroma has a sample for every other line
