"""Plates: a still taken apart into what the camera sees behind and before, in the planes that video is made of.

Planes are Y'CbCr of ITU-R BT.709, 8 bit. Luma is held from 0 (black) to 219 (white), without video's offset of 16;
colour planes are half as wide and high, 128 is grey.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from importlib import resources

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from matinee.app.demo.film import Grade, Layer

Plane = NDArray[np.uint8]
Floats = NDArray[np.float32]
_BT709 = np.array([[0.2126, 0.7152, 0.0722], [-0.1146, -0.3854, 0.5], [0.5, -0.4542, -0.0458]], dtype=np.float32)
_NOISE_STEPS = 5.0  # the stills' own noise: it must not slide over the screen with the picture
OVERSCAN = 1.12  # a plate is this much wider than the picture: about one to one at the camera's usual enlargement


class Cutout(msgspec.Struct, frozen=True):
    """A layer: how much light it lets through (uint8[plate]), the colour it has, and its depth.

    A silhouette only takes light away; a solid layer has planes of its own.
    """

    through: Plane
    tint: tuple[float, float]
    depth: float
    box: tuple[float, float, float, float]
    """Outside of this part of the plate (0..1) the layer is not."""
    own: tuple[Plane, Plane, Plane] | None = None


class Plates(msgspec.Struct, frozen=True):
    """The background's planes, the layers before it (far to near), and the whole still's luma."""

    luma: Plane
    blue: Plane
    red: Plane
    layers: tuple[Cutout, ...]
    whole: Plane


def still_bytes(name: str) -> bytes:
    """The still as it is shipped, JPEG."""
    return (resources.files("matinee.app.demo") / "stills" / f"{name}.jpg").read_bytes()


def graded(name: str, grade: Grade) -> Image.Image:
    """The still as a film sees it."""
    picture = Image.open(io.BytesIO(still_bytes(name))).convert("RGB")
    if grade == Grade():
        return picture
    size = picture.size
    if grade.is_mirrored:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    left, top, right, bottom = grade.crop
    box = (left * size[0], top * size[1], right * size[0], bottom * size[1])
    light = np.asarray(picture.resize(size, Image.Resampling.LANCZOS, box=box), dtype=np.float32) / 255
    grey = (light @ _BT709[0])[..., None]
    light = np.clip(grey + (light - grey) * grade.saturation, 0, 1) ** grade.gamma
    return Image.fromarray(np.uint8(255 * np.clip(light * np.array(grade.gain, dtype=np.float32), 0, 1)))


def make_plates(picture: Image.Image, layers: Sequence[Layer], height: int) -> Plates:
    """The plates for a film of this height."""
    size = (_even(height * 16 / 9 * OVERSCAN), _even(height * OVERSCAN))
    luma, blue, red = planes_of(denoise(np.asarray(picture, dtype=np.float32)), size)
    return _take_apart(luma, (blue, red), layers)


def planes_of(light: Floats, size: tuple[int, int]) -> tuple[Floats, Floats, Floats]:
    """The planes of a picture (float32[rows, columns, 3], 0..255), enlarged to `size`."""
    luma, blue, red = (plane for plane in (light @ _BT709.T).transpose(2, 0, 1))
    half = (size[0] // 2, size[1] // 2)
    return (
        np.asarray(Image.fromarray(luma * np.float32(219 / 255)).resize(size, Image.Resampling.LANCZOS)),
        np.asarray(Image.fromarray(blue * np.float32(224 / 255) + 128).resize(half, Image.Resampling.BICUBIC)),
        np.asarray(Image.fromarray(red * np.float32(224 / 255) + 128).resize(half, Image.Resampling.BICUBIC)),
    )


def denoise(light: Floats) -> Floats:
    """Wiener's local filter: where a patch varies no more than noise does, it is made smooth."""
    mean = _blur(light, 1.5)
    detail = light - mean
    variance = _blur(detail * detail, 3.0).max(axis=2, keepdims=True)
    keep = np.maximum(variance - _NOISE_STEPS**2, 0) / (variance + 1e-3)
    return np.asarray(mean + detail * (0.12 + 0.88 * keep), dtype=np.float32)


def _blur(planes: Floats, radius_px: float) -> Floats:
    blurred = [blur(planes[..., number], radius_px) for number in range(planes.shape[2])]
    return np.stack(blurred, axis=2)


def blur(plane: Floats, radius_px: float) -> Floats:
    """About a Gaussian of this radius: three box filters, by running sums."""
    box = max(1, round((radius_px * 12**0.5 / 3**0.5 - 1) / 2))
    for axis in (0, 1):
        for _ in range(3):
            plane = _box(plane, box, axis)
    return plane


def _box(plane: Floats, reach: int, axis: int) -> Floats:
    padding = [(0, 0), (0, 0)]
    padding[axis] = (reach + 1, reach)
    sums = np.cumsum(np.pad(plane, padding, mode="edge"), axis=axis, dtype=np.float64)
    width, length = 2 * reach + 1, plane.shape[axis]
    upper = np.take(sums, range(width, width + length), axis=axis)
    lower = np.take(sums, range(length), axis=axis)
    return np.asarray((upper - lower) / width, dtype=np.float32)


def _take_apart(luma: Floats, chroma: Sequence[Floats], layers: Sequence[Layer]) -> Plates:
    shape = luma.shape
    whole = to_bytes(luma)
    masks = [_region(layer, shape) for layer in layers]
    taken = np.zeros(shape, dtype=np.float32)
    for layer, mask in zip(layers, masks, strict=True):
        taken = np.maximum(taken, mask * (1 if layer.is_solid else _darkness(luma)))
    hidden = np.minimum(1, blur(taken, shape[0] * 0.004) * 3)
    if layers:  # what is brighter than its surroundings is a light on the layer, not a part of it
        guess = fill(luma, hidden)
        hidden *= np.clip((1.12 * guess + 2 - luma) / (0.1 * guess + 1), 0, 1)
    behind = fill(luma, hidden) if layers else luma
    behind_chroma = [fill(plane, hidden[::2, ::2]) for plane in chroma] if layers else list(chroma)
    cutouts = list[Cutout]()
    for number, (layer, mask) in enumerate(zip(layers, masks, strict=True)):
        nearer = np.prod([1 - other for other in masks[number + 1 :]] or [np.ones(1, dtype=np.float32)], axis=0)
        if layer.is_solid:
            own = (whole, to_bytes(chroma[0]), to_bytes(chroma[1]))
            cutouts.append(_cutout(1 - mask * nearer, (128.0, 128.0), layer.depth, own))
            continue
        through = 1 - mask * nearer * (1 - np.clip((luma + 1) / (behind + 1), 0, 1))
        opaque = np.maximum(1 - through[::2, ::2], 1e-6)
        tint = tuple(float((plane * opaque).sum() / opaque.sum()) for plane in chroma)
        cutouts.append(_cutout(through, (tint[0], tint[1]), layer.depth))
    return Plates(to_bytes(behind), to_bytes(behind_chroma[0]), to_bytes(behind_chroma[1]), tuple(cutouts), whole)


def _cutout(
    through: Floats, tint: tuple[float, float], depth: float, own: tuple[Plane, Plane, Plane] | None = None
) -> Cutout:
    plane = to_bytes(through * 255)
    rows, columns = np.flatnonzero((plane < 253).any(axis=1)), np.flatnonzero((plane < 253).any(axis=0))
    if not len(rows):
        return Cutout(plane, tint, depth, (0.0, 0.0, 0.0, 0.0), own)
    height, width = plane.shape
    box = (columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height)
    return Cutout(plane, tint, depth, box, own)


def _region(layer: Layer, shape: tuple[int, int]) -> Floats:
    height, width = shape[0] // 4, shape[1] // 4
    mask = Image.new("L", (width, height))
    ImageDraw.Draw(mask).polygon([(x * width, y * height) for x, y in layer.region], fill=255)
    soft = mask.filter(ImageFilter.GaussianBlur(layer.feather * height)).resize((shape[1], shape[0]))
    return np.asarray(np.asarray(soft) / np.float32(255), dtype=np.float32)


def _darkness(luma: Floats) -> Floats:
    """Where a pixel is darker than what lies around it, 0..1."""
    small = Image.fromarray(to_bytes(luma)).reduce(8)
    small = small.filter(ImageFilter.MaxFilter(9)).filter(ImageFilter.GaussianBlur(3))
    around = np.asarray(small.resize((luma.shape[1], luma.shape[0]), Image.Resampling.BILINEAR), dtype=np.float32)
    return np.asarray(np.clip((0.9 * around - luma) / (0.25 * around + 2), 0, 1), dtype=np.float32)


def fill(plane: Floats, hidden: Floats) -> Floats:
    """`plane` with what is hidden painted in from its surroundings (push-pull, Gortler et al. 1996)."""
    known = Image.fromarray(np.asarray(1 - hidden, dtype=np.float32))
    pyramid = [(Image.fromarray(np.asarray(plane * (1 - hidden), dtype=np.float32)), known)]
    while min(pyramid[-1][0].size) > 2:
        pyramid.append((pyramid[-1][0].reduce(2), pyramid[-1][1].reduce(2)))
    guess: Floats | None = None
    for value, weight in reversed(pyramid):
        sums, weights = np.asarray(value), np.asarray(weight)
        if guess is None:
            guess = np.full_like(sums, sums.sum() / max(1e-6, float(weights.sum())))
        guess = np.asarray(Image.fromarray(guess).resize(value.size, Image.Resampling.BILINEAR))
        sure = np.minimum(1, weights * 2)
        guess = np.asarray(guess * (1 - sure) + sums / np.maximum(weights, 1e-6) * sure, dtype=np.float32)
    assert guess is not None
    return np.asarray(plane * (1 - hidden) + guess * hidden, dtype=np.float32)


def to_bytes(plane: Floats) -> Plane:
    """Rounded to 8 bits."""
    return np.asarray(np.clip(plane + 0.5, 0, 255), dtype=np.uint8)


def _even(size: float) -> int:
    return 2 * round(size / 2)
