"""What happens in a film besides the camera's move: weather, light, water, small lives. Values only.

Places are on the still, 0..1 from its left and top edges; sizes are shares of the picture's height; speeds are sizes
per second. `atmosphere.py` draws the wide and soft ones, `particles.py` the small ones, `motion.py` what moves in
the still itself.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec


class Fog(msgspec.Struct, frozen=True, kw_only=True, tag="fog"):
    """Banks of fog that roll across the picture, thickest at height `middle`, `spread` high."""

    middle: float
    spread: float
    density: float = 0.4
    speed: float = 0.03
    light: float = 0.5
    tint: tuple[float, float] = (0.0, 0.0)
    """How far its colour is from grey, in blue and red difference (-1..1)."""


class Flicker(msgspec.Struct, frozen=True, kw_only=True, tag="flicker"):
    """A light whose glow is never quite steady: a flame, a failing tube, or a projector's beam."""

    x: float
    y: float
    radius: float
    depth: float = 0.25
    kind: Literal["flame", "tube", "beam"] = "flame"


class Swell(msgspec.Struct, frozen=True, kw_only=True, tag="swell"):
    """A light that grows or fades through the film: headlights that come nearer, a sun that sets."""

    x: float
    y: float
    radius: float
    start: float
    end: float


class Clouds(msgspec.Struct, frozen=True, kw_only=True, tag="clouds"):
    """Shadows of clouds that pass over everything."""

    depth: float = 0.3
    speed: float = 0.06
    scale: float = 0.8


class Rays(msgspec.Struct, frozen=True, kw_only=True, tag="rays"):
    """Shafts of light that fan out from a place and slowly turn."""

    x: float
    y: float
    strength: float = 0.2
    reach: float = 1.0
    speed: float = 0.05
    tint: tuple[float, float] = (0.0, 0.0)


class Snow(msgspec.Struct, frozen=True, kw_only=True, tag="snow"):
    """Flakes at several distances; lit by the still where the still is bright."""

    count: int = 360
    size: float = 0.004
    fall: float = 0.09
    wind: float = 0.02


class Rain(msgspec.Struct, frozen=True, kw_only=True, tag="rain"):
    """Streaks as a camera's shutter sees them."""

    count: int = 300
    length: float = 0.07
    speed: float = 1.7
    slant: float = 0.12
    light: float = 0.35


class Dust(msgspec.Struct, frozen=True, kw_only=True, tag="dust"):
    """Motes that float and are seen only in the light."""

    count: int = 160
    size: float = 0.003
    drift: float = 0.012
    rise: float = 0.004
    light: float = 0.6


class Embers(msgspec.Struct, frozen=True, kw_only=True, tag="embers"):
    """Sparks that rise, sway and go out."""

    count: int = 70
    size: float = 0.0035
    rise: float = 0.05


class Stars(msgspec.Struct, frozen=True, kw_only=True, tag="stars"):
    """Stars in the dark part of the sky above `horizon`; they twinkle and stay where they are."""

    horizon: float
    count: int = 220
    light: float = 0.6


class Moths(msgspec.Struct, frozen=True, kw_only=True, tag="moths"):
    """Moths that circle a light."""

    x: float
    y: float
    radius: float
    count: int = 9


class Traffic(msgspec.Struct, frozen=True, kw_only=True, tag="traffic"):
    """Lights of cars along a street from far to near, or back."""

    far: tuple[float, float]
    near: tuple[float, float]
    is_red: bool = False
    count: int = 18
    speed: float = 0.09


class Water(msgspec.Struct, frozen=True, kw_only=True, tag="water"):
    """Water from `top` down: it heaves, most where it is near, and what is bright on it glitters."""

    top: float
    height: float = 0.006
    period_s: float = 4.5
    glitter: float = 0.5


class Shimmer(msgspec.Struct, frozen=True, kw_only=True, tag="shimmer"):
    """Hot air that makes everything between `top` and `bottom` tremble."""

    top: float
    bottom: float
    height: float = 0.0016


class Windows(msgspec.Struct, frozen=True, kw_only=True, tag="windows"):
    """Lit windows of which now one, now another goes out or comes on."""

    share: float = 0.35


class Lanterns(msgspec.Struct, frozen=True, kw_only=True, tag="lanterns"):
    """Paper lanterns above `waterline` that rise, the near ones faster, sway and glow."""

    waterline: float
    rise: float = 0.012


class Projection(msgspec.Struct, frozen=True, kw_only=True, tag="projection"):
    """A cinema's screen (left, top, right, bottom) on which other films run."""

    screen: tuple[float, float, float, float]
    stills: tuple[str, ...]


Field: TypeAlias = Fog | Flicker | Swell | Clouds | Rays
Particles: TypeAlias = Snow | Rain | Dust | Embers | Stars | Moths | Traffic
Motion: TypeAlias = Water | Shimmer | Windows | Lanterns | Projection
Effect: TypeAlias = Field | Particles | Motion
