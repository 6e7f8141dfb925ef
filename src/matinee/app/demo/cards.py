"""Cards: the title before a film and the credits after it, set in the film's own lettering."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor

from matinee.app.demo.film import Film
from matinee.catalog.lettering import AMBER, FACES, IVORY, Block, Fonts, fit, typeset

Floats = NDArray[np.float32]
TITLE_IN_S, TITLE_OUT_S = 0.7, 4.3
FADE_S = 0.9
SCENE_IN_S = (2.6, 4.8)
"""When the scene comes up under the title."""
CREDITS_S = 4.6
"""How long before the end the credits stand; the scene goes down under them."""


class Card:
    """Lines of type on the middle of the screen, which grow as slowly as a camera comes nearer."""

    def __init__(self, block: Block, colour: str) -> None:
        self._ink, self._accent = block.ink, block.accent
        self._colour, self._amber = _planes(colour), _planes(AMBER)
        self._has_accent = block.accent.getbbox() is not None

    def draw(self, planes: tuple[Floats, Floats, Floats], opacity: float, grown: float) -> None:
        """Lay the card over the planes; `grown` is its size (1: as it was set)."""
        ink, corner = self._placed(self._ink, planes[0].shape, grown)
        parts = [(ink, self._colour)]
        if self._has_accent:
            accent, _ = self._placed(self._accent, planes[0].shape, grown)
            parts = [(ink * (1 - accent), self._colour), (ink * accent, self._amber)]
        for mask, colour in parts:
            _lay(planes[0], mask * np.float32(opacity), corner, colour[0])
            for plane, value in zip(planes[1:], colour[1:], strict=True):
                _lay(plane, mask[::2, ::2] * np.float32(opacity), (corner[0] // 2, corner[1] // 2), value)

    def _placed(self, mask: Image.Image, shape: tuple[int, ...], grown: float) -> tuple[Floats, tuple[int, int]]:
        """The mask enlarged about its middle to a fraction of a pixel, and the even corner where it goes."""
        wide, high = 2 * int(mask.width * 0.54) + 2, 2 * int(mask.height * 0.56) + 2
        box_wide, box_high = wide / grown, high / grown
        page = Image.new("L", (wide + 8, high + 8))
        page.paste(mask, ((page.width - mask.width) // 2, (page.height - mask.height) // 2))
        left, top = (page.width - box_wide) / 2, (page.height - box_high) / 2
        sized = page.resize((wide, high), Image.Resampling.BICUBIC, box=(left, top, left + box_wide, top + box_high))
        corner = ((shape[0] - high) // 2 & ~1, (shape[1] - wide) // 2 & ~1)
        return np.asarray(np.asarray(sized) / np.float32(255), dtype=np.float32), corner


def title_card(film: Film, fonts: Fonts, height: int) -> Card:
    """The film's title, and below it whose film it is."""
    design = msgspec.structs.replace(film.look.lettering, align="center", lines=())
    title = fit(fonts, design, film.show or film.title, int(height * 1.02), int(height * 0.27))
    under = f"{_ordinal(film.episode)}: {film.title}" if film.show else f"A film by {film.director}"
    small = typeset(fonts, FACES["text"], (under,), max(8, int(height * 0.028)), align="center")
    return Card(_stacked((title, small), gap=int(height * 0.065)), _legible(film.look.lettering.colour))


def credits_card(film: Film, fonts: Fonts, height: int) -> Card:
    """Who made it and who is in it."""

    def line(text: str, size: float) -> Block:
        return typeset(fonts, FACES["text"], (text,), max(8, int(height * size)), align="center")

    names = [line(role.name, 0.032) for role in film.cast]
    rows = (line("Directed by", 0.021), line(film.director, 0.042), line("With", 0.021), *names)
    return Card(_stacked(rows, gap=int(height * 0.034)), IVORY)


def _ordinal(number: int) -> str:
    return ("One", "Two", "Three", "Four", "Five", "Six")[number - 1]


def _legible(colour: str) -> str:
    """A poster's dark ink would not be seen on a dark card."""
    return colour if sum(ImageColor.getrgb(colour)[:3]) > 300 else IVORY


def _stacked(blocks: tuple[Block, ...], gap: int) -> Block:
    width = max(block.ink.width for block in blocks)
    height = sum(block.ink.height for block in blocks) + gap * (len(blocks) - 1)
    ink, accent, y = Image.new("L", (width, height)), Image.new("L", (width, height)), 0
    for block in blocks:
        at = ((width - block.ink.width) // 2, y)
        ink.paste(block.ink, at)
        accent.paste(block.accent, at)
        y += block.ink.height + gap
    return Block(ink, accent)


def _lay(plane: Floats, mask: Floats, corner: tuple[int, int], value: float) -> None:
    part = plane[corner[0] : corner[0] + mask.shape[0], corner[1] : corner[1] + mask.shape[1]]
    part += (np.float32(value) - part) * mask[: part.shape[0], : part.shape[1]]


def _planes(colour: str) -> tuple[float, float, float]:
    red, green, blue = (value / 255 for value in ImageColor.getrgb(colour)[:3])
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return 219 * luma, 128 + 224 * (blue - luma) / 1.8556, 128 + 224 * (red - luma) / 1.5748


def opacity_at(time_s: float, start_s: float, end_s: float) -> float:
    """How much of a card is seen: it comes and goes softly."""
    share = min((time_s - start_s) / FADE_S, (end_s - time_s) / FADE_S, 1.0)
    return share * share * (3 - 2 * share) if share > 0 else 0.0
