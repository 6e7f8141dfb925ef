"""Atmosphere: the wide, soft part of a film's light, worked out coarsely and spread over the picture.

Two fields over the whole still: `gain` multiplies its light, `haze` adds light with a colour of its own. The camera
then frames them as it frames the still.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from matinee.app.demo.effects import Clouds, Effect, Flicker, Fog, Rays, Swell

Floats = NDArray[np.float32]
GRID = (160, 90)  # columns, rows: fog has no finer detail than this
ASPECT = 16 / 9
_X, _Y = np.meshgrid(
    (np.arange(GRID[0], dtype=np.float32) + 0.5) / GRID[0], (np.arange(GRID[1], dtype=np.float32) + 0.5) / GRID[1]
)


class Air:
    """The fields at one moment, float32[rows, columns]; `light`, `blue` and `red` are added, in 8-bit steps."""

    def __init__(self) -> None:
        shape = (GRID[1], GRID[0])
        self.gain = np.ones(shape, dtype=np.float32)
        self.light = np.zeros(shape, dtype=np.float32)
        self.blue = np.zeros(shape, dtype=np.float32)
        self.red = np.zeros(shape, dtype=np.float32)

    def add_haze(self, amount: Floats, light: float, tint: tuple[float, float]) -> None:
        """Lay a haze over everything: `amount` 0..1 of it, of this brightness (0..1) and colour."""
        self.gain *= 1 - amount
        self.light += amount * (np.float32(219 * light) - self.light)
        self.blue += amount * (np.float32(112 * tint[0]) - self.blue)
        self.red += amount * (np.float32(112 * tint[1]) - self.red)


Shade: TypeAlias = Callable[[Air, float], None]
"""Changes the fields as one effect does, at a time in seconds."""


def shades(effects: Sequence[Effect], seconds: float, random: np.random.Generator) -> list[Shade]:
    """One function per effect that belongs to the atmosphere, in order."""
    found = list[Shade]()
    for effect in effects:
        match effect:
            case Fog():
                found.append(_fog(effect, random))
            case Flicker():
                found.append(_flicker(effect, random))
            case Swell():
                found.append(_swell(effect, seconds))
            case Clouds():
                found.append(_clouds(effect, random))
            case Rays():
                found.append(_rays(effect, random))
            case _:
                continue
    return found


def _fog(fog: Fog, random: np.random.Generator) -> Shade:
    near, far = clouds(random, 0.55), clouds(random, 0.3)
    bank = np.exp(-(((_Y - fog.middle) / fog.spread) ** 2))

    def shade(air: Air, time_s: float) -> None:
        thick = 0.6 * drifted(near, time_s * fog.speed) + 0.4 * drifted(far, -0.6 * time_s * fog.speed)
        air.add_haze(np.clip(fog.density * bank * (2.2 * thick - 0.35), 0, 0.9), fog.light, fog.tint)

    return shade


def _flicker(light: Flicker, random: np.random.Generator) -> Shade:
    glow = _glow(light.x, light.y, light.radius)
    phase = random.uniform(0, 7)
    pace = {"flame": _flame, "tube": _tube, "beam": _beam}[light.kind]

    def shade(air: Air, time_s: float) -> None:
        air.gain *= 1 + light.depth * np.float32(pace(time_s + phase)) * glow

    return shade


def _flame(time_s: float) -> float:
    """-1..1: slow breathing with a quick tremble on it."""
    slow = math.sin(time_s * 2.1) + math.sin(time_s * 3.7 + 1.3)
    return 0.32 * slow + 0.22 * math.sin(time_s * 11.3) * math.sin(time_s * 4.9) + 0.14 * math.sin(time_s * 23.0 + 0.4)


def _tube(time_s: float) -> float:
    """Steady, but now and then it stutters and goes down to almost nothing."""
    beat = math.sin(time_s * 0.83) * math.sin(time_s * 1.37 + 0.9)
    return 0.06 * math.sin(time_s * 60) if beat < 0.62 else -0.9 * (math.sin(time_s * 37) > 0.1) - 0.1


def _beam(time_s: float) -> float:
    """Scenes of different brightness, and the projector's shutter."""
    scene = math.sin(math.floor(time_s / 2.7) * 12.9898) * 0.5
    return scene + 0.16 * math.sin(time_s * 5.3) + 0.1 * math.sin(time_s * 31.0)


def _swell(swell: Swell, seconds: float) -> Shade:
    glow = _glow(swell.x, swell.y, swell.radius)

    def shade(air: Air, time_s: float) -> None:
        share = time_s / seconds
        air.gain *= 1 + np.float32(swell.start + (swell.end - swell.start) * share - 1) * glow

    return shade


def _clouds(passing: Clouds, random: np.random.Generator) -> Shade:
    cover = clouds(random, passing.scale)

    def shade(air: Air, time_s: float) -> None:
        air.gain *= 1 - passing.depth * drifted(cover, time_s * passing.speed)

    return shade


def _rays(rays: Rays, random: np.random.Generator) -> Shade:
    angle = np.arctan2(_Y - rays.y, (_X - rays.x) * ASPECT)
    distance = np.hypot(_Y - rays.y, (_X - rays.x) * ASPECT)
    fade = np.exp(-((distance / rays.reach) ** 2)) * np.minimum(1, distance * 6)
    waves = [(k, random.uniform(0, 2 * math.pi), random.uniform(-1, 1)) for k in (5, 9, 14, 23)]

    def shade(air: Air, time_s: float) -> None:
        fan = sum(np.sin(k * angle + phase + turn * rays.speed * 6 * time_s) for k, phase, turn in waves)
        amount = np.clip(np.asarray(fan, dtype=np.float32) * 0.32, 0, 1) ** 1.5 * fade * rays.strength
        air.add_haze(np.asarray(amount, dtype=np.float32), 0.95, rays.tint)

    return shade


def _glow(x: float, y: float, radius: float) -> Floats:
    return np.asarray(np.exp(-(((_X - x) * ASPECT) ** 2 + (_Y - y) ** 2) / radius**2), dtype=np.float32)


def clouds(random: np.random.Generator, scale: float) -> Floats:
    """Fractal noise, 0..1, float32[rows, 2 * columns], whose left and right edges meet."""
    size = (2 * GRID[0], GRID[1])
    total, weight, cells = np.zeros(size[::-1], dtype=np.float32), 1.0, 4 / scale
    for _ in range(4):
        columns, rows = max(2, round(cells * 2)), max(2, round(cells))
        knots = random.random((rows, columns)).astype(np.float32)
        knots = np.concatenate([knots[:, -2:], knots, knots[:, :2]], axis=1)
        cell = size[0] / columns
        wide = Image.fromarray(knots).resize((round(size[0] + 4 * cell), size[1]), Image.Resampling.BICUBIC)
        start = round(2 * cell)
        total += weight * np.asarray(wide)[:, start : start + size[0]]
        weight, cells = weight * 0.5, cells * 2
    low, high = np.percentile(total, (2, 98))
    return np.asarray(np.clip((total - low) / (high - low), 0, 1), dtype=np.float32)


def drifted(field: Floats, x: float) -> Floats:
    """The part of an endless field that has come by after moving `x` picture heights, float32[rows, columns].

    Between two columns it is mixed, so that it moves evenly however slow it is.
    """
    places = (np.arange(GRID[0], dtype=np.float64) - x * GRID[1]) % field.shape[1]
    left = places.astype(np.intp)
    part = (places - left).astype(np.float32)
    left %= field.shape[1]  # a place just below zero rounds up to the width itself
    return np.asarray(field[:, left] * (1 - part) + field[:, (left + 1) % field.shape[1]] * part, dtype=np.float32)
