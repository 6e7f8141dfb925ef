"""Kodi's descriptions, and files that pretend to be one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.catalog.nfo import NFO_MAX_BYTES, BadNfo, read_nfo
from matinee.catalog.title import Person


def test_a_film_s_description_is_read() -> None:
    known = read_nfo(
        b"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
        <movie><title>Night &amp; Fog</title><year>1999</year><plot>Two lines.\nOf text.</plot><tagline>Wait.</tagline>
        <genre>Drama</genre><genre>Noir / War</genre><director>Ana Vik</director><credits>Bo Lund</credits>
        <actor><name>Ida Holm</name><role>Keeper</role></actor><uniqueid type="imdb">tt0012345</uniqueid>
        <uniqueid type="evil">x</uniqueid>
        <fileinfo><streamdetails><audio><language>ger</language></audio></streamdetails></fileinfo></movie>"""
    )
    assert (known.title, known.year, known.tagline, known.language) == ("Night & Fog", 1999, "Wait.", "de")
    assert known.synopsis == "Two lines.\nOf text."
    assert known.genres == ("Drama", "Noir", "War")
    assert known.people == (
        Person(name="Ana Vik", role="director"),
        Person(name="Bo Lund", role="writer"),
        Person(name="Ida Holm", role="cast", character="Keeper"),
    )
    assert known.ids == {"imdb": "tt0012345"}


def test_a_show_s_title_is_the_show_s() -> None:
    known = read_nfo(b"<tvshow><title>Harbour</title><premiered>2021-03-01</premiered></tvshow>")
    assert (known.show, known.show_year, known.title, known.year) == ("Harbour", 2021, "", None)


def test_of_several_episodes_the_first_is_read_and_of_a_link_the_id() -> None:
    about = b"<title>Fog</title><showtitle>H</showtitle><season>0</season><episode>%d</episode>"
    one = b"<episodedetails>" + about + b"</episodedetails>"
    known = read_nfo(one % 1 + b"\n" + one % 2)
    assert (known.title, known.show, known.season, known.episode) == ("Fog", "H", 0, 1)
    assert read_nfo(b"https://www.imdb.com/title/tt0111161/").ids == {"imdb": "tt0111161"}
    assert read_nfo(b"<movie><title>A</title></movie>\nhttps://example.org").title == "A"


def test_utf_16_and_windows_text_are_read() -> None:
    text = "<movie><title>Señor</title></movie>"
    assert read_nfo(text.encode("utf-16")).title == read_nfo(text.encode("cp1252")).title == "Señor"


@pytest.mark.parametrize(
    "content",
    [
        b'<!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/passwd">]><movie><title>&x;</title></movie>',
        b'<!DOCTYPE m [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><movie><title>&b;</title></movie>',
        b'<!DOCTYPE movie SYSTEM "http://example.org/x.dtd"><movie/>',
        b"<movie><title>A",
        b"<html><title>A</title></html>",
        b"<" + b"movie>" + b"<a>" * 100,
        b"<movie>&undefined;</movie>",
        b" " * (NFO_MAX_BYTES + 1),
    ],
)
def test_hostile_and_broken_files_are_refused(content: bytes) -> None:
    with pytest.raises(BadNfo):
        read_nfo(content)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_description_or_a_clear_error(content: bytes) -> None:
    try:
        read_nfo(content)
    except BadNfo as error:
        assert ".nfo" in error.message
