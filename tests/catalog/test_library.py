"""A folder as a plan: what is taken for what, with what lies beside it."""

from __future__ import annotations

import pytest

from matinee.catalog.library import Find, Library, beside_file, read_library


def library(*paths: str) -> Library:
    return read_library(dict.fromkeys(paths, 1))


def find(found: Library, path: str) -> Find:
    return next(each for each in found.finds if each.path == path)


def test_a_film_takes_what_lies_in_its_folder() -> None:
    folder = "Movies/Alien (1979)"
    found = library(
        f"{folder}/Alien (1979).mkv",
        f"{folder}/Alien (1979).en.sdh.srt",
        f"{folder}/Alien (1979).de.forced.vtt",
        f"{folder}/Subs/2_French.srt",
        f"{folder}/poster.jpg",
        f"{folder}/fanart.png",
        f"{folder}/movie.nfo",
    )
    beside = found.finds[0].beside
    assert [(s.name.language, s.name.is_sdh, s.name.is_forced) for s in beside.subtitles] == [
        ("de", False, True),
        ("en", True, False),
        ("fr", False, False),
    ]
    assert (beside.poster, beside.fanart, beside.nfo) == (
        f"{folder}/poster.jpg",
        f"{folder}/fanart.png",
        f"{folder}/movie.nfo",
    )
    assert not found.skipped


def test_in_a_folder_of_many_films_each_takes_only_its_own() -> None:
    found = library(
        "A (2001).mkv", "B (2002).mkv", "A (2001).en.srt", "A (2001)-poster.jpg", "poster.jpg", "B (2002).nfo", "fr.srt"
    )
    one, other = find(found, "A (2001).mkv").beside, find(found, "B (2002).mkv").beside
    assert (one.poster, [s.path for s in one.subtitles], one.nfo) == ("A (2001)-poster.jpg", ["A (2001).en.srt"], "")
    assert (other.poster, other.subtitles, other.nfo) == ("", (), "B (2002).nfo")


def test_an_episode_knows_its_own_files_and_its_show_s() -> None:
    show = "Shows/Harbour (2021)"
    path = f"{show}/Season 01/Harbour S01E01 Fog.mkv"
    found = library(
        path,
        f"{show}/Season 01/Harbour S01E02 Rain.mkv",
        f"{show}/Season 01/Harbour S01E01 Fog.en.srt",
        f"{show}/Season 01/Harbour S01E01 Fog-thumb.jpg",
        f"{show}/tvshow.nfo",
        f"{show}/poster.jpg",
    )
    taken = find(found, path)
    assert taken.beside.fanart.endswith("-thumb.jpg")
    assert [subtitle.name.language for subtitle in taken.beside.subtitles] == ["en"]
    assert (taken.show.nfo, taken.show.poster) == (f"{show}/tvshow.nfo", f"{show}/poster.jpg")
    assert find(found, f"{show}/Season 01/Harbour S01E02 Rain.mkv").beside.subtitles == ()


def test_of_several_versions_the_tallest_is_taken() -> None:
    found = library("A (2001)/A (2001) - 1080p.mkv", "A (2001)/A (2001) - 2160p.mkv", "A (2001)/A (2001) - 720p.mkv")
    assert [each.path for each in found.finds] == ["A (2001)/A (2001) - 2160p.mkv"]
    assert all("another version" in skip.reason for skip in found.skipped)


def test_what_is_left_out_says_why() -> None:
    found = library(
        "film.iso", "a/film-trailer.mkv", "S/Season 01/Making of.mkv", "A.mkv", "A.sup", "A.mkv.part", "notes.txt"
    )
    reasons = {skip.path: skip.reason for skip in found.skipped}
    assert [each.path for each in found.finds] == ["A.mkv"]
    assert set(reasons) == {"film.iso", "a/film-trailer.mkv", "S/Season 01/Making of.mkv", "A.sup"}
    assert "MKV" in reasons["film.iso"]
    assert "S01E02" in reasons["S/Season 01/Making of.mkv"]


def test_one_film_is_found_with_what_lies_beside_it() -> None:
    taken = beside_file("x/A (2001).mkv", ["x/A (2001).en.srt", "x/B.mkv", "x/.A (2001).de.srt"])
    assert taken.metadata.year == 2001
    assert [subtitle.path for subtitle in taken.beside.subtitles] == ["x/A (2001).en.srt"]


@pytest.mark.parametrize("suffix", ["ass", "dfxp", "srt", "ssa", "ttml", "vtt"])
def test_subtitles_of_every_kind_that_can_be_read_are_taken(suffix: str) -> None:
    taken = beside_file("x/A (2001).mkv", [f"x/A (2001).de.{suffix}"])
    assert [subtitle.path for subtitle in taken.beside.subtitles] == [f"x/A (2001).de.{suffix}"]
    assert library("x/A (2001).mkv", f"x/A (2001).de.{suffix}").skipped == (), "what is taken is not left out"


@pytest.mark.parametrize("suffix", ["idx", "smi", "sub", "sup"])
def test_subtitles_of_every_other_kind_are_told_of_the_film_that_they_are_of(suffix: str) -> None:
    beside = beside_file("x/A (2001).mkv", [f"x/A (2001).de.{suffix}", f"x/B.{suffix}", "x/B.mkv"]).beside
    assert (beside.subtitles, beside.unread) == ((), (f"x/A (2001).de.{suffix}",))
