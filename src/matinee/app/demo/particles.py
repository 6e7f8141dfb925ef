"""Particles: snow, rain, dust, sparks, stars, moths and cars, each a soft spot set to a fraction of a pixel.

Where every one of them is, is a function of time alone; so any frame can be drawn without the frames before it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from matinee.app.demo.effects import Dust, Effect, Embers, Moths, Rain, Snow, Stars, Traffic
from matinee.app.demo.film import View

Floats = NDArray[np.float32]
ASPECT = 16 / 9
PHASES = 4  # a spot is kept at this many places between two pixels, each way
_STILL_GRID = (320, 180)  # columns, rows at which particles look up how bright the still is


class Spots(msgspec.Struct, frozen=True):
    """Where spots are in the picture now: pixels, radius in pixels, light added (0..219), colour."""

    x: Floats
    y: Floats
    radius: Floats
    light: Floats
    tint: tuple[float, float] = (0.0, 0.0)
    is_scene: bool = False
    """Whether they belong to the scene, and are not seen before it comes up."""


class Streaks(msgspec.Struct, frozen=True):
    """Streaks of one length and slant: the middle of each in pixels, and its light."""

    x: Floats
    y: Floats
    light: Floats
    length: float
    slant: float


class Sky(msgspec.Struct, frozen=True):
    """What particles know of the still: its luma, float32[180, 320], 0..1."""

    luma: Floats

    def at(self, x: Floats, y: Floats) -> Floats:
        """How bright the still is at places on it."""
        column = np.clip(x * _STILL_GRID[0], 0, _STILL_GRID[0] - 1).astype(np.intp)
        row = np.clip(y * _STILL_GRID[1], 0, _STILL_GRID[1] - 1).astype(np.intp)
        return self.luma[row, column]


def sky_of(picture: Image.Image) -> Sky:
    """The still's luma as particles look it up."""
    small = picture.convert("L").resize(_STILL_GRID, Image.Resampling.BOX)
    return Sky(_floats(np.asarray(small) / 255))


Cast: TypeAlias = Callable[[float, View, int], "Spots | Streaks"]
"""Answers what is in the picture at a time, for a view, on a picture of this height."""


def casts(effects: Sequence[Effect], sky: Sky, random: np.random.Generator) -> list[Cast]:
    """One function per effect that is made of particles, in order."""
    found = list[Cast]()
    for effect in effects:
        match effect:
            case Snow():
                found.append(_snow(effect, sky, random))
            case Rain():
                found.append(_rain(effect, sky, random))
            case Dust():
                found.append(_dust(effect, sky, random))
            case Embers():
                found.append(_embers(effect, random))
            case Stars():
                found.append(_stars(effect, sky, random))
            case Moths():
                found.append(_moths(effect, random))
            case Traffic():
                found.append(_traffic(effect, random))
            case _:
                continue
    return found


def on_still(x: Floats, y: Floats, view: View) -> tuple[Floats, Floats]:
    """Where places in the picture (in picture heights) are on the still."""
    return view.x + (x / ASPECT - 0.5) / view.zoom, view.y + (y - 0.5) / view.zoom


def in_picture(x: Floats, y: Floats, view: View, height: int) -> tuple[Floats, Floats]:
    """Where places on the still are in the picture, in pixels."""
    return ((x - view.x) * view.zoom + 0.5) * height * ASPECT, ((y - view.y) * view.zoom + 0.5) * height


def _floats(values: NDArray[Any]) -> Floats:
    return values.astype(np.float32)


def _snow(snow: Snow, sky: Sky, random: np.random.Generator) -> Cast:
    place = _floats(random.random((2, snow.count))) * np.array([[2.2], [1.2]], dtype=np.float32)
    near = _floats(random.random(snow.count) ** 3)  # most flakes are far away
    phase, pace = _floats(random.uniform(0, 7, snow.count)), _floats(random.uniform(0.5, 1.2, snow.count))
    pull = 0.25 + 1.6 * near

    def cast(time_s: float, view: View, height: int) -> Spots:
        sway = np.sin(time_s * pace * 1.3 + phase) * 0.012 * (0.4 + near)
        x = (place[0] + (snow.wind * time_s - view.x * 0.3) * pull + sway) % 2.2 - 0.2
        y = (place[1] + (snow.fall * time_s * pace - view.y * 0.3) * pull) % 1.2 - 0.1
        lit = sky.at(*on_still(x, y, view))
        light = (26 + 150 * lit) * (0.95 - 0.55 * near)  # a near flake is out of focus, so it is fainter
        radius = snow.size * (0.32 + 2.6 * near) * height
        return Spots(x * height, y * height, radius, _floats(light))

    return cast


def _rain(rain: Rain, sky: Sky, random: np.random.Generator) -> Cast:
    place = _floats(random.random((2, rain.count))) * np.array([[2.0], [1.3]], dtype=np.float32)
    near = _floats(random.uniform(0.45, 1.0, rain.count))

    def cast(time_s: float, view: View, height: int) -> Streaks:
        y = (place[1] + time_s * rain.speed * near) % 1.3 - 0.15
        x = (place[0] - y * rain.slant - view.x * near) % 2.0 - 0.1
        lit = sky.at(*on_still(x, y, view))
        light = 219 * rain.light * near * (0.12 + lit)
        return Streaks(x * height, y * height, _floats(light), rain.length * height, rain.slant)

    return cast


def _dust(dust: Dust, sky: Sky, random: np.random.Generator) -> Cast:
    place = _floats(random.random((2, dust.count))) * np.array([[ASPECT + 0.2], [1.2]], dtype=np.float32)
    near = _floats(random.random(dust.count) ** 2)
    phase, pace = _floats(random.uniform(0, 7, dust.count)), _floats(random.uniform(0.15, 0.5, dust.count))

    def cast(time_s: float, view: View, height: int) -> Spots:
        x = place[0] + dust.drift * time_s * (0.5 + near) + 0.02 * np.sin(time_s * pace + phase)
        y = place[1] - dust.rise * time_s * (0.5 + near) + 0.02 * np.cos(time_s * pace * 0.8 + phase)
        x = (x - view.x * 0.5 * (1 + near)) % (ASPECT + 0.2) - 0.1
        y = (y - view.y * 0.5 * (1 + near)) % 1.2 - 0.1
        twinkle = 0.6 + 0.4 * np.sin(time_s * pace * 4 + 3 * phase)
        light = 219 * dust.light * sky.at(*on_still(x, y, view)) * twinkle * (0.9 - 0.6 * near)
        radius = dust.size * (0.4 + 1.5 * near) * height
        return Spots(x * height, y * height, radius, _floats(light), is_scene=True)

    return cast


def _embers(embers: Embers, random: np.random.Generator) -> Cast:
    start, phase = _floats(random.random(embers.count) * 2.0 - 0.1), _floats(random.uniform(0, 7, embers.count))
    life, near = _floats(random.uniform(5, 12, embers.count)), _floats(random.random(embers.count) ** 2)

    def cast(time_s: float, view: View, height: int) -> Spots:
        age = (time_s / life + phase) % 1
        x = start + 0.03 * np.sin(age * 9 + phase) + 0.1 * age
        y = 1.05 - age * life * embers.rise * (0.7 + near)
        light = 150 * np.sin(np.pi * age) ** 0.7 * (0.7 + 0.3 * np.sin(time_s * 6 + 5 * phase)) * (0.9 - 0.5 * near)
        radius = embers.size * (0.35 + 1.1 * near) * height
        return Spots(_floats(x - view.x * 0.2) * height, _floats(y) * height, radius, _floats(light), (-0.35, 0.45))

    return cast


def _stars(stars: Stars, sky: Sky, random: np.random.Generator) -> Cast:
    x, y = _floats(random.random(stars.count * 3)), _floats(random.random(stars.count * 3)) * stars.horizon
    around = np.max([sky.at(x + dx, y + dy) for dx in (-0.012, 0, 0.012) for dy in (-0.02, 0, 0.02)], axis=0)
    dark = np.flatnonzero(around < 0.42)[: stars.count]
    x, y = x[dark], y[dark]
    size, phase = _floats(random.random(len(x)) ** 3), _floats(random.uniform(0, 7, len(x)))
    fade = np.clip((stars.horizon - y) / (0.5 * stars.horizon), 0, 1) * (1 - 1.6 * sky.at(x, y))

    def cast(time_s: float, view: View, height: int) -> Spots:
        at = in_picture(x, y, view, height)
        light = 219 * stars.light * fade * (0.35 + 0.65 * size) * (0.8 + 0.2 * np.sin(time_s * 2.6 + phase))
        return Spots(
            at[0], at[1], _floats(height * (0.00075 + 0.0009 * size) * view.zoom**0.5), _floats(light), is_scene=True
        )

    return cast


def _moths(moths: Moths, random: np.random.Generator) -> Cast:
    rates, phases = random.uniform(0.7, 2.3, (4, moths.count)), random.uniform(0, 7, (4, moths.count))

    def cast(time_s: float, view: View, height: int) -> Spots:
        angle = time_s * rates + phases
        reach = moths.radius * (0.45 + 0.4 * np.sin(angle[2]) + 0.25 * np.sin(2.7 * angle[3]))
        x = moths.x + reach * np.cos(1.7 * angle[0] + np.sin(angle[1])) / ASPECT
        y = moths.y + 0.75 * reach * np.sin(1.9 * angle[1] + np.sin(2.1 * angle[0]))
        at = in_picture(_floats(x), _floats(y), view, height)
        beat = 120 * (0.65 + 0.35 * np.sin(time_s * 55 + phases[0]))
        radius = np.full(moths.count, height * 0.0021 * view.zoom, dtype=np.float32)
        return Spots(at[0], at[1], radius, _floats(beat), is_scene=True)

    return cast


def _traffic(traffic: Traffic, random: np.random.Generator) -> Cast:
    phase = _floats((np.arange(traffic.count) + random.uniform(-0.3, 0.3, traffic.count)) / traffic.count)
    lane = _floats(random.choice([-1.0, 1.0], traffic.count))
    tint = (-0.1, 0.6) if traffic.is_red else (-0.12, 0.06)

    def cast(time_s: float, view: View, height: int) -> Spots:
        way = (phase + time_s * traffic.speed * (-1 if traffic.is_red else 1)) % 1
        near = way**2.2  # perspective: what is far seems slow
        x = traffic.far[0] + (traffic.near[0] - traffic.far[0]) * near + 0.0035 * lane * (0.1 + near)
        y = traffic.far[1] + (traffic.near[1] - traffic.far[1]) * near
        at = in_picture(_floats(x), _floats(y), view, height)
        light = (90 if traffic.is_red else 170) * np.minimum(1, 8 * way) * np.minimum(1, 12 * (1 - way))
        radius = _floats(height * (0.0012 + 0.006 * near) * view.zoom)
        return Spots(at[0], at[1], radius, _floats(light), tint, is_scene=True)

    return cast


def draw(spots: Spots | Streaks, planes: tuple[Floats, Floats, Floats], brush: Brush, scene: float) -> None:
    """Add what a cast answered to the planes; `scene` is how far the scene is up, 0..1."""
    luma, blue, red = planes
    if isinstance(spots, Streaks):
        shape = brush.streak(spots.length, spots.slant, luma.shape[0])
        for x, y, light in zip(spots.x.tolist(), spots.y.tolist(), spots.light.tolist(), strict=True):
            if light > 1:
                _add(luma, shape, x, y, light)
        return
    is_tinted = spots.tint != (0.0, 0.0)
    lights = (spots.light * scene if spots.is_scene else spots.light).tolist()
    rows = zip(spots.x.tolist(), spots.y.tolist(), spots.radius.tolist(), lights, strict=True)
    for x, y, radius, light in rows:
        if light <= 1:
            continue
        _add(luma, brush.spot(radius, x, y), x, y, light)
        if is_tinted:
            soft = brush.spot(radius, x / 2, y / 2)
            _add(blue, soft, x / 2, y / 2, light * spots.tint[0])
            _add(red, soft, x / 2, y / 2, light * spots.tint[1])


def _add(plane: Floats, shape: Floats, x: float, y: float, light: float) -> None:
    top, left = math.floor(y) - shape.shape[0] // 2, math.floor(x) - shape.shape[1] // 2
    bottom, right = top + shape.shape[0], left + shape.shape[1]
    height, width = plane.shape
    if bottom <= 0 or right <= 0 or top >= height or left >= width:
        return
    if top < 0 or left < 0 or bottom > height or right > width:
        shape = shape[max(0, -top) : height - top, max(0, -left) : width - left]
        top, left = max(0, top), max(0, left)
        bottom, right = top + shape.shape[0], left + shape.shape[1]
    plane[top:bottom, left:right] += shape * np.float32(light)


class Brush:
    """Shapes that spots and streaks are drawn with, made once each."""

    def __init__(self) -> None:
        self._shapes: dict[tuple[int, ...], Floats] = {}

    def spot(self, radius: float, x: float, y: float) -> Floats:
        """A soft disc, set off by the part of a pixel that `x` and `y` have."""
        step = max(1, round(math.log(max(radius, 0.35) / 0.3, 1.15)))  # sizes go by 15 per cent
        key = (step, int((x - math.floor(x)) * PHASES), int((y - math.floor(y)) * PHASES))
        if key not in self._shapes:
            self._shapes[key] = _disc(0.3 * 1.15**step, (key[1] + 0.5) / PHASES, (key[2] + 0.5) / PHASES)
        return self._shapes[key]

    def streak(self, length: float, slant: float, height: int) -> Floats:
        """A thin line of light, faint at both ends."""
        key = (-round(length), round(slant * 1000), height)
        if key not in self._shapes:
            self._shapes[key] = _line(length, slant, max(0.55, height / 1500))
        return self._shapes[key]


def _disc(radius: float, x: float, y: float) -> Floats:
    reach = math.ceil(radius * 1.6 + 1)
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    distance = np.hypot(rows + 0.5 - y, columns + 0.5 - x) / radius
    soft = np.exp(-(distance**2) * 1.8) if radius < 4 else 1 / (1 + np.exp((distance - 0.8) * 6))
    peak = min(1.0, radius**2 * 1.4)  # a flake smaller than a pixel is not larger, only fainter
    return np.asarray(soft * peak, dtype=np.float32)


def _line(length: float, slant: float, thickness: float) -> Floats:
    high, wide = math.ceil(length / 2), math.ceil(length * abs(slant) / 2 + 3)
    rows, columns = np.mgrid[-high : high + 1, -wide : wide + 1]
    across = (columns + rows * slant) / thickness
    along = np.clip(1 - (rows / (length / 2)) ** 2, 0, 1)
    return np.asarray(np.exp(-(across**2)) * along, dtype=np.float32)
