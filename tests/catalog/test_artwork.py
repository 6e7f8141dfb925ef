"""Artwork: posters, stills and previews from frames; and what is refused."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from matinee.catalog import artwork
from matinee.catalog.artwork import POSTER_PX, STILL_PX, UnusablePicture
from matinee.catalog.lettering import Fonts, Lettering


def encoded(picture: Image.Image, form: str = "PNG") -> bytes:
    out = io.BytesIO()
    picture.save(out, form)
    return out.getvalue()


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGB")


def scene(seed: int = 1, size: tuple[int, int] = (640, 360)) -> Image.Image:
    """Something with edges, light and shade."""
    noise = np.random.default_rng(seed).integers(0, 256, (9, 16, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize(size, Image.Resampling.NEAREST)


def test_a_poster_is_two_by_three_webp_with_a_preview(fonts: Fonts) -> None:
    drawn = artwork.poster(encoded(scene()), "The Lamplighter’s Winter", fonts)
    assert Image.open(io.BytesIO(drawn.webp)).format == "WEBP"
    assert opened(drawn.webp).size == (drawn.width, drawn.height) == POSTER_PX
    assert drawn.thumbhash


def test_the_same_film_gets_the_same_poster(fonts: Fonts) -> None:
    first, second = (artwork.poster(encoded(scene()), "Harbour", fonts) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("place", ["top", "bottom"])
def test_the_title_stands_where_its_design_says(fonts: Fonts, place: str) -> None:
    plain = Image.new("RGB", (640, 360), (70, 60, 50))
    design = Lettering(face="deco", place=place, colour="#ffffff")  # type: ignore[arg-type]
    light = np.asarray(opened(artwork.poster(encoded(plain), "Harbour", fonts, design).webp).convert("L"))
    rows = np.flatnonzero((light > 200).any(axis=1))
    assert (rows.mean() < POSTER_PX[1] / 2) == (place == "top")


def test_a_title_that_cannot_be_written_gives_a_poster_without_words(fonts: Fonts) -> None:
    plain = encoded(Image.new("RGB", (640, 360), (70, 60, 50)))
    light = np.asarray(opened(artwork.poster(plain, "\U0001f3ac", fonts).webp).convert("L"))
    assert light.std() < 3


def test_the_crop_keeps_the_subject() -> None:
    picture = Image.new("RGB", (1600, 900))
    picture.paste((255, 255, 255), (1400, 400, 1480, 500))
    right = artwork.crop(picture, POSTER_PX, (0.9, 0.5))
    left = artwork.crop(picture, POSTER_PX, (0.1, 0.5))
    assert np.asarray(right).max() == 255
    assert np.asarray(left).max() == 0


def test_grading_never_leaves_pure_white_or_cold_black() -> None:
    for value in (0, 255):
        red, green, blue = np.asarray(artwork.grade(Image.new("RGB", (8, 8), (value, value, value))))[0, 0]
        assert min(red, green, blue) >= 8 and max(red, green, blue) <= 252


def test_a_still_is_sixteen_by_nine() -> None:
    assert opened(artwork.still(encoded(scene(size=(900, 900)))).webp).size == STILL_PX


def test_resizing_keeps_the_shape_and_never_enlarges() -> None:
    content = encoded(scene())
    assert opened(artwork.resize(content, 320)).size == (320, 180)
    assert opened(artwork.resize(content, 5000)).size == (640, 360)


def test_a_given_poster_is_written_anew_without_its_metadata() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a secret"
    out = io.BytesIO()
    scene(size=(400, 600)).save(out, "JPEG", exif=exif)
    drawn = artwork.given_poster(out.getvalue())
    assert b"secret" not in drawn.webp
    assert opened(drawn.webp).size == POSTER_PX


def test_a_turned_photograph_is_set_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # EXIF 2.3: turned by 90 degrees
    out = io.BytesIO()
    scene(size=(400, 200)).save(out, "JPEG", exif=exif)
    assert artwork.open_picture(out.getvalue()).size == (200, 400)


def test_transparent_parts_become_the_page() -> None:
    red, green, blue = artwork.open_picture(encoded(Image.new("RGBA", (80, 80), (0, 0, 0, 0)))).getpixel((5, 5))  # type: ignore[misc]
    assert (red, green, blue) == (12, 11, 14)


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'


@pytest.mark.parametrize(
    "content",
    [b"", b"not a picture", SVG, encoded(scene(), "GIF"), encoded(scene(), "BMP"), encoded(scene())[:500], b"%PDF-1.4"],
)
def test_what_is_no_usable_picture_is_refused_with_a_remedy(content: bytes) -> None:
    with pytest.raises(UnusablePicture, match="JPEG, PNG or WebP"):
        artwork.given_poster(content)


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is this large."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(30_000, 30_000), (60_000, 1_000), (8, 8)])
def test_bombs_and_specks_are_refused_before_they_are_decoded(size: tuple[int, int]) -> None:
    with pytest.raises(UnusablePicture, match="pixels"):
        artwork.open_picture(png_claiming(*size))
