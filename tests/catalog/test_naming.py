"""What paths say, in the layouts that people have."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from matinee.catalog.naming import height_in, read_name, read_path, read_subtitle, season_of, show_folder, why_ignored


@pytest.mark.parametrize(
    ("path", "title", "year"),
    [
        ("Movies/Alien (1979)/Alien (1979).mkv", "Alien", 1979),
        ("Alien (1979)/alien.mkv", "Alien", 1979),
        ("Alien (1979) - 1080p.mkv", "Alien", 1979),
        ("Heat (1995) [1080p].mkv", "Heat", 1995),
        ("The.Matrix.1999.1080p.BluRay.x264-GRP.mkv", "The Matrix", 1999),
        ("Blade.Runner.2049.2017.2160p.mkv", "Blade Runner 2049", 2017),
        ("2001.A.Space.Odyssey.1968.mkv", "2001 A Space Odyssey", 1968),
        ("1917 (2019).mkv", "1917", 2019),
        ("2012.mkv", "2012", None),
        ("Wonder Woman 1984.mkv", "Wonder Woman 1984", None),
        ("Dune Part Two 2024 2160p UHD.mkv", "Dune Part Two", 2024),
        ("E.T. (1982).mkv", "E.T.", 1982),
        ("Dr. Mabuse (1922)/Dr. Mabuse (1922).mkv", "Dr. Mabuse", 1922),
        ("[REC] (2007).mkv", "[REC]", 2007),
        ("home_video.mp4", "home video", None),
        ("Movies/2001 (1968) {imdb-tt0062622} {edition-70mm}/2001 (1968).mkv", "2001", 1968),
    ],
)
def test_films(path: str, title: str, year: int | None) -> None:
    known = read_path(path)
    assert (known.title, known.year, known.show, known.episode) == (title, year, "", None)


@pytest.mark.parametrize(
    ("path", "show", "year", "numbers", "name"),
    [
        (
            "Shows/The Wire (2002)/Season 01/The Wire S01E02 The Detail.mkv",
            "The Wire",
            2002,
            (1, 2, None),
            "The Detail",
        ),
        ("tv/Harbour/Season 1/1x02 - Name.mkv", "Harbour", None, (1, 2, None), "Name"),
        ("Harbour.Lights.S02E03-E04.720p.HDTV.mkv", "Harbour Lights", None, (2, 3, 4), ""),
        ("Shows/X/X s01e01-02 - A & B.mkv", "X", None, (1, 1, 2), "A & B"),
        ("Shows/X/X S01E01E02E03.mkv", "X", None, (1, 1, 3), ""),
        ("Shows/X/X S01E05-1080p.mkv", "X", None, (1, 5, None), ""),
        ("Shows/X/Specials/X S00E01 Special.mkv", "X", None, (0, 1, None), "Special"),
        ("Shows/X/Specials/02 - Interview.mkv", "X", None, (0, 2, None), "Interview"),
        ("Shows/X (2001) [tvdbid-33]/Season 02/05 - Name.mkv", "X", 2001, (2, 5, None), "Name"),
        ("Show.2019.S01E02.Name.Here.1080p.WEB-DL.mkv", "Show", 2019, (1, 2, None), "Name Here"),
        ("Downloads/Harbour.S01E02.mkv", "Harbour", None, (1, 2, None), ""),
        ("Staffel 3/Hafen S03E01.mkv", "Hafen", None, (3, 1, None), ""),
    ],
)
def test_episodes(path: str, show: str, year: int | None, numbers: tuple[int, int, int | None], name: str) -> None:
    known = read_path(path)
    assert (known.show, known.show_year, known.title) == (show, year, name)
    assert (known.season, known.episode, known.last_episode) == numbers


def test_ids_of_other_catalogues_are_read() -> None:
    assert read_path("Alien (1979) {imdb-tt0078748} [tmdbid-348]/a.mkv").ids == {"imdb": "tt0078748", "tmdb": "348"}


_WORD = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzäéñ"), min_size=2, max_size=9).map(str.title)
_NAME = (
    st.lists(_WORD, min_size=1, max_size=4)
    .map(" ".join)
    .filter(
        lambda name: read_name(name)[0] == name and season_of(name) is None and show_folder(f"{name}/x.mkv") is not None
    )
)
_YEAR = st.integers(1900, 2099)


@given(
    _NAME,
    _YEAR,
    st.sampled_from(["", " - 1080p", " [2160p]", " {edition-Final Cut}"]),
    st.sampled_from(["mkv", "mp4", "TS"]),
)
def test_a_film_laid_out_by_the_book_is_read_back(name: str, year: int, version: str, suffix: str) -> None:
    known = read_path(f"Movies/{name} ({year})/{name} ({year}){version}.{suffix}")
    assert (known.title, known.year, known.show) == (name, year, "")


@given(_NAME, _YEAR)
def test_a_dotted_release_name_is_read_back(name: str, year: int) -> None:
    known = read_path(f"{name.replace(' ', '.')}.{year}.1080p.WEB-DL.x264.mkv")
    assert (known.title, known.year) == (name, year)


@given(_NAME, _YEAR, st.integers(0, 40), st.integers(1, 400), _NAME)
def test_an_episode_laid_out_by_the_book_is_read_back(
    show: str, year: int, season: int, number: int, name: str
) -> None:
    assume(read_name(f"{show} {name}")[0] == f"{show} {name}")  # after others, Uhd is what a release says of itself
    folder = f"Season {season:02}" if season else "Specials"
    for written in (f"S{season:02}E{number:02}", f"s{season}e{number}"):
        known = read_path(f"Shows/{show} ({year})/{folder}/{show} {written} {name}.mkv")
        assert (known.show, known.show_year, known.season, known.episode) == (show, year, season, number)
        assert known.title == name


@given(st.text(max_size=60))
def test_no_path_is_too_strange_to_read(path: str) -> None:
    read_path(path + ".mkv")
    why_ignored(path)
    read_subtitle(path)


@pytest.mark.parametrize(
    "path",
    [
        ".hidden/film.mkv",
        "Movies/._Film.mkv",
        "Movies/Film.mkv.part",
        "Movies/Film.mkv.!qB",
        "Movies/Film (1999)/Film-trailer.mkv",
        "Movies/Film (1999)/sample.mkv",
        "Movies/Film (1999)/Sample/film.mkv",
        "Movies/Film (1999)/Extras/Making of.mkv",
        "Movies/Film (1999)/Behind The Scenes/x.mkv",
        "Movies/Film (1999)/Shorts/x.mkv",
        "@eaDir/film.mkv",
    ],
)
def test_what_is_no_film_of_the_library_is_left_out(path: str) -> None:
    assert why_ignored(path)


@pytest.mark.parametrize(
    "path", ["Shorts/Film (1999).mkv", "Movies/Trailer Park (2001)/Trailer Park (2001).mkv", "a.mkv"]
)
def test_films_are_not_left_out_for_their_names(path: str) -> None:
    assert why_ignored(path) is None


@pytest.mark.parametrize(
    ("tokens", "label"),
    [
        (".en", "English"),
        (".eng.sdh", "English (SDH)"),
        (".en.hi", "English (SDH)"),
        (".hi", "Hindi"),
        (".pt_BR.forced", "Portuguese (Brazil) (forced)"),
        ("2_English", "English"),
        (".zh-Hans", "Chinese (simplified)"),
        (".German.cc", "German (SDH)"),
        (".fre.foreign", "French (forced)"),
        (".nonsense", "Unknown language"),
        ("", "Unknown language"),
    ],
)
def test_the_name_of_a_subtitle_file_says_what_it_is(tokens: str, label: str) -> None:
    assert read_subtitle(tokens).label == label


@pytest.mark.parametrize(
    ("folder", "season"), [("Season 01", 1), ("S2", 2), ("Specials", 0), ("Season 00", 0), ("Alien", None)]
)
def test_folders_of_seasons(folder: str, season: int | None) -> None:
    assert season_of(folder) == season


def test_the_claimed_height_is_the_largest() -> None:
    assert height_in("Film 720p 2160p") == 2160
    assert height_in("Film.UHD.mkv") == 2160
    assert height_in("Film.mkv") == 0
