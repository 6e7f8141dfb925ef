"""Posters and stills of the demonstration library, made by the artwork that every film gets."""

from __future__ import annotations

import io

from matinee.app.demo.film import Film
from matinee.app.demo.plates import graded
from matinee.catalog import artwork
from matinee.catalog.artwork import Drawn
from matinee.catalog.lettering import Fonts


def poster(film: Film, fonts: Fonts) -> Drawn:
    """The film's poster; an episode's is its series'. Raises MissingFont."""
    return artwork.poster(_frame(film), film.show or film.title, fonts, film.look.lettering, film.look.focus)


def still(film: Film) -> Drawn:
    """The film's still, 16:9."""
    return artwork.still(_frame(film), film.look.focus)


def _frame(film: Film) -> bytes:
    out = io.BytesIO()
    graded(film.look.still, film.look.grade).save(out, "PNG", compress_level=1)
    return out.getvalue()
