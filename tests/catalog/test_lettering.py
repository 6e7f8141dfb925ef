"""Lettering: titles broken, measured and set, with real typefaces where the web build has brought them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.catalog import lettering
from matinee.catalog.lettering import (
    FACES,
    LINES_MAX,
    Fonts,
    Lettering,
    MissingFont,
    break_lines,
    face_for,
    fit,
    typeset,
)

words = st.lists(st.text("abcdefghij", min_size=1, max_size=12), min_size=1, max_size=14)


@given(words)
def test_breaking_a_title_keeps_every_word_in_its_order(parts: list[str]) -> None:
    for way in break_lines(" ".join(parts)):
        assert " ".join(way).split() == parts
        assert 1 <= len(way) <= LINES_MAX


@given(st.text())
def test_a_title_always_gets_the_same_face(title: str) -> None:
    assert face_for(title) == face_for(title)
    assert face_for(title) in FACES


def test_titles_get_different_faces() -> None:
    assert len({face_for(f"Film {number}") for number in range(60)}) > 5


def test_a_missing_typeface_is_named_with_its_folder(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(MissingFont, match=str(tmp_path)):
        fit(Fonts(tmp_path), Lettering(face="deco"), "Nobody", 300, 300)


@pytest.mark.parametrize("face", sorted(FACES))
def test_set_type_fits_its_box(fonts: Fonts, face: str) -> None:
    block = fit(fonts, Lettering(face=face), "The Lamplighter’s Winter", 600, 260)
    assert block.ink.width <= 600 * 1.06  # overshoot of slanted and swash letters
    assert block.ink.height <= 260 * 1.3
    assert max(block.ink.width / 600, block.ink.height / 260) > 0.6


def test_the_accent_is_only_on_its_word(fonts: Fonts) -> None:
    block = typeset(fonts, FACES["didone"], ("Salt & Signal",), 100, accent="&")
    accent = np.asarray(block.accent)
    columns = np.flatnonzero(accent.any(axis=0))
    assert 0.2 * block.ink.width < columns.min() < columns.max() < 0.7 * block.ink.width


@pytest.mark.parametrize("title", ["Łódź nocą", "Зимний фонарь", "Το φανάρι", "मानसून", "ليل", "לילה"])
def test_letters_that_a_face_lacks_are_set_in_one_that_has_them(fonts: Fonts, title: str) -> None:
    files = {file for file, text in fonts.runs(FACES["wide"], title) if text.strip()}
    assert files - {FACES["wide"].file}
    assert fit(fonts, Lettering(face="wide"), title, 400, 200).ink.getbbox() is not None


def test_letters_that_nobody_has_are_refused(fonts: Fonts) -> None:
    with pytest.raises(lettering.MissingLetters, match="poster of its own"):
        fit(fonts, Lettering(face="wide"), "\U0001f3ac", 400, 200)


def test_a_very_long_title_is_cut_at_a_word(fonts: Fonts) -> None:
    block = fit(fonts, Lettering(face="text"), "interminable " * 40, 900, 400)
    assert block.ink.width <= 900 * 1.06
