"""`matinee analyse`: what a film would become, without adding it; what was found out is not found out again."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

from tests.end_to_end.server import matinee
from tests.media.generate import Clip, make_numbered

from matinee.encoding.pertitle.hull import LOWEST_BPS


def test_a_film_is_studied_and_not_added(tmp_path: Path) -> None:
    film = make_numbered(tmp_path / "quay.mkv", Clip(rate=Fraction(25), frames=300, width=640, height=360))
    home, picture = tmp_path / "home", tmp_path / "hull.svg"
    # A cluster does not have the film, and is not asked.
    elsewhere = {"COMPUTE_URL": "tls://127.0.0.1:1"}
    done = matinee(home, "analyse", str(film), "--picture", str(picture), "--json", settings=elsewhere)
    assert done.status == 0, done.err
    report = done.document
    assert (report["name"], report["width"], report["height"]) == ("quay", 640, 360)
    (ladder,) = report["ladders"]
    assert ladder["codec"] == "h264"
    assert ladder["rungs"][0]["maxrate_bps"] <= LOWEST_BPS
    assert {tuple(trial["size"]) for trial in ladder["trials"]} == {(426, 240), (640, 360)}
    assert picture.read_text(encoding="utf-8").startswith("<svg")
    assert matinee(home, "list", "--json").document == []
    (kept,) = (path for path in (home / "objects").rglob("*") if path.is_file())
    assert json.loads(kept.read_bytes())["trials"] == ladder["trials"]
    assert [path for path in (home / "scratch").iterdir() if path.name != "dask"] == []

    again = matinee(home, "analyse", str(film), "--picture", str(picture), "--json")
    assert again.document == report


def test_what_is_no_film_is_refused_and_no_picture_is_drawn(tmp_path: Path) -> None:
    letter = tmp_path / "letter.mp4"
    letter.write_text("Dear diary, today we filmed the lighthouse.\n" * 99)
    done = matinee(tmp_path / "home", "analyse", str(letter), "--picture", str(tmp_path / "hull.svg"))
    assert (done.status, "text file" in done.err) == (1, True)
    assert not (tmp_path / "hull.svg").exists()
