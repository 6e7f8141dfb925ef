"""Titles that are removed and jobs that are given up while they are worked on: nothing of them stays."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import httpx
import pytest
from tests.end_to_end.processes import of_kind, until
from tests.end_to_end.server import Running, matinee, up
from tests.end_to_end.test_films import play
from tests.end_to_end.test_plug import SLOW, encode_job, enqueued
from tests.media.generate import Clip, make_numbered

from matinee.app.store_mark import MARK


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with up(tmp_path_factory.mktemp("home"), **SLOW) as running:
        yield running


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Two rungs of three chunks."""
    return make_numbered(tmp_path / "film.mkv", Clip(rate=Fraction(25), frames=400, width=640, height=480))


def kept(home: Path) -> list[str]:
    """All that is stored, but for what the store says of itself, and all that is being made."""
    files = [path for path in (home / "objects").rglob("*") if path.is_file()]
    stored = [path for path in files if path.name != MARK and path.parent.name != "reports"]
    return [str(path) for path in (*stored, *(home / "scratch").glob("scratch_*"))]


def begun(running: Running, film: Path) -> str:
    """A title of which a chunk has been encoded, and that is worked on."""
    title = enqueued(running.home, film)
    chunks = running.home / "objects" / "work"
    until(lambda: list(chunks.glob("*/*/*.mp4")) and of_kind(running.home, "ffmpeg"), "it is worked on")
    return title


def titles(client: httpx.Client) -> list[str]:
    listed = client.get("/v1/titles").raise_for_status().json()["items"]
    preparing = client.get("/v1/home").raise_for_status().json()["preparing"]
    return [card["id"] for card in listed] + [one["title_id"] for one in preparing if one["state"] != "failed"]


def test_a_title_that_is_removed_while_it_is_encoded_leaves_nothing(server: Running, film: Path) -> None:
    client = server.client()
    title = begun(server, film)
    client.delete(f"/v1/titles/{title}").raise_for_status()
    until(lambda: not kept(server.home), "nothing of it is kept")
    assert encode_job(client, title)["state"] == "cancelled"
    assert titles(client) == []
    assert not of_kind(server.home, "ffmpeg")


def test_a_job_that_is_given_up_leaves_nothing_and_the_film_can_be_added_anew(server: Running, film: Path) -> None:
    client = server.client()
    title = begun(server, film)
    job = encode_job(client, title)["id"]
    client.delete(f"/v1/jobs/{job}").raise_for_status()
    until(lambda: not kept(server.home), "nothing of it is kept")
    until(lambda: titles(client) == [], "its title is gone")
    client.post(f"/v1/jobs/{job}/retry").raise_for_status()
    until(lambda: encode_job(client, title)["state"] == "failed", "there is nothing to try again")
    assert "add it again" in encode_job(client, title)["reason"]
    again = begun(server, film)
    assert again != title
    client.delete(f"/v1/titles/{again}").raise_for_status()
    until(lambda: not kept(server.home), "nothing of it is kept")


def test_a_film_that_is_removed_and_added_at_once_is_made_again(server: Running, film: Path) -> None:
    client = server.client()
    first = begun(server, film)
    client.delete(f"/v1/titles/{first}").raise_for_status()
    done = matinee(server.home, "add", str(film), "--json")
    assert done.status == 0, done.err
    assert done.document["title_id"] != first
    play(server, done.document["title_id"])
    assert titles(client) == [done.document["title_id"]]
    client.delete(f"/v1/titles/{done.document['title_id']}").raise_for_status()
    until(lambda: not kept(server.home), "nothing of it is kept")


def test_what_was_published_of_a_job_stays_when_it_is_given_up_and_it_can_be_tried_again(
    server: Running, film: Path
) -> None:
    client = server.client()
    title = begun(server, film)
    until(lambda: client.get(f"/v1/titles/{title}").json()["title"]["height"] == 360, "its first rung can be played")
    job = encode_job(client, title)["id"]
    client.delete(f"/v1/jobs/{job}").raise_for_status()
    work = server.home / "objects" / "work"
    until(lambda: not list(work.glob("*")) and not of_kind(server.home, "ffmpeg"), "its work has ended")
    _, presentation = play(server, title)
    assert len(presentation.video) == 1
    client.post(f"/v1/jobs/{job}/retry").raise_for_status()
    until(lambda: encode_job(client, title)["state"] == "done", "it is done after all", 180.0)
    _, presentation = play(server, title)
    assert len(presentation.video) == 2


def test_a_job_that_is_given_up_before_it_began_leaves_nothing_either(tmp_path: Path, film: Path) -> None:
    home = tmp_path / "home"
    done = matinee(home, "add", str(film), "--no-wait", "--json")
    assert matinee(home, "jobs", "cancel", done.document["job_id"]).status == 0
    with up(home) as running:
        until(lambda: not kept(home), "nothing of it is kept")
        assert titles(running.client()) == []
