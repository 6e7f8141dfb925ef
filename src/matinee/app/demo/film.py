"""What a film of the demonstration library is: its credits, its still and how that still is brought to life."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from matinee.app.demo.effects import Effect
from matinee.catalog.lettering import Lettering

Point: TypeAlias = tuple[float, float]
"""A place on the still, 0..1 from its left and top edges."""


class Role(msgspec.Struct, frozen=True):
    """Somebody on the screen."""

    name: str
    character: str


class Line(msgspec.Struct, frozen=True):
    """One subtitle: when it stands, and its text by language (BCP 47)."""

    start_s: float
    end_s: float
    text: dict[str, str]


class View(msgspec.Struct, frozen=True):
    """What the camera frames: the middle of the picture on the still, and how many times it is enlarged."""

    x: float
    y: float
    zoom: float


class Shot(msgspec.Struct, frozen=True):
    """One take: the camera goes from one view to another at a constant pace; `share` is its part of the film."""

    start: View
    end: View
    share: float = 1.0


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """Something dark that stands before the rest of the still, and so moves more than it when the camera does."""

    region: tuple[Point, ...]
    """A polygon around it, generous: only what is darker than its surroundings is taken."""
    depth: float
    """How much further than the background it moves (0.1: ten per cent)."""
    feather: float = 0.012
    is_solid: bool = False
    """Whether all of the region belongs to it, whatever its brightness."""


class Grade(msgspec.Struct, frozen=True, kw_only=True):
    """A still seen anew: turned left to right, cropped, its colours changed."""

    is_mirrored: bool = False
    crop: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    """Left, top, right, bottom, 0..1."""
    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)
    saturation: float = 1.0
    gamma: float = 1.0


Mood: TypeAlias = Literal[
    "winter",
    "sea",
    "cosmic",
    "amber",
    "alone",
    "festive",
    "stone",
    "silver",
    "north",
    "noon",
    "forest",
    "city",
    "noir",
    "neon",
    "dread",
    "moth",
    "night",
]


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """How a film looks and sounds."""

    still: str
    focus: Point
    """Where its subject or its light is: what a poster's crop keeps."""
    lettering: Lettering
    shots: tuple[Shot, ...]
    mood: Mood
    effects: tuple[Effect, ...] = ()
    layers: tuple[Layer, ...] = ()
    grade: Grade = Grade()
    grain: float = 1.5
    """Standard deviation of the film grain, in 8-bit steps."""


class Film(msgspec.Struct, frozen=True, kw_only=True):
    """One film of the programme, or one episode of its series (then `show` is the series' title)."""

    slug: str
    title: str
    year: int
    tagline: str
    synopsis: str
    genres: tuple[str, ...]
    director: str
    cast: tuple[Role, ...]
    language: str
    look: Look
    lines: tuple[Line, ...]
    seconds: float = 26.0
    rate: tuple[int, int] = (24, 1)
    show: str = ""
    season: int = 0
    episode: int = 0


def subtitles(film: Film) -> dict[str, str]:
    """The film's subtitles as WebVTT (W3C), by language."""
    languages = dict.fromkeys(language for line in film.lines for language in line.text)
    return {language: _webvtt(film.lines, language) for language in languages}


def _webvtt(lines: tuple[Line, ...], language: str) -> str:
    cues = [f"{_clock(line.start_s)} --> {_clock(line.end_s)}\n{line.text[language]}\n" for line in lines]
    return "\n".join(["WEBVTT\n", *cues])


def _clock(time_s: float) -> str:
    whole_ms = round(time_s * 1000)
    return f"{whole_ms // 3_600_000:02}:{whole_ms // 60_000 % 60:02}:{whole_ms // 1000 % 60:02}.{whole_ms % 1000:03}"
