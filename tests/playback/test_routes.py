"""Pressing play over HTTP: what a player is given, and what is refused with a reason."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.app.application import Application, running
from tests.playback.asset_sample import ASSET

import matinee.catalog.tables
import matinee.encoding.tables
import matinee.insight.tables  # noqa: F401 - the tables are made from what is imported
from matinee.adapters.embedded.log import SqliteEventLog
from matinee.adapters.embedded.state import SqlitePlaybackState
from matinee.base.clock import system_clock
from matinee.base.database import JOBS, open_engine, writing
from matinee.base.objects import open_objects
from matinee.catalog.service import Catalog
from matinee.catalog.title import Metadata, Source
from matinee.delivery.token import SigningKey
from matinee.encoding.service import Assets
from matinee.playback import routes
from matinee.playback.marking import Marking
from matinee.playback.routes import Edges
from matinee.playback.service import Playback
from matinee.work.service import Jobs


@dataclass(frozen=True)
class Cinema:
    application: Application
    film: str
    show: str

    async def post(self, path: str, document: dict[str, Any]) -> tuple[int, Any]:
        answer = await self.application.client.post(path, json=document)
        return answer.status_code, answer.json() if answer.content else None


@pytest.fixture
async def cinema(tmp_path: Path) -> AsyncIterator[Cinema]:
    """An application with one film that can be played and one show, its owner signed in."""
    engines = {
        name: open_engine(f"sqlite+aiosqlite:///{tmp_path / name}.db") for name in ("main", "jobs", "state", "events")
    }
    state, log = SqlitePlaybackState(engines["state"]), SqliteEventLog(engines["events"])
    await state.prepare()
    await log.prepare()
    catalog = Catalog(engines["main"], system_clock)
    assets = Assets(engines["main"], open_objects((tmp_path / "objects").as_uri()), system_clock)
    playback = Playback(catalog, assets, state, log, lambda: SigningKey("k1", b"secret" * 4), system_clock)
    jobs = Jobs(engines["jobs"], system_clock)
    async with writing(jobs.engine) as connection:
        await connection.run_sync(JOBS.create_all)
    marking = Marking(catalog, assets, jobs)
    given = {"playback": playback, "marking": marking, "edges": Edges("", 8080)}
    async with running(tmp_path, routes.HANDLERS, given) as application:
        await application.sign_in()
        film = await catalog.add_film(Metadata(title="A film"), Source(sha256="0" * 64, name="a.mkv", size_bytes=1))
        show = await catalog.add_show(Metadata(show="A show"))
        await assets.publish(msgspec.structs.replace(ASSET, title_id=film.id), "0" * 64)
        yield Cinema(application, film.id, show.id)
    for engine in engines.values():
        await engine.dispose()


async def test_pressing_play_answers_manifests_on_the_edge_of_the_same_host(cinema: Cinema) -> None:
    status, started = await cinema.post("/v1/playback", {"title_id": cinema.film})
    assert status == 201
    assert started["edges"] == ["http://localhost:8080"]
    assert started["title"]["title"] == "A film"
    playlist = await cinema.application.client.get(started["hls_url"])
    assert playlist.headers["content-type"].startswith("application/vnd.apple.mpegurl")
    assert playlist.headers["cache-control"] == "no-store"
    assert f".{started['session_id']}." in playlist.text
    manifest = await cinema.application.client.get(started["dash_url"])
    assert manifest.headers["content-type"].startswith("application/dash+xml")


async def test_a_heartbeat_is_where_playing_resumes(cinema: Cinema) -> None:
    _, started = await cinema.post("/v1/playback", {"title_id": cinema.film})
    beat = {"event_id": "event_0001", "position_s": started["duration_s"] / 2, "state": "paused"}
    status, _ = await cinema.post(f"/v1/playback/{started['session_id']}/heartbeat", beat)
    assert status == 204
    _, again = await cinema.post("/v1/playback", {"title_id": cinema.film})
    assert again["resume_s"] == pytest.approx(started["duration_s"] / 2 - 2, abs=0.01)


async def test_a_film_that_is_taken_out_of_continue_watching_begins_at_the_start(cinema: Cinema) -> None:
    _, started = await cinema.post("/v1/playback", {"title_id": cinema.film})
    beat = {"event_id": "event_0001", "position_s": started["duration_s"] / 2, "state": "paused"}
    await cinema.post(f"/v1/playback/{started['session_id']}/heartbeat", beat)
    assert (await cinema.application.client.delete(f"/v1/watching/{cinema.film}")).status_code == 204
    _, again = await cinema.post("/v1/playback", {"title_id": cinema.film})
    assert again["resume_s"] == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"position_s": -1},
        {"position_s": 1e9},
        {"state": "flying"},
        {"event_id": "../etc"},
        {"event_id": ""},
        {"throughput_bps": -5},
        {"colour": "red"},
    ],
    ids=lambda wrong: str(next(iter(wrong.items()))),
)
async def test_a_heartbeat_with_an_impossible_field_is_refused_and_names_it(
    cinema: Cinema, wrong: dict[str, Any]
) -> None:
    _, started = await cinema.post("/v1/playback", {"title_id": cinema.film})
    beat = {"event_id": "event_0001", "position_s": 1.0, "state": "playing", **wrong}
    status, problem = await cinema.post(f"/v1/playback/{started['session_id']}/heartbeat", beat)
    assert status == 400
    assert next(iter(wrong)) in str(problem)


@pytest.mark.parametrize("path", ["master.m3u8", "manifest.mpd"])
async def test_a_session_that_does_not_exist_says_to_press_play_again(cinema: Cinema, path: str) -> None:
    answer = await cinema.application.client.get(f"/v1/playback/play_nobody/{path}")
    assert answer.status_code == 404
    assert "press play again" in answer.json()["detail"]


async def test_a_show_is_not_played_itself(cinema: Cinema) -> None:
    status, problem = await cinema.post("/v1/playback", {"title_id": cinema.show})
    assert status == 400
    assert "episodes" in problem["detail"]


async def test_an_unknown_title_is_not_found(cinema: Cinema) -> None:
    status, problem = await cinema.post("/v1/playback", {"title_id": "title_nothing"})
    assert (status, problem["code"]) == (404, "unknown_title")


@pytest.mark.parametrize(
    ("edges", "host", "url"),
    [
        (Edges("", 8080), "films.example", "http://films.example:8080"),
        (Edges("", 8080), "::1", "http://[::1]:8080"),
        (Edges("https://edge.example/", 8080), "films.example", "https://edge.example"),
    ],
)
def test_the_edge_is_on_the_page_s_host_unless_a_setting_says_where(edges: Edges, host: str, url: str) -> None:
    assert edges.for_host("http", host) == url
