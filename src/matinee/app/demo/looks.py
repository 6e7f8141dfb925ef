"""How the films of the programme look: the camera's takes, what stands before what, weather and light, lettering."""

from __future__ import annotations

from matinee.app.demo.effects import (
    Clouds,
    Dust,
    Embers,
    Flicker,
    Fog,
    Lanterns,
    Moths,
    Projection,
    Rain,
    Rays,
    Shimmer,
    Snow,
    Stars,
    Swell,
    Traffic,
    Water,
    Windows,
)
from matinee.app.demo.film import Grade, Layer, Look, Point, Shot, View
from matinee.catalog.lettering import Lettering


def _take(start: tuple[float, float, float], end: tuple[float, float, float], share: float = 1.0) -> Shot:
    return Shot(View(*start), View(*end), share)


def _box(left: float, top: float, right: float, bottom: float) -> tuple[Point, ...]:
    return ((left, top), (right, top), (right, bottom), (left, bottom))


LAMPLIGHTER = Look(
    still="lamplighter",
    focus=(0.735, 0.5),
    lettering=Lettering(
        face="garamond", lines=("The Lamplighter’s", "Winter"), colour="#f8e3bd", shade=0.6, width=0.84, height=0.3
    ),
    mood="winter",
    shots=(
        _take((0.458, 0.53, 1.16), (0.53, 0.5, 1.18), 1.25),
        _take((0.66, 0.56, 1.75), (0.672, 0.55, 1.95), 0.85),
        _take((0.6, 0.47, 1.4), (0.54, 0.5, 1.15), 1.0),
    ),
    effects=(
        Fog(middle=0.62, spread=0.16, density=0.26, light=0.42, tint=(0.12, -0.02)),
        Flicker(x=0.832, y=0.226, radius=0.3, depth=0.32),
        Snow(count=420),
    ),
    layers=(
        Layer(region=_box(0.0, 0.0, 0.29, 0.7), depth=0.05),
        Layer(region=((0.76, 0.0), (1.0, 0.0), (1.0, 0.73), (0.86, 0.82), (0.8, 0.82)), depth=0.1),
        Layer(region=((0.71, 0.34), (0.73, 0.34), (0.72, 0.55), (0.73, 0.8), (0.645, 0.8), (0.65, 0.54)), depth=0.1),
    ),
)

SEA = Look(
    still="sea",
    focus=(0.42, 0.5),
    lettering=Lettering(
        face="didone", lines=("Salt & Signal",), accent="&", align="center", colour="#f4efe6", width=0.84, shade=0.35
    ),
    mood="sea",
    shots=(
        _take((0.52, 0.54, 1.14), (0.475, 0.53, 1.2), 1.2),
        _take((0.33, 0.58, 1.85), (0.35, 0.575, 1.95), 0.8),
        _take((0.515, 0.6, 1.5), (0.51, 0.47, 1.18), 1.1),
    ),
    effects=(
        Water(top=0.617, height=0.008, period_s=4.8, glitter=0.55),
        Fog(middle=0.6, spread=0.09, density=0.4, light=0.4, tint=(0.03, -0.02), speed=0.025),
        Clouds(depth=0.28, speed=0.04, scale=1.0),
        Flicker(x=0.328, y=0.64, radius=0.03, depth=0.9),
    ),
)

MONOLITH = Look(
    still="monolith",
    focus=(0.5, 0.5),
    lettering=Lettering(face="wide", place="top", align="center", colour="#ffe3d0", width=0.74, height=0.1, shade=0.42),
    mood="cosmic",
    shots=(
        _take((0.5, 0.56, 1.22), (0.5, 0.5, 1.1), 1.25),
        _take((0.39, 0.7, 1.75), (0.42, 0.69, 1.7), 0.9),
        _take((0.5, 0.5, 1.14), (0.505, 0.58, 1.5), 1.0),
    ),
    effects=(
        Shimmer(top=0.3, bottom=0.93, height=0.0013),
        Swell(x=0.477, y=0.655, radius=0.75, start=0.82, end=1.14),
        Flicker(x=0.477, y=0.655, radius=0.5, depth=0.05),
        Stars(horizon=0.42, count=170, light=0.42),
        Embers(count=46),
    ),
    layers=(
        Layer(region=_box(0.4825, 0.083, 0.5545, 1.1), depth=0.05, feather=0.002, is_solid=True),
        Layer(region=_box(0.335, 0.86, 0.375, 0.915), depth=0.1),
    ),
)

ORANGES = Look(
    still="oranges",
    focus=(0.86, 0.6),
    lettering=Lettering(
        face="italic",
        place="top",
        lines=("The", "Orange", "Thief"),
        colour="#ff9d3c",
        width=0.84,
        height=0.42,
        shade=0.3,
    ),
    mood="amber",
    shots=(
        _take((0.445, 0.5, 1.13), (0.47, 0.5, 1.27), 1.2),
        _take((0.37, 0.4, 2.05), (0.47, 0.42, 1.95), 0.9),
        _take((0.7, 0.62, 1.75), (0.6, 0.55, 1.3), 1.0),
    ),
    effects=(
        Flicker(x=0.2, y=0.1, radius=0.85, depth=0.26),
        Swell(x=0.92, y=0.7, radius=0.25, start=0.45, end=1.6),
        Dust(count=110, light=0.9, size=0.0024),
        Fog(middle=0.1, spread=0.3, density=0.14, light=0.12, tint=(-0.2, 0.2)),
    ),
)

CHAIR = Look(
    still="chair",
    focus=(0.49, 0.5),
    lettering=Lettering(
        face="oldstyle",
        place="top",
        lines=("The", "Empty", "Chair"),
        colour="#f3ddb8",
        width=0.84,
        height=0.36,
        shade=0.3,
    ),
    mood="alone",
    shots=(
        _take((0.47, 0.5, 1.12), (0.52, 0.52, 1.24), 1.3),
        _take((0.585, 0.66, 1.95), (0.57, 0.63, 1.75), 0.8),
        _take((0.42, 0.45, 1.4), (0.5, 0.5, 1.14), 1.0),
    ),
    effects=(
        Swell(x=0.5, y=0.75, radius=0.7, start=1.25, end=1.45),
        Clouds(depth=0.24, speed=0.05, scale=0.9),
        Rays(x=-0.12, y=-0.05, strength=0.13, reach=1.0, speed=0.02, tint=(-0.3, 0.16)),
        Dust(count=260, light=1.5, size=0.0024, drift=0.008, rise=-0.003),
    ),
    layers=(Layer(region=_box(0.535, 0.52, 0.625, 0.82), depth=0.07),),
)

LANTERNS = Look(
    still="lanterns",
    focus=(0.42, 0.5),
    lettering=Lettering(
        face="deco",
        place="top",
        lines=("Ten", "Thousand", "Lanterns"),
        colour="#ffc98a",
        width=0.84,
        height=0.26,
        shade=0.92,
    ),
    mood="festive",
    shots=(
        _take((0.5, 0.53, 1.12), (0.5, 0.48, 1.1), 1.3),
        _take((0.345, 0.7, 1.9), (0.36, 0.66, 1.7), 0.8),
        _take((0.62, 0.42, 1.6), (0.54, 0.47, 1.16), 1.1),
    ),
    effects=(
        Lanterns(waterline=0.7),
        Water(top=0.8, height=0.003, period_s=5.0, glitter=0.12),
        Embers(count=34, size=0.003),
        Fog(middle=0.78, spread=0.1, density=0.22, light=0.22, tint=(-0.05, 0.25)),
    ),
)

CONCRETE = Look(
    still="concrete",
    focus=(0.56, 0.5),
    lettering=Lettering(
        face="narrow", lines=("The", "Concrete", "Hour"), colour="#17120f", width=0.84, height=0.29, shade=0.0
    ),
    mood="stone",
    shots=(
        _take((0.5, 0.5, 1.1), (0.52, 0.52, 1.2), 1.2),
        _take((0.575, 0.58, 1.9), (0.585, 0.57, 2.1), 0.9),
        _take((0.42, 0.38, 1.5), (0.56, 0.45, 1.24), 1.0),
    ),
    effects=(Clouds(depth=0.36, speed=0.055, scale=1.2), Dust(count=90, light=0.25, drift=0.03)),
)

CINEMA = Look(
    still="cinema",
    focus=(0.4, 0.5),
    lettering=Lettering(face="grotesque", lines=("The", "Projectionist"), colour="#f3f5f6", width=0.86, shade=0.8),
    mood="silver",
    shots=(
        _take((0.5, 0.52, 1.1), (0.5, 0.5, 1.28), 1.3),
        _take((0.5, 0.57, 1.36), (0.5, 0.56, 1.48), 0.8),
        _take((0.5, 0.46, 1.9), (0.5, 0.5, 1.15), 1.2),
    ),
    effects=(
        Projection(
            screen=(0.3065, 0.3015, 0.6935, 0.5795), stills=("sea", "dunes", "lamplighter", "peaks", "lanterns")
        ),
        Flicker(x=0.5, y=0.44, radius=0.6, depth=0.16, kind="beam"),
        Dust(count=170, light=0.7, size=0.002),
    ),
    layers=(Layer(region=_box(-0.1, 0.775, 1.1, 1.1), depth=0.12, feather=0.03, is_solid=True),),
)

PEAKS = Look(
    still="peaks",
    focus=(0.42, 0.5),
    lettering=Lettering(
        face="hairline", lines=("North", "of Silence"), place="top", colour="#fff3dc", height=0.165, shade=0.5
    ),
    mood="north",
    shots=(
        _take((0.53, 0.5, 1.14), (0.47, 0.5, 1.18), 1.3),
        _take((0.41, 0.37, 1.8), (0.43, 0.38, 1.65), 0.8),
        _take((0.6, 0.52, 1.45), (0.55, 0.5, 1.15), 1.0),
    ),
    effects=(
        Fog(middle=0.6, spread=0.13, density=0.5, light=0.42, tint=(-0.12, 0.1), speed=0.04),
        Clouds(depth=0.25, speed=0.05),
        Stars(horizon=0.3, count=150, light=0.5),
        Snow(count=240, size=0.003, fall=0.04, wind=0.14),
    ),
    layers=(
        Layer(
            region=((-0.1, -0.1), (0.05, -0.1), (0.075, 0.03), (0.12, 0.19), (0.165, 0.37), (0.2, 0.5),
                    (0.25, 0.64), (0.31, 0.8), (0.4, 1.02), (0.4, 1.1), (-0.1, 1.1)),
            depth=0.35, feather=0.005, is_solid=True,
        ),
    ),
)  # fmt: skip

DUNES = Look(
    still="dunes",
    focus=(0.6, 0.5),
    lettering=Lettering(
        face="flare", place="top", align="center", colour="#2a1606", width=0.78, height=0.12, shade=0.0
    ),
    mood="noon",
    shots=(
        _take((0.5, 0.545, 1.12), (0.53, 0.55, 1.16), 1.3),
        _take((0.6, 0.71, 1.9), (0.625, 0.72, 2.0), 0.9),
        _take((0.44, 0.42, 1.5), (0.52, 0.55, 1.16), 1.0),
    ),
    effects=(
        Shimmer(top=0.32, bottom=0.58, height=0.0014),
        Fog(middle=0.4, spread=0.09, density=0.3, light=0.6, tint=(-0.38, 0.16), speed=0.03),
        Clouds(depth=0.16, speed=0.05, scale=1.2),
        Dust(count=260, size=0.0018, drift=0.1, rise=-0.002, light=0.55),
    ),
)

CEDAR = Look(
    still="cedar",
    focus=(0.5, 0.5),
    lettering=Lettering(
        face="italic",
        lines=("What the", "Cedars Kept"),
        align="center",
        colour="#fbf5e2",
        width=0.78,
        height=0.19,
        shade=0.6,
    ),
    mood="forest",
    shots=(
        _take((0.53, 0.52, 1.15), (0.47, 0.52, 1.2), 1.3),
        _take((0.5, 0.64, 1.9), (0.5, 0.62, 2.15), 0.9),
        _take((0.52, 0.42, 1.5), (0.5, 0.5, 1.16), 1.0),
    ),
    effects=(
        Rays(x=0.58, y=-0.15, strength=0.26, reach=1.1, speed=0.04, tint=(-0.12, 0.05)),
        Fog(middle=0.76, spread=0.14, density=0.3, light=0.66, tint=(-0.12, 0.02), speed=0.025),
        Dust(count=190, size=0.0026, light=0.3),
    ),
    layers=(
        Layer(region=_box(0.29, -0.1, 0.345, 0.76), depth=0.06),
        Layer(region=_box(0.585, -0.1, 0.64, 0.75), depth=0.06),
        Layer(region=_box(0.465, 0.59, 0.53, 0.76), depth=0.03),
        Layer(region=_box(0.055, -0.1, 0.11, 0.8), depth=0.12),
        Layer(region=_box(0.905, -0.1, 0.96, 0.82), depth=0.12),
    ),
)

CITY = Look(
    still="city",
    focus=(0.5, 0.5),
    lettering=Lettering(
        face="wide", place="top", lines=("Above", "Line Six"), colour="#ffd9cf", width=0.8, height=0.14, shade=0.85
    ),
    mood="city",
    shots=(
        _take((0.5, 0.48, 1.12), (0.5, 0.55, 1.22), 1.2),
        _take((0.505, 0.7, 1.85), (0.5, 0.68, 1.65), 0.9),
        _take((0.4, 0.4, 1.4), (0.5, 0.45, 1.2), 1.0),
    ),
    effects=(
        Windows(share=0.32),
        Fog(middle=0.05, spread=0.35, density=0.35, light=0.22, tint=(0.12, 0.14)),
        Traffic(far=(0.481, 0.47), near=(0.478, 1.03), is_red=True),
        Traffic(far=(0.512, 0.47), near=(0.529, 1.03)),
    ),
    layers=(
        Layer(
            region=((0.196, 0.318), (0.447, 0.313), (0.447, 1.1), (0.196, 1.1)),
            depth=0.07,
            feather=0.003,
            is_solid=True,
        ),
        Layer(
            region=((0.538, 0.545), (0.692, 0.52), (0.692, 1.1), (0.538, 1.1)), depth=0.07, feather=0.003, is_solid=True
        ),
    ),
)

_RAIN_LETTERING = Lettering(
    face="heavy", place="top", lines=("Nine", "Miles", "of Rain"), colour="#ffe1ad", width=0.84, height=0.34, shade=0.4
)

RAINROAD = Look(
    still="rainroad",
    focus=(0.53, 0.5),
    lettering=_RAIN_LETTERING,
    mood="noir",
    shots=(
        _take((0.53, 0.5, 1.14), (0.505, 0.52, 1.24), 1.2),
        _take((0.58, 0.6, 1.75), (0.57, 0.585, 1.95), 0.9),
        _take((0.47, 0.56, 1.45), (0.5, 0.5, 1.13), 1.0),
    ),
    effects=(
        Water(top=0.63, height=0.0012, period_s=1.7, glitter=0.16),
        Fog(middle=0.52, spread=0.24, density=0.36, light=0.42, tint=(-0.12, 0.1), speed=0.035),
        Swell(x=0.449, y=0.585, radius=0.24, start=0.75, end=1.45),
        Flicker(x=0.265, y=0.07, radius=0.22, depth=0.3, kind="tube"),
        Rain(count=360),
    ),
    layers=(Layer(region=_box(0.56, 0.47, 0.64, 0.77), depth=0.07),),
)

STATION = Look(
    still="station",
    focus=(0.56, 0.5),
    lettering=_RAIN_LETTERING,
    mood="neon",
    shots=(
        _take((0.49, 0.5, 1.12), (0.52, 0.51, 1.17), 1.2),
        _take((0.52, 0.63, 1.9), (0.505, 0.61, 1.75), 0.9),
        _take((0.685, 0.4, 1.6), (0.56, 0.48, 1.18), 1.0),
    ),
    effects=(
        Stars(horizon=0.58, count=260),
        Flicker(x=0.6, y=0.43, radius=0.42, depth=0.2, kind="tube"),
        Fog(middle=0.8, spread=0.1, density=0.3, light=0.3, tint=(0.05, 0.06)),
        Swell(x=1.05, y=0.75, radius=0.4, start=0.6, end=1.5),
        Moths(x=0.6, y=0.52, radius=0.13),
    ),
)

CORRIDOR = Look(
    still="corridor",
    focus=(0.5, 0.5),
    lettering=_RAIN_LETTERING,
    mood="dread",
    shots=(
        _take((0.5, 0.5, 1.1), (0.503, 0.5, 1.4), 1.4),
        _take((0.36, 0.42, 1.7), (0.38, 0.43, 1.6), 0.7),
        _take((0.503, 0.51, 1.75), (0.504, 0.52, 2.3), 1.0),
    ),
    effects=(
        Flicker(x=0.273, y=0.3, radius=0.34, depth=0.7, kind="tube"),
        Flicker(x=0.725, y=0.3, radius=0.3, depth=0.14),
        Swell(x=0.5, y=0.47, radius=0.25, start=0.85, end=1.25),
        Fog(middle=0.55, spread=0.35, density=0.14, light=0.3, tint=(-0.3, 0.4)),
        Dust(count=130, light=0.7, size=0.0024),
    ),
    layers=(
        Layer(region=_box(-0.1, -0.1, 0.1, 1.1), depth=0.22, feather=0.012, is_solid=True),
        Layer(region=_box(0.9, -0.1, 1.1, 1.1), depth=0.22, feather=0.012, is_solid=True),
    ),
)

MOTHS = Look(
    still="station",
    focus=(0.66, 0.5),
    lettering=Lettering(
        face="compass", lines=("Moth", "Hours"), place="top", colour="#e9fff6", width=0.8, height=0.26, shade=0.35
    ),
    mood="moth",
    grade=Grade(is_mirrored=True, crop=(0.0, 0.09, 0.72, 0.81), gain=(0.84, 1.0, 0.95), saturation=0.8, gamma=1.1),
    shots=(
        _take((0.47, 0.52, 1.12), (0.51, 0.53, 1.16), 1.2),
        _take((0.285, 0.3, 1.8), (0.3, 0.32, 1.75), 0.9),
        _take((0.62, 0.64, 1.6), (0.53, 0.53, 1.16), 1.0),
    ),
    effects=(
        Stars(horizon=0.5, count=200, light=0.5),
        Flicker(x=0.211, y=0.153, radius=0.25, depth=0.4, kind="tube"),
        Flicker(x=0.56, y=0.46, radius=0.4, depth=0.08),
        Fog(middle=0.95, spread=0.16, density=0.35, light=0.25, tint=(0.0, -0.08)),
        Moths(x=0.211, y=0.17, radius=0.19, count=16),
        Moths(x=0.56, y=0.6, radius=0.22, count=12),
    ),
)

NIGHT_SEA = Look(
    still="dunes",
    focus=(0.42, 0.5),
    lettering=Lettering(
        face="roman", lines=("A Sea", "Without", "Water"), place="top", colour="#dfe9ff", height=0.26, shade=0.35
    ),
    mood="night",
    grade=Grade(is_mirrored=True, crop=(0.04, 0.04, 1.0, 1.0), gain=(0.95, 1.26, 1.8), saturation=0.12, gamma=2.0),
    shots=(
        _take((0.53, 0.545, 1.12), (0.5, 0.54, 1.18), 1.3),
        _take((0.38, 0.71, 1.85), (0.36, 0.715, 1.95), 0.9),
        _take((0.5, 0.42, 1.4), (0.49, 0.54, 1.14), 1.0),
    ),
    effects=(
        Stars(horizon=0.4, count=520, light=1.3),
        Fog(middle=0.42, spread=0.08, density=0.4, light=0.26, tint=(0.2, -0.1), speed=0.03),
        Clouds(depth=0.3, speed=0.06, scale=1.3),
        Dust(count=160, size=0.0018, drift=0.08, rise=-0.002, light=0.7),
    ),
)  # fmt: skip
