"""Lettering: how a film's title is set, in which open typeface, broken into which lines.

A film speaks in its own face on its poster and its title card. Where nobody designed a title, one of the faces is
chosen by the title itself, so that it always gets the same one. Letters that a face lacks are set in Noto Sans.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations, groupby
from pathlib import Path
from typing import Literal

import msgspec
from PIL import Image, ImageDraw, ImageFont

from matinee.base.errors import Unavailable

AMBER = "#ffb547"
IVORY = "#f6ead3"
LINES_MAX = 4  # a title broken over more lines than this is no longer read at a glance
_DISPLAY_CHARACTERS_MAX = 90  # longer titles than this are cut at a word: no poster can hold them
_PLAIN = ["-liga", "-clig"]  # letters are set one by one, so that none may melt into its neighbour


class MissingFont(Unavailable):
    """A typeface that posters need is not where it should be."""

    code = "missing_font"

    def __init__(self, file: str, folder: Path) -> None:
        super().__init__(f"the poster typeface {file} is not in {folder}; build the web app again, which puts it there")
        self.file, self.folder = file, folder


class Face(msgspec.Struct, frozen=True, kw_only=True):
    """One typeface: its file, its place on the axes of a variable font, and how it likes to be set (in em)."""

    file: str
    axes: tuple[float, ...] = ()
    tracking: float = 0.0
    leading: float = 1.0
    is_upper: bool = False


FACES: dict[str, Face] = {
    "grotesque": Face(
        file="bricolage-grotesque-latin-wdth-normal.woff2", axes=(760, 78), tracking=-0.035, leading=0.92
    ),
    "garamond": Face(file="cormorant-garamond-latin-600-normal.woff2", tracking=-0.015, leading=0.84),
    "didone": Face(file="playfair-display-latin-400-normal.woff2", tracking=-0.04, leading=1.02),
    "italic": Face(file="instrument-serif-latin-400-italic.woff2", tracking=-0.025, leading=0.9),
    "oldstyle": Face(file="fraunces-latin-300-normal.woff2", tracking=-0.055, leading=0.95),
    "deco": Face(file="limelight-latin-400-normal.woff2", tracking=0.005, leading=1.08),
    "narrow": Face(file="big-shoulders-display-latin-700-normal.woff2", tracking=-0.01, leading=0.86, is_upper=True),
    "hairline": Face(file="big-shoulders-display-latin-200-normal.woff2", tracking=0.02, leading=0.92, is_upper=True),
    "flare": Face(file="italiana-latin-400-normal.woff2", tracking=0.13, leading=1.1, is_upper=True),
    "wide": Face(file="syne-latin-800-normal.woff2", tracking=0.0, leading=1.12, is_upper=True),
    "heavy": Face(file="anton-latin-400-normal.woff2", tracking=-0.005, leading=1.12, is_upper=True),
    "roman": Face(file="cinzel-latin-400-normal.woff2", tracking=0.04, leading=1.06, is_upper=True),
    "compass": Face(file="poiret-one-latin-400-normal.woff2", tracking=0.03, leading=1.06),
    "text": Face(file="oswald-latin-300-normal.woff2", tracking=0.14, leading=1.5, is_upper=True),
}
"""The faces by the name that a design gives them."""

TITLE_FACES = ("grotesque", "garamond", "didone", "italic", "oldstyle", "narrow", "wide", "heavy", "deco", "flare")
"""What a film without a design is given; `face_for` chooses."""

FALLBACK_FILES = (
    "noto-sans-latin-600-normal.woff2",
    "noto-sans-latin-ext-600-normal.woff2",
    "noto-sans-cyrillic-600-normal.woff2",
    "noto-sans-cyrillic-ext-600-normal.woff2",
    "noto-sans-greek-600-normal.woff2",
    "noto-sans-vietnamese-600-normal.woff2",
    "noto-sans-devanagari-600-normal.woff2",
    "noto-sans-arabic-arabic-600-normal.woff2",
    "noto-sans-hebrew-hebrew-600-normal.woff2",
)
"""Tried in this order for letters that a face lacks."""


class Lettering(msgspec.Struct, frozen=True, kw_only=True):
    """How one film's title is set on its poster and its title card."""

    face: str
    colour: str = IVORY
    accent: str = ""
    """A word of the title that is set in amber."""
    lines: tuple[str, ...] = ()
    """The title as it is broken; empty: broken evenly."""
    place: Literal["top", "bottom"] = "bottom"
    align: Literal["left", "center"] = "left"
    width: float = 0.84
    """How much of the poster's width the longest line may take."""
    height: float = 0.34
    """How much of the poster's height the lines may take together."""
    shade: float = 0.75
    """How dark the poster is made behind the letters, 0..1."""


class Block(msgspec.Struct, frozen=True):
    """Set type: how much ink is on every pixel, and how much of it is the accent's."""

    ink: Image.Image
    accent: Image.Image


def face_for(title: str) -> str:
    """The name of the face that a title without a design is set in: always the same for the same title."""
    digest = hashlib.sha256(title.casefold().encode()).digest()
    return TITLE_FACES[digest[0] % len(TITLE_FACES)]


def break_lines(title: str, lines_max: int = LINES_MAX) -> list[tuple[str, ...]]:
    """All ways to break `title` between words into at most `lines_max` lines, fewest lines first."""
    words = title.split()
    if len(words) > 9:  # the number of ways doubles with every word: join the shortest neighbours first
        words = _joined(words, 9)
    return [
        tuple(" ".join(words[start:end]) for start, end in zip((0, *cuts), (*cuts, len(words)), strict=True))
        for count in range(min(lines_max, len(words)))
        for cuts in combinations(range(1, len(words)), count)
    ]


def _joined(words: list[str], count: int) -> list[str]:
    words = list(words)
    while len(words) > count:
        at = min(range(len(words) - 1), key=lambda i: len(words[i]) + len(words[i + 1]))
        words[at : at + 2] = [f"{words[at]} {words[at + 1]}"]
    return words


class Fonts:
    """The typefaces in one folder, opened once each at each size. Raises MissingFont where one is not there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[type[Fonts], tuple[Path]]:
        return Fonts, (self.folder,)

    def open(self, file: str, size_px: int, axes: tuple[float, ...] = ()) -> ImageFont.FreeTypeFont:
        """The font in `file` at `size_px` per em, at `axes` where it is variable."""
        return _open(self.folder, file, size_px, axes)

    def has(self, file: str, character: str) -> bool:
        """Whether the font in `file` has a shape for `character`; False where the file itself is not there."""
        return (self.folder / file).exists() and _has(self.folder, file, character)

    def runs(self, face: Face, text: str) -> Iterator[tuple[str, str]]:
        """`text` in pieces, each with the file that has its letters. Raises MissingLetters."""
        files = (face.file, face.file.replace("-latin-", "-latin-ext-"), *FALLBACK_FILES)

        def file_of(character: str) -> str:
            if character.isspace():
                return face.file
            found = next((file for file in files if self.has(file, character)), None)
            if found is None:
                raise MissingLetters(character)
            return found

        self.open(face.file, 16)
        for file, letters in groupby(text, key=file_of):
            yield file, "".join(letters)


class MissingLetters(Unavailable):
    """None of the typefaces has a letter of a title."""

    code = "missing_letters"

    def __init__(self, character: str) -> None:
        super().__init__(f"no poster typeface has the letter {character!r}; give the film a poster of its own")
        self.character = character


@lru_cache(maxsize=512)
def _open(folder: Path, file: str, size_px: int, axes: tuple[float, ...]) -> ImageFont.FreeTypeFont:
    path = folder / file
    if not path.is_file():
        raise MissingFont(file, folder)
    font = ImageFont.truetype(str(path), size_px)
    if axes:
        font.set_variation_by_axes(list(axes))
    return font


@lru_cache(maxsize=8192)
def _has(folder: Path, file: str, character: str) -> bool:
    font = _open(folder, file, 32, ())
    missing = font.getmask("\U0010fffd")  # a font answers every unknown letter with the same box
    shape = font.getmask(character)
    return (shape.size, bytes(shape)) != (missing.size, bytes(missing))


def typeset(
    fonts: Fonts, face: Face, lines: Sequence[str], size_px: int, *, align: str = "left", accent: str = ""
) -> Block:
    """Set `lines` at `size_px` per em; the block is as large as its ink. Raises MissingLetters, MissingFont."""
    rows = [line.upper() if face.is_upper else line for line in lines]
    accent = accent.upper() if face.is_upper else accent
    pitch = face.leading * size_px
    width, margin = max(_measure(fonts, face, row, size_px) for row in rows), size_px
    size = (int(width) + 2 * margin, int(pitch * len(rows)) + 2 * margin)
    ink, amber = Image.new("L", size), Image.new("L", size)
    for number, row in enumerate(rows):
        left = margin - _bearing(fonts, face, row, size_px)
        if align == "center":
            left = margin + (width - _measure(fonts, face, row, size_px)) / 2
        top = int(margin + pitch * number)
        starts = [*_set_row(fonts, face, row, size_px, origin=(left, top + size_px), ink=ink), left + width + margin]
        if accent and accent in row:
            first, end = row.index(accent), row.index(accent) + len(accent)
            amber.paste(255, (int(starts[first]), top, int(starts[end]), top + int(size_px * 1.4)))
    box = ink.getbbox() or (0, 0, 1, 1)
    return Block(ink.crop(box), amber.crop(box))


def fit(fonts: Fonts, design: Lettering, title: str, width_px: int, height_px: int) -> Block:
    """Set `title` as `design` says, as large as it goes into the box, broken where it fits best."""
    face = FACES[design.face]
    ways = [design.lines] if design.lines else break_lines(_cut(title))
    lines, size = max(
        ((way, _size_that_fits(fonts, face, way, width_px, height_px)) for way in ways),
        key=lambda pair: (round(pair[1] / 3), -len(pair[0])),
    )
    return typeset(fonts, face, lines, size, align=design.align, accent=design.accent)


def _cut(title: str) -> str:
    if len(title) <= _DISPLAY_CHARACTERS_MAX:
        return title or " "
    return title[:_DISPLAY_CHARACTERS_MAX].rpartition(" ")[0].rstrip(" ,:;") + "…"


def _size_that_fits(fonts: Fonts, face: Face, lines: Sequence[str], width_px: int, height_px: int) -> int:
    probe_px = 100
    rows = [line.upper() if face.is_upper else line for line in lines]
    widest = max(_measure(fonts, face, row, probe_px) for row in rows) or 1
    tallest = (face.leading * (len(rows) - 1) + 0.95) * probe_px
    return max(8, int(probe_px * min(width_px / widest, height_px / tallest)))


def _measure(fonts: Fonts, face: Face, row: str, size_px: int) -> float:
    letters = sum(
        _font(fonts, face, file, size_px).getlength(text, features=_PLAIN) for file, text in fonts.runs(face, row)
    )
    return float(letters) + face.tracking * size_px * max(0, len(row) - 1)


def _font(fonts: Fonts, face: Face, file: str, size_px: int) -> ImageFont.FreeTypeFont:
    return fonts.open(file, size_px, face.axes if file == face.file else ())


def _bearing(fonts: Fonts, face: Face, row: str, size_px: int) -> float:
    """How far the first letter's ink stands from its origin: taken back, so that lines align by eye."""
    file, text = next(fonts.runs(face, row), (face.file, " "))
    return float(_font(fonts, face, file, size_px).getbbox(text[0], anchor="ls")[0])


def _set_row(
    fonts: Fonts, face: Face, row: str, size_px: int, *, origin: tuple[float, float], ink: Image.Image
) -> list[float]:
    """Draw one line on `ink`; answers where each letter starts."""
    draw, (left, baseline), starts = ImageDraw.Draw(ink), origin, list[float]()
    for file, text in fonts.runs(face, row):
        font = _font(fonts, face, file, size_px)
        offsets = [
            font.getlength(text[: n + 1], features=_PLAIN) - font.getlength(text[n], features=_PLAIN)
            for n in range(len(text))
        ]
        places = [left + offset + face.tracking * size_px * n for n, offset in enumerate(offsets, len(starts))]
        if file in FALLBACK_FILES:  # scripts that join their letters are drawn as a whole
            draw.text((places[0], baseline), text, fill=255, font=font, anchor="ls")
        else:
            for letter, place in zip(text, places, strict=True):
                draw.text((place, baseline), letter, fill=255, font=font, anchor="ls")
        starts += places
        left += font.getlength(text, features=_PLAIN)
    return starts
