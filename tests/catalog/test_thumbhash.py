"""ThumbHash: decoded again by an independent decoder, as a player of the format would."""

from __future__ import annotations

import base64
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from matinee.catalog.thumbhash import thumbhash


def decoded_mean(text: str) -> tuple[float, float, float]:
    """The mean colour that a ThumbHash states, 0..1 (the format's own `thumbHashToAverageRGBA`)."""
    raw = base64.b64decode(text)
    head = raw[0] | raw[1] << 8 | raw[2] << 16
    luminance, yellow, rose = (head & 63) / 63, (head >> 6 & 63) / 31.5 - 1, (head >> 12 & 63) / 31.5 - 1
    blue = luminance - 2 / 3 * yellow
    red = (3 * luminance - blue + rose) / 2
    return red, red - rose, blue


def decoded_shape(text: str) -> float:
    """Width over height as the format states it."""
    raw = base64.b64decode(text)
    is_landscape, terms = raw[4] >> 7, raw[3] & 7
    return 7 / terms if is_landscape else terms / 7


colour = st.integers(20, 235)


@given(colour, colour, colour)
def test_a_plain_picture_keeps_its_colour(red: int, green: int, blue: int) -> None:
    mean = decoded_mean(thumbhash(Image.new("RGB", (64, 36), (red, green, blue))))
    assert mean == pytest.approx((red / 255, green / 255, blue / 255), abs=0.05)


@given(st.integers(1, 400), st.integers(1, 400))
def test_the_hash_is_small_and_knows_the_picture_s_shape(width: int, height: int) -> None:
    text = thumbhash(Image.new("RGB", (width, height), (90, 40, 10)))
    assert len(base64.b64decode(text)) <= 25
    if 1 / 2 < width / height < 2:
        assert decoded_shape(text) == pytest.approx(width / height, rel=0.25)


def test_light_on_one_side_is_seen_in_the_first_wave() -> None:
    ramp = np.repeat(np.linspace(0, 255, 64)[None, :, None], 64, axis=0).repeat(3, axis=2)
    first = base64.b64decode(thumbhash(Image.fromarray(np.uint8(ramp))))[5] & 15
    assert first == 0  # the first cosine falls from left to right, so rising light is its most negative term


def test_the_published_layout_is_kept() -> None:
    """Five bytes of head, then one nibble a term: 7 x 7 / 2 of luminance and twice five of colour."""
    terms = sum(1 for y in range(7) for x in range(7) if x * 7 < 7 * (7 - y)) - 1
    assert len(base64.b64decode(thumbhash(Image.new("RGB", (50, 50), (1, 2, 3))))) == 5 + math.ceil((terms + 10) / 2)
