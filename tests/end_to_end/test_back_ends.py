"""The same main job on the other back ends: relational state and jobs in a real PostgreSQL."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from tests.end_to_end.processes import kill, of_kind, until
from tests.end_to_end.server import matinee, up
from tests.end_to_end.test_films import play
from tests.media.generate import Clip, make_numbered


def test_a_film_is_added_and_played_with_everything_relational_in_postgresql(tmp_path: Path, postgres_url: str) -> None:
    film = make_numbered(tmp_path / "film.mkv", Clip(rate=Fraction(25), frames=200))
    home, settings = tmp_path / "home", {"DATABASE_URL": postgres_url}
    with up(home, **settings) as running:
        done = matinee(home, "add", str(film), "--title", "The Quay", "--json", settings=settings)
        assert done.status == 0, done.err
        assert done.document["state"] == "ready"
        play(running, done.document["title_id"])
    assert not list(home.glob("main.db*")) and not list(home.glob("jobs.db*"))
    with up(home, **settings) as running:
        play(running, done.document["title_id"])


def test_a_job_in_postgresql_goes_on_when_its_control_is_killed(tmp_path: Path, postgres_url: str) -> None:
    film = make_numbered(tmp_path / "film.mkv", Clip(rate=Fraction(25), frames=1_000))
    settings = {"DATABASE_URL": postgres_url, "MATINEE_PRESET": "veryslow"}
    with up(tmp_path / "home", **settings) as running:
        done = matinee(running.home, "add", str(film), "--no-wait", "--json", settings=settings)
        assert done.status == 0, done.err
        until(lambda: of_kind(running.home, "ffmpeg"), "the film is encoded")
        kill(of_kind(running.home, "control")[0])
        again = matinee(running.home, "add", str(film), "--json", settings=settings)
        assert again.status == 0, again.err
        assert (again.document["title_id"], again.document["is_new"]) == (done.document["title_id"], False)
        play(running, done.document["title_id"])
