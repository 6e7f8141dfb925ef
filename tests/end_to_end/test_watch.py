"""The watched folder of a running server: films that arrive in it are taken once, when they are whole."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.end_to_end.processes import kill, of_kind, until
from tests.end_to_end.server import Running, matinee, up
from tests.end_to_end.test_films import play
from tests.media.generate import Clip, make_numbered

STEPS = 8
"""Pieces in which a film is copied: each waits until the server has had a look at the one before."""
LOOK_S = 2.5
"""A little longer than the server waits between two looks."""


def jobs_of(home: Path, kind: str) -> list[dict[str, Any]]:
    """All jobs of a kind, those too that another has taken over from."""
    return [job for job in matinee(home, "jobs", "--json").document if job["kind"] == kind]


def failed_of(jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [job for job in jobs if job["state"] == "failed"]


def ready(client: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/v1/titles").raise_for_status().json()["items"]
    return found


def copied_slowly(film: Path, target: Path, running: Running) -> None:
    """Copy `film` as a slow network drive does; the server must not touch it before it is whole."""
    content = film.read_bytes()
    piece = len(content) // STEPS + 1
    with target.open("wb") as out:
        for start in range(0, len(content), piece):
            out.write(content[start : start + piece])
            out.flush()
            with pytest.raises(AssertionError):  # nothing happens meanwhile
                until(lambda: jobs_of(running.home, "ingest"), "it is taken", LOOK_S)


def test_a_film_that_is_copied_in_slowly_is_taken_once_when_it_is_whole(tmp_path: Path) -> None:
    film = make_numbered(tmp_path / "film.mkv", Clip(rate=Fraction(25), frames=125))
    watched = tmp_path / "watched" / "The Weir (1998)"
    watched.mkdir(parents=True)
    with up(tmp_path / "home", MATINEE_WATCH=str(watched.parent)) as running:
        client = running.client()
        copied_slowly(film, watched / "The Weir (1998).mkv", running)
        (title,) = until(lambda: ready(client), "the film is ready")
        assert (title["title"], title["year"]) == ("The Weir", 1998)
        play(running, title["id"])
        kill(of_kind(running.home, "control")[0])  # what it remembers of the folder is lost with it
        os.link(film, watched.parent / "Another Name.mkv")
        until(
            lambda: len(jobs_of(running.home, "ingest")) == 2, "a film that was known under another name is looked at"
        )
        until(lambda: all(job["state"] == "done" for job in jobs_of(running.home, "ingest")), "and taken in")
        assert [one["id"] for one in ready(client)] == [title["id"]]
        assert len(jobs_of(running.home, "encode")) == 1
    assert film.read_bytes() == (watched / "The Weir (1998).mkv").read_bytes(), "the file is its owner's, and stays"


def test_a_broken_file_in_the_watched_folder_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    watched = tmp_path / "watched"
    watched.mkdir()
    (watched / "broken.mkv").write_text("not a film at all", encoding="utf-8")
    make_numbered(watched / "whole.mkv", Clip(rate=Fraction(25), frames=60))
    with up(tmp_path / "home", MATINEE_WATCH=str(watched)) as running:
        client = running.client()
        until(lambda: [card["title"] for card in ready(client)] == ["whole"], "the whole one is ready")
        failed = until(lambda: failed_of(jobs_of(running.home, "ingest")), "one is refused")
        assert ["broken" in str(job) for job in failed] == [True]
        assert "text file" in failed[0]["reason"]
        assert (watched / "broken.mkv").exists()
