"""Artwork: posters, stills and their previews, made from pictures that films or their owners bring.

A poster is the film's frame cropped to 2:3 around its subject, graded towards the house palette (dark, warm), with
the title set in the film's own face over the part that is dark or empty. All functions take and return bytes.
"""

from __future__ import annotations

import io

import msgspec
import numpy as np
from PIL import Image, ImageColor, ImageFilter, ImageOps, UnidentifiedImageError

from matinee.base.errors import Invalid
from matinee.catalog import lettering
from matinee.catalog.lettering import AMBER, Block, Fonts, Lettering, MissingLetters
from matinee.catalog.thumbhash import thumbhash as hash_of

POSTER_PX = (1000, 1500)
STILL_PX = (1920, 1080)
FORMATS = ("JPEG", "PNG", "WEBP")  # what people have; every other decoder is attack surface
PIXELS_MAX = 50_000_000  # a 50 megapixel scan passes; it takes 150 MB while it is read, a bomb would take everything
SIDE_MIN_PX = 64  # smaller than this, nothing can be seen
BYTES_MAX = 40_000_000
_WEBP_QUALITY = 86
_WARM_SHADOW = (12, 11, 14)  # the page's own colour (#0c0b0e): a poster fades into it, not into black

Focus = tuple[float, float]
"""Where a picture's subject is, 0..1 from its left and top edges."""


class UnusablePicture(Invalid):
    """A picture cannot be taken as a poster or still."""

    code = "unusable_picture"

    def __init__(self, reason: str) -> None:
        super().__init__(f"this picture cannot be used: {reason}; give a JPEG, PNG or WebP of up to 50 megapixels")
        self.reason = reason


class Drawn(msgspec.Struct, frozen=True):
    """A finished picture: WebP bytes, its size in pixels and its preview."""

    webp: bytes
    width: int
    height: int
    thumbhash: str


def open_picture(content: bytes) -> Image.Image:
    """The picture in `content`, upright, RGB, without its metadata. Raises UnusablePicture."""
    if len(content) > BYTES_MAX:
        raise UnusablePicture(f"the file has {len(content) / 1e6:.0f} MB, more than {BYTES_MAX / 1e6:.0f}")
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            _check_size(*picture.size)
            upright = ImageOps.exif_transpose(picture)
            return _without_alpha(upright)
    except UnidentifiedImageError as error:
        raise UnusablePicture("it is not a JPEG, PNG or WebP file") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UnusablePicture(f"it is damaged ({error})") from error


def _check_size(width: int, height: int) -> None:
    if width * height > PIXELS_MAX:
        raise UnusablePicture(f"it has {width} x {height} pixels")
    if min(width, height) < SIDE_MIN_PX:
        raise UnusablePicture(f"it has only {width} x {height} pixels")


def _without_alpha(picture: Image.Image) -> Image.Image:
    if picture.has_transparency_data:
        page = Image.new("RGBA", picture.size, _WARM_SHADOW)
        return Image.alpha_composite(page, picture.convert("RGBA")).convert("RGB")
    return picture.convert("RGB")


def poster(
    still: bytes, title: str, fonts: Fonts, design: Lettering | None = None, focus: Focus = (0.5, 0.45)
) -> Drawn:
    """A poster of `title` from one of its frames. Raises UnusablePicture, MissingFont.

    A title that none of the typefaces can write gets its picture without words rather than boxes.
    """
    plate = grade(crop(open_picture(still), POSTER_PX, focus))
    design = design or _design_for(title, plate)
    try:
        block = lettering.fit(fonts, design, title, *_text_box(design))
    except MissingLetters:
        return draw(plate)
    return draw(_lettered(plate, block, design))


def given_poster(content: bytes, focus: Focus = (0.5, 0.4)) -> Drawn:
    """A poster that a person brought: checked, cropped to 2:3, written anew. Raises UnusablePicture."""
    return draw(crop(open_picture(content), POSTER_PX, focus))


def still(content: bytes, focus: Focus = (0.5, 0.45)) -> Drawn:
    """A frame or a person's picture as 16:9. Raises UnusablePicture."""
    return draw(crop(open_picture(content), STILL_PX, focus))


def resize(content: bytes, width_px: int) -> bytes:
    """The picture `width_px` wide (never wider than it is), WebP. Raises UnusablePicture."""
    picture = open_picture(content)
    if picture.width > width_px:
        height = max(1, round(picture.height * width_px / picture.width))
        picture = picture.resize((width_px, height), Image.Resampling.LANCZOS)
    return _webp(picture)


def thumbhash(content: bytes) -> str:
    """The picture's blurred preview, base64. Raises UnusablePicture."""
    return hash_of(open_picture(content))


def draw(picture: Image.Image) -> Drawn:
    """`picture` as it is stored."""
    return Drawn(_webp(picture), picture.width, picture.height, hash_of(picture))


def _webp(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=_WEBP_QUALITY, method=4)
    return out.getvalue()


def crop(picture: Image.Image, size_px: tuple[int, int], focus: Focus) -> Image.Image:
    """The largest part of `picture` of the shape of `size_px` that has `focus` nearest its middle, at that size."""
    ratio = size_px[0] / size_px[1]
    width = min(picture.width, picture.height * ratio)
    height = width / ratio
    left = min(max(0.0, focus[0] * picture.width - width / 2), picture.width - width)
    top = min(max(0.0, focus[1] * picture.height - height / 2), picture.height - height)
    return picture.resize(size_px, Image.Resampling.LANCZOS, box=(left, top, left + width, top + height))


def grade(picture: Image.Image) -> Image.Image:
    """Towards the palette: highlights held below white, a little contrast, shadows warm rather than black."""
    light = np.asarray(picture, dtype=np.float32) / 255
    mean = light.mean()
    if mean > 0.42:  # a bright frame is brought down, so that no poster shouts in a dark room
        light = light ** (1 + 0.9 * (mean - 0.42))
    light = light + 0.06 * light * (1 - light) * (2 * light - 1)
    page = np.array(_WARM_SHADOW, dtype=np.float32) / 255
    return Image.fromarray(np.uint8(255 * np.clip(page + light * (0.985 - page), 0, 1)))


def _text_box(design: Lettering) -> tuple[int, int]:
    return int(POSTER_PX[0] * design.width), int(POSTER_PX[1] * design.height)


def _design_for(title: str, plate: Image.Image) -> Lettering:
    """A design for a film that has none: a face from its title, at the end of the poster that has less to see."""
    grey = np.asarray(plate.convert("L").resize((50, 75), Image.Resampling.BOX), dtype=np.float32)
    top, bottom = (float(part.std() + 0.25 * part.mean()) for part in (grey[:26], grey[49:]))
    return Lettering(face=lettering.face_for(title), place="top" if top * 1.15 < bottom else "bottom")


def _lettered(plate: Image.Image, block: Block, design: Lettering) -> Image.Image:
    width, height = plate.size
    margin = round(width * (1 - design.width) / 2)
    x = margin if design.align == "left" else (width - block.ink.width) // 2
    y = margin if design.place == "top" else height - margin - block.ink.height
    page = _shaded(plate, y, block.ink.height, design)
    colours = Image.new("RGB", block.ink.size, ImageColor.getrgb(design.colour))
    colours.paste(ImageColor.getrgb(AMBER), mask=block.accent)
    glow = Image.new("L", plate.size)
    glow.paste(block.ink, (x, y))
    glow = glow.filter(ImageFilter.GaussianBlur(width * 0.016)).point(lambda v: v * 0.35 * design.shade)
    page.paste(_WARM_SHADOW, mask=glow)
    page.paste(colours, (x, y), block.ink)
    return page


def _shaded(plate: Image.Image, y: int, text_height: int, design: Lettering) -> Image.Image:
    """`plate` darkened behind the letters by a soft gradient, which keeps more of a picture than a box would."""
    rows = np.arange(plate.height, dtype=np.float32)
    reach = text_height * 0.75 + plate.height * 0.12
    edge = (y + text_height + reach - rows) if design.place == "top" else (rows - (y - reach))
    ramp = np.clip(edge / (text_height + reach), 0, 1)
    ramp = ramp * ramp * (3 - 2 * ramp) * design.shade
    mask = Image.fromarray(np.uint8(255 * np.repeat(ramp[:, None], plate.width, axis=1)))
    shaded = plate.copy()
    shaded.paste(_WARM_SHADOW, mask=mask)
    return shaded
