"""ThumbHash: a picture's blurred preview in about 25 bytes, shown until the picture itself is there.

Evan Wallace's algorithm (https://evanw.github.io/thumbhash/): luminance and two colour differences (and alpha, which
our pictures do not have) as a few cosine terms each, quantised to 4 bits. Any decoder of the format reads it.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE_MAX_PX = 100  # the format's own limit on what is encoded
_CHANNEL_TERMS = 3


def thumbhash(picture: Image.Image) -> str:
    """The ThumbHash of `picture` without alpha, base64."""
    small = picture.convert("RGB")
    small.thumbnail((SIDE_MAX_PX, SIDE_MAX_PX), Image.Resampling.BOX)
    width, height = small.size
    red, green, blue = (np.asarray(small, dtype=np.float64) / 255).transpose(2, 0, 1)
    terms = max(width, height)
    luminance = _encode((red + green + blue) / 3, max(1, _round(7 * width / terms)), max(1, _round(7 * height / terms)))
    yellow = _encode((red + green) / 2 - blue, _CHANNEL_TERMS, _CHANNEL_TERMS)
    rose = _encode(red - green, _CHANNEL_TERMS, _CHANNEL_TERMS)
    return base64.b64encode(_pack(width, height, luminance, yellow, rose)).decode()


_Terms: TypeAlias = tuple[float, list[float], float]


def _encode(channel: NDArray[np.float64], wide: int, high: int) -> _Terms:
    """The mean of `channel`, its cosine terms scaled to 0..1, and that scale."""
    wide, high = max(3, wide), max(3, high)
    height, width = channel.shape
    across = np.cos(math.pi / width * np.outer(np.arange(wide), np.arange(width) + 0.5))
    down = np.cos(math.pi / height * np.outer(np.arange(high), np.arange(height) + 0.5))
    table = down @ channel @ across.T / (width * height)
    waves = [float(table[y, x]) for y in range(high) for x in range(wide) if x * high < wide * (high - y)][1:]
    scale = max(abs(wave) for wave in waves)
    return float(table[0, 0]), [0.5 + 0.5 / scale * wave if scale else 0.0 for wave in waves], scale


def _pack(width: int, height: int, luminance: _Terms, yellow: _Terms, rose: _Terms) -> bytes:
    is_landscape = width > height
    terms = _round(7 * (height if is_landscape else width) / max(width, height))
    head = _round(63 * luminance[0]) | _round(31.5 + 31.5 * yellow[0]) << 6 | _round(31.5 + 31.5 * rose[0]) << 12
    head |= _round(31 * luminance[2]) << 18
    tail = max(1, terms) | _round(63 * yellow[2]) << 3 | _round(63 * rose[2]) << 9 | is_landscape << 15
    waves = list(_nibbles([*luminance[1], *yellow[1], *rose[1]]))
    return head.to_bytes(3, "little") + tail.to_bytes(2, "little") + bytes(waves)


def _nibbles(waves: list[float]) -> Iterator[int]:
    for index in range(0, len(waves), 2):
        pair = [_round(15 * wave) for wave in waves[index : index + 2]]
        yield pair[0] | (pair[1] << 4 if len(pair) == 2 else 0)


def _round(value: float) -> int:
    return math.floor(value + 0.5)
