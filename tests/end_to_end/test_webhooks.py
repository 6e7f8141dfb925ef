"""A whole Matinee tells a receiver what becomes of films: one that can be played, and one that cannot be used."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from tests.app.webhooks.receiver import KEY, SECRET, Receiver, is_genuine, receiver
from tests.end_to_end.processes import until
from tests.end_to_end.server import matinee, up
from tests.media.generate import Clip, make_numbered

__all__ = ["receiver"]  # a fixture


def told(receiver: Receiver, name: str) -> list[dict[str, object]]:
    return [document["data"] for document in receiver.documents if document["type"] == name]


def test_a_receiver_hears_of_what_can_be_played_and_of_what_failed(receiver: Receiver, tmp_path: Path) -> None:
    film = make_numbered(tmp_path / "Rain.mkv", Clip(rate=Fraction(25), frames=50, width=320, height=180))
    broken = tmp_path / "Fog.mkv"
    broken.write_bytes(film.read_bytes()[:2_000])
    receiver.answers = [503]
    settings = {"MATINEE_WEBHOOK_URLS": receiver.url, "MATINEE_WEBHOOK_SECRET": SECRET}
    with up(tmp_path / "home", **settings):
        added = matinee(tmp_path / "home", "add", str(film), "--json", settings=settings)
        assert added.status == 0, added.err
        until(lambda: any(one["is_complete"] for one in told(receiver, "title.published")), "all of it can be played")
        assert matinee(tmp_path / "home", "add", str(broken), "--json", settings=settings).status == 1
        until(lambda: told(receiver, "title.failed"), "it has failed")
    assert {str(one["title"]) for one in told(receiver, "title.published")} == {"Rain"}
    assert told(receiver, "title.failed")[0]["reason"]
    headers, body = receiver.received[-1]
    assert is_genuine(KEY, headers, body, int(headers["webhook-timestamp"]))
