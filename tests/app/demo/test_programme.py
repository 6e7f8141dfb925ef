"""The programme: complete, consistent, and subtitled in two languages."""

from __future__ import annotations

import io
from collections import Counter

import pysubs2
import pytest
from PIL import Image

from matinee.app.demo.film import Film, subtitles
from matinee.app.demo.plates import still_bytes
from matinee.app.demo.posters import poster, still
from matinee.app.demo.programme import PROGRAMME, SHOW
from matinee.catalog.lettering import FACES, Fonts

FILMS = pytest.mark.parametrize("film", PROGRAMME, ids=lambda film: film.slug)


def test_there_are_at_least_fourteen_films_and_a_series_of_three() -> None:
    assert sum(not film.show for film in PROGRAMME) >= 14
    assert [(film.show, film.season, film.episode) for film in PROGRAMME if film.show] == [
        (SHOW, 1, n) for n in (1, 2, 3)
    ]


def test_slugs_and_titles_are_used_once() -> None:
    for names in (Counter(film.slug for film in PROGRAMME), Counter(film.title for film in PROGRAMME)):
        assert max(names.values()) == 1


def test_the_first_film_is_the_shortest() -> None:
    assert PROGRAMME[0].seconds == min(film.seconds for film in PROGRAMME)


@FILMS
def test_a_film_is_short_and_says_what_it_is(film: Film) -> None:
    assert 20 <= film.seconds <= 40
    assert film.rate in {(24, 1), (25, 1), (24_000, 1_001)}
    assert len(film.synopsis) > 60 and film.tagline and film.genres and film.director and film.cast
    assert film.look.lettering.face in FACES


@FILMS
def test_the_still_is_there(film: Film) -> None:
    assert Image.open(io.BytesIO(still_bytes(film.look.still))).size == (1600, 900)


@FILMS
def test_the_lettering_says_the_title(film: Film) -> None:
    assert " ".join(film.look.lettering.lines) in {"", film.show or film.title}


@FILMS
def test_subtitles_are_two_languages_of_webvtt_inside_the_scene(film: Film) -> None:
    texts = subtitles(film)
    assert len(texts) == 2 and {"en", film.language} <= set(texts)
    for text in texts.values():
        events = pysubs2.SSAFile.from_string(text, "vtt")
        assert len(events) == len(film.lines)
        times = [time for event in events for time in (event.start, event.end)]
        assert times == sorted(times)
        assert times[0] >= 4_800 and times[-1] <= film.seconds * 1000 - 4_000
        assert all(event.end - event.start >= 1_000 and len(event.plaintext) <= 48 for event in events)


def test_a_film_s_poster_and_still_are_drawn(fonts: Fonts) -> None:
    film = PROGRAMME[0]
    assert (poster(film, fonts).width, still(film).width) == (1000, 1920)
