"""Motion inside the still: water that heaves, hot air, windows, lanterns that rise, a film on a screen.

Each changes a working copy of the plates before the camera looks at it, as a function of time alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from matinee.app.demo.effects import Effect, Lanterns, Projection, Shimmer, Water, Windows
from matinee.app.demo.film import Grade
from matinee.app.demo.plates import Plane, Plates, blur, fill, graded, planes_of, to_bytes

Floats = NDArray[np.float32]
_COARSE = 4  # blobs of light are looked for at a quarter of the plate's size
_Area: TypeAlias = tuple[slice, slice]
_LANTERN_LUMA = 60  # brighter than any sky at night, darker than the furthest lantern
_HALO = 6  # coarse pixels that a lantern's glow reaches
_WINDOW_FADE_S = 0.3


class Stage:
    """The plates as they are now: `still` as they were made, `base` with what has changed for good."""

    def __init__(self, still: Plates) -> None:
        self.still = still
        self.base = still.luma.copy()
        self.luma, self.blue, self.red = still.luma.copy(), still.blue.copy(), still.red.copy()

    def begin(self) -> None:
        """Start a frame: what moves is put back to where it was in the still."""
        self.luma[:] = self.base


Change: TypeAlias = Callable[[float], None]
"""Brings the stage to a time in seconds."""


def changes(effects: Sequence[Effect], stage: Stage, seconds: float, random: np.random.Generator) -> list[Change]:
    """One function per effect that moves the still itself, in order."""
    found = list[Change]()
    for effect in effects:
        match effect:
            case Water():
                found.append(_water(effect, stage, random))
            case Shimmer():
                found.append(_shimmer(effect, stage, random))
            case Windows():
                found.append(_windows(effect, stage, seconds, random))
            case Lanterns():
                found.append(_lanterns(effect, stage, random))
            case Projection():
                found.append(_projection(effect, stage, seconds))
            case _:
                continue
    return found


def _water(water: Water, stage: Stage, random: np.random.Generator) -> Change:
    rows, columns = stage.luma.shape
    top = int(water.top * rows)
    near = np.linspace(0, 1, rows - top, dtype=np.float32)
    reach = water.height * rows * near**1.2
    shine = _shine(stage.still.luma[top:], water.glitter) * np.minimum(1, 8 * near)[:, None]
    sparkle = [_sparkle(random, shine.shape) for _ in range(2)]
    phases = [11 * np.log1p(5 * near) + random.uniform(0, 6) for _ in range(2)]
    across = np.linspace(0, 2 * math.pi, columns, dtype=np.float32)

    def change(time_s: float) -> None:
        turn = 2 * math.pi * time_s / water.period_s
        swells = [reach * np.sin(turn * pace - phase) for pace, phase in zip((1.0, 0.73), phases, strict=True)]
        mix = 0.5 + 0.28 * np.sin(2.3 * across + 0.5 * turn) + 0.22 * np.sin(5.1 * across - 0.37 * turn + 1)
        moved = _heave(stage.luma, top, swells, mix)
        step = int(time_s * 9) % 48
        part = time_s * 9 - int(time_s * 9)
        twinkle = (
            _twinkle(sparkle, step, shine.shape) * (1 - part) + _twinkle(sparkle, (step + 1) % 48, shine.shape) * part
        )
        moved += shine * (twinkle - 0.9)
        np.clip(moved, 0, 219, out=moved)
        stage.luma[top:] = moved

    return change


def _shine(luma: Plane, glitter: float) -> Floats:
    """How much each place on the water can glitter: what is bright, not what is wide and bright (the moon's path)."""
    light = luma.astype(np.float32)
    return np.asarray(glitter * np.clip(light - 40, 0, 150), dtype=np.float32)


def _sparkle(random: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    small = random.random((shape[0] // 3 + 60, shape[1] // 9 + 60)).astype(np.float32)
    return np.asarray(
        Image.fromarray(small).resize(((small.shape[1]) * 9, small.shape[0] * 3), Image.Resampling.BILINEAR)
    )


def _twinkle(sparkle: Sequence[Floats], step: int, shape: tuple[int, ...]) -> Floats:
    first = sparkle[0][step : step + shape[0], 3 * step : 3 * step + shape[1]]
    second = sparkle[1][48 - step : 48 - step + shape[0], 5 * step : 5 * step + shape[1]]
    return np.asarray(first * second * 3.2, dtype=np.float32)


def _shimmer(air: Shimmer, stage: Stage, random: np.random.Generator) -> Change:
    rows, columns = stage.luma.shape
    top, bottom = int(air.top * rows), int(air.bottom * rows)
    band = np.sin(np.linspace(0, math.pi, bottom - top, dtype=np.float32))
    reach = air.height * rows * band
    waves = np.arange(bottom - top, dtype=np.float32) / rows
    across = np.linspace(0, 2 * math.pi, columns, dtype=np.float32)
    phase = random.uniform(0, 6)

    def change(time_s: float) -> None:
        swells = [reach * np.sin(190 * waves - 7.1 * time_s), reach * np.sin(260 * waves - 9.3 * time_s + phase)]
        mix = 0.5 + 0.5 * np.sin(9 * across + 2.2 * time_s) * np.sin(4 * across - 1.3 * time_s)
        stage.luma[top:bottom] = _heave(stage.luma[:bottom], top, swells, mix)

    return change


def _heave(luma: Plane, top: int, swells: Sequence[Floats], mix: Floats) -> Floats:
    """The rows from `top` down, each taken from `swell` rows away; two such pictures, mixed across the width."""
    pictures = [_displaced(luma, np.arange(top, top + len(swell)) + swell) for swell in swells]
    return pictures[0] + (pictures[1] - pictures[0]) * mix.astype(np.float32)


def _displaced(luma: Plane, places: NDArray[Any]) -> Floats:
    rows: NDArray[np.float64] = np.clip(np.asarray(places, dtype=np.float64), 0, luma.shape[0] - 1.001)
    upper = rows.astype(np.intp)
    part = (rows - upper).astype(np.float32)[:, None]
    return luma[upper] * (1 - part) + luma[upper + 1] * part


class Blob(msgspec.Struct, frozen=True):
    """A separate patch of light: its cells (row, column), and the box around them."""

    cells: tuple[tuple[int, int], ...]
    left: int
    top: int
    right: int
    bottom: int


def blobs(light: NDArray[np.bool_]) -> Iterator[Blob]:
    """The patches of light that do not touch, as boxes on a grid of this shape."""
    left_to_see = {(int(y), int(x)) for y, x in np.argwhere(light)}
    while left_to_see:
        edge, patch = [left_to_see.pop()], list[tuple[int, int]]()
        while edge:
            y, x = edge.pop()
            patch.append((y, x))
            for near in ((y, x + 1), (y, x - 1), (y + 1, x), (y - 1, x)):
                if near in left_to_see:
                    left_to_see.remove(near)
                    edge.append(near)
        ys, xs = zip(*patch, strict=True)
        yield Blob(tuple(patch), min(xs), min(ys), max(xs) + 1, max(ys) + 1)


def _windows(windows: Windows, stage: Stage, seconds: float, random: np.random.Generator) -> Change:
    luma = stage.still.luma
    coarse = np.asarray(Image.fromarray(luma).reduce(_COARSE))
    found = [b for b in blobs(coarse > 95) if b.right - b.left < 9 and b.bottom - b.top < 9]
    wanted = [found[n] for n in random.permutation(len(found))[: int(len(found) * windows.share)].tolist()]
    boxes = list(_apart([_grown(blob, luma.shape) for blob in wanted], luma.shape))
    moments = np.sort(random.uniform(0, seconds, len(boxes)))
    starts_dark = random.random(len(boxes)) < 0.5
    walls = [np.percentile(luma[box], 25).astype(np.float32) for box in boxes]
    shown = np.ones(len(boxes))

    def change(time_s: float) -> None:
        since = np.clip((time_s - moments) / _WINDOW_FADE_S, 0, 1)
        levels = np.where(starts_dark, since, 1 - since)
        for number in np.flatnonzero(levels != shown).tolist():
            lit, wall = luma[boxes[number]], walls[number]
            stage.base[boxes[number]] = np.minimum(lit, wall + (lit - wall) * np.float32(levels[number]))
        shown[:] = levels

    return change


def _apart(boxes: Sequence[_Area], shape: tuple[int, ...]) -> Iterator[_Area]:
    """Those boxes that do not lie over an earlier one: each window is then drawn without the others."""
    taken = np.zeros(shape, dtype=np.bool_)
    for box in boxes:
        if not taken[box].any():
            taken[box] = True
            yield box


def _grown(blob: Blob, shape: tuple[int, ...], by: int = 1) -> tuple[slice, slice]:
    rows = slice(max(0, (blob.top - by) * _COARSE), min(shape[0], (blob.bottom + by) * _COARSE))
    return rows, slice(max(0, (blob.left - by) * _COARSE), min(shape[1], (blob.right + by) * _COARSE))


class _Lantern(msgspec.Struct, frozen=True):
    """A lantern cut out: its light above the sky's (`ground`), its colours, where it hangs, and how it moves."""

    rows: int
    columns: int
    ground: float
    luma: Floats
    blue: Floats
    red: Floats
    near: float
    phase: float


def _lanterns(lanterns: Lanterns, stage: Stage, random: np.random.Generator) -> Change:
    still = stage.still
    rows, columns = still.luma.shape
    coarse = np.asarray(Image.fromarray(still.luma).reduce(_COARSE))
    waterline = lanterns.waterline * coarse.shape[0]
    every = list(blobs(coarse > _LANTERN_LUMA))
    shares = _shares(every, coarse.shape)
    free = [(blob, share) for blob, share in zip(every, shares, strict=True) if blob.bottom < waterline]
    hidden = _enlarged(np.sum([share for _, share in free], axis=0), (rows, columns))
    empty = (
        fill(still.luma.astype(np.float32), hidden),
        fill(still.blue.astype(np.float32), hidden[::2, ::2]),
        fill(still.red.astype(np.float32), hidden[::2, ::2]),
    )
    found = [_cut_lantern(still, empty, blob, share, float(random.uniform(0, 7))) for blob, share in free]
    found.sort(key=lambda lantern: lantern.near)

    def change(time_s: float) -> None:
        for plane, background in zip((stage.luma, stage.blue, stage.red), empty, strict=True):
            plane[:] = background
        for lantern in found:
            _hang(lantern, stage, lanterns.rise, time_s)

    return change


def _shares(found: Sequence[Blob], shape: tuple[int, ...]) -> list[Floats]:
    """How much of the light at each coarse place is each lantern's: all of it on the lantern, less in its glow."""
    cores = [_core(blob, shape) for blob in found]
    glows = [_glow(core, blob) for core, blob in zip(cores, found, strict=True)]
    taken, whole = np.clip(np.sum(cores, axis=0), 0, 1), np.sum(glows, axis=0)
    seen = np.minimum(1, 3 * whole) * (1 - taken) / np.maximum(whole, 1e-3)
    overlap = np.maximum(1, np.sum(cores, axis=0))
    return [core / overlap + glow * seen for core, glow in zip(cores, glows, strict=True)]


def _core(blob: Blob, shape: tuple[int, ...]) -> Floats:
    mask = np.zeros(shape, dtype=np.uint8)
    rows, columns = zip(*blob.cells, strict=True)
    mask[list(rows), list(columns)] = 255
    grown = np.asarray(Image.fromarray(mask).filter(ImageFilter.MaxFilter(3)))
    return np.asarray(grown / np.float32(255), dtype=np.float32)


def _glow(core: Floats, blob: Blob) -> Floats:
    """How far a lantern's light goes, falling softly to nothing."""
    near = slice(max(0, blob.top - 3 * _HALO), blob.bottom + 3 * _HALO)
    aside = slice(max(0, blob.left - 3 * _HALO), blob.right + 3 * _HALO)
    glow = np.zeros_like(core)
    glow[near, aside] = blur(core[near, aside], _HALO)
    return glow


def _enlarged(field: Floats, shape: tuple[int, ...]) -> Floats:
    return np.asarray(Image.fromarray(field).resize((shape[1], shape[0]), Image.Resampling.BILINEAR), dtype=np.float32)


def _cut_lantern(still: Plates, empty: Sequence[Floats], blob: Blob, share: Floats, phase: float) -> _Lantern:
    rows, columns = _grown(blob, still.luma.shape, by=2 * _HALO)
    rows, columns = slice(rows.start & ~1, rows.stop & ~1), slice(columns.start & ~1, columns.stop & ~1)
    half = (slice(rows.start // 2, rows.stop // 2), slice(columns.start // 2, columns.stop // 2))
    cells = share[
        rows.start // _COARSE : -(-rows.stop // _COARSE), columns.start // _COARSE : -(-columns.stop // _COARSE)
    ]
    own = _enlarged(cells, (rows.stop - rows.start, columns.stop - columns.start))
    own = own * _feather(*own.shape)
    sky = empty[0][rows, columns]
    return _Lantern(
        rows.start,
        columns.start,
        float(sky.min()),
        (still.luma[rows, columns] - sky) * own,
        still.blue[half].astype(np.float32),
        still.red[half].astype(np.float32),
        min(1.0, (blob.bottom - blob.top) * _COARSE / still.luma.shape[0] / 0.16),
        phase,
    )


def _feather(rows: int, columns: int) -> Floats:
    ramps = [np.clip(np.minimum(np.arange(n) + 1, n - np.arange(n)) / 16, 0, 1) for n in (rows, columns)]
    return np.outer(*ramps).astype(np.float32)


def _hang(lantern: _Lantern, stage: Stage, rise: float, time_s: float) -> None:
    height = stage.luma.shape[0]
    up = rise * (0.25 + lantern.near) * time_s + 0.0015 * math.sin(time_s * 0.9 + lantern.phase)
    aside = 0.004 * (0.3 + lantern.near) * math.sin(time_s * 0.35 + lantern.phase)
    glow = np.float32(1 + 0.08 * math.sin(time_s * 3.1 + 3 * lantern.phase) * math.sin(time_s * 1.3 + lantern.phase))
    y, x = lantern.rows - up * height, lantern.columns + aside * height
    light = shifted(lantern.luma, y - math.floor(y), x - math.floor(x))
    seen, part = _overlap(stage.luma, light.shape, math.floor(y), math.floor(x))
    stage.luma[part] = np.maximum(stage.luma[part], _over_sky(light[seen] * glow, lantern.ground))
    y, x = y / 2, x / 2
    down, right = y - math.floor(y), x - math.floor(x)
    cover = np.clip(shifted(lantern.luma[::2, ::2], down, right) / 40, 0, 1)
    for plane, shape in ((stage.blue, lantern.blue), (stage.red, lantern.red)):
        seen, part = _overlap(plane, cover.shape, math.floor(y), math.floor(x))
        plane[part] = plane[part] * (1 - cover[seen]) + (shifted(shape, down, right)[seen]) * cover[seen]


def _over_sky(light: Floats, ground: float) -> Floats:
    """A lantern's light on the sky it was cut from; where it has no light it leaves any other sky as it is."""
    return np.clip(light + np.float32(ground) * np.minimum(1, light / 8), 0, 219)


def _overlap(plane: Plane, shape: tuple[int, ...], top: int, left: int) -> tuple[_Area, _Area]:
    """The part of a shape that lies on the plane when its corner is at (top, left), and where on it."""
    first_row, first_column = max(0, -top), max(0, -left)
    last_row = max(first_row, min(shape[0], plane.shape[0] - top))
    last_column = max(first_column, min(shape[1], plane.shape[1] - left))
    seen = (slice(first_row, last_row), slice(first_column, last_column))
    return seen, (slice(top + first_row, top + last_row), slice(left + first_column, left + last_column))


def shifted(shape: Floats, down: float, right: float) -> Floats:
    """`shape` moved by a part of a pixel, one row and one column larger."""
    padded = np.pad(shape, 1)
    lower = padded[1:] * np.float32(1 - down) + padded[:-1] * np.float32(down)
    return np.asarray(lower[:, 1:] * np.float32(1 - right) + lower[:, :-1] * np.float32(right), dtype=np.float32)


def _projection(projection: Projection, stage: Stage, seconds: float) -> Change:
    rows, columns = stage.luma.shape
    left, top, right, bottom = (
        2 * round(v * n / 2) for v, n in zip(projection.screen, (columns, rows) * 2, strict=True)
    )
    reels = [_reel(name, right - left, bottom - top) for name in projection.stills]
    whole = (slice(top, bottom), slice(left, right))
    half = (slice(top // 2, bottom // 2), slice(left // 2, right // 2))

    def change(time_s: float) -> None:
        place = time_s / seconds * len(reels)
        number, part = int(place), place - int(place)
        luma, blue, red = reels[number % len(reels)](part)
        dip = min(1.0, 9 * part, 9 * (1 - part))  # each reel fades in from the lamp's bare light
        beam = 0.94 + 0.06 * math.sin(time_s * 31) * math.sin(time_s * 5.3)
        stage.luma[whole] = np.clip((219 - dip * (219 - (30 + 1.1 * luma.astype(np.float32)))) * beam, 0, 219)
        stage.blue[half] = 128 + (blue.astype(np.float32) - 128) * dip
        stage.red[half] = 128 + (red.astype(np.float32) - 128) * dip

    return change


def _reel(name: str, width: int, height: int) -> Callable[[float], list[Plane]]:
    """Another film's still as it runs on the screen: its planes at a share of its time, panned slowly."""
    light = np.asarray(graded(name, Grade()), dtype=np.float32)
    planes = [to_bytes(plane) for plane in planes_of(light, (width + 16 & ~1, round((width + 16) * 9 / 32) * 2))]
    sizes = [(width, height), (width // 2, height // 2), (width // 2, height // 2)]

    def frame(part: float) -> list[Plane]:
        share = 0.95 - 0.05 * part  # of the still's width
        return [_part(plane, size, share, 0.2 + 0.6 * part) for plane, size in zip(planes, sizes, strict=True)]

    return frame


def _part(plane: Plane, size: tuple[int, int], share: float, across: float) -> Plane:
    wide = plane.shape[1] * share
    high = wide * size[1] / size[0]
    x, y = (plane.shape[1] - wide) * across, (plane.shape[0] - high) * 0.55
    moved = Image.fromarray(plane).resize(size, Image.Resampling.BILINEAR, box=(x, y, x + wide, y + high))
    return np.asarray(moved)
