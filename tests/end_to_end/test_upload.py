"""Uploads to a running server by tus 1.0: broken off, the server killed in between, and the film plays."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.end_to_end.processes import kill, of_kind, until
from tests.end_to_end.server import Running
from tests.end_to_end.test_films import play
from tests.media.generate import Clip, make_numbered

TUS = {"Tus-Resumable": "1.0.0"}
STREAM = {**TUS, "Content-Type": "application/offset+octet-stream"}
BLOCK = 4_096


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = make_numbered(tmp_path_factory.mktemp("film") / "film.mkv", Clip(rate=Fraction(25), frames=1_000))
    return path.read_bytes()


class Line:
    """A browser's line to the uploads of a server, which may be away for a moment."""

    def __init__(self, running: Running) -> None:
        self.client, self.folder = running.client(), running.home / "uploads"

    def part(self, location: str) -> Path:
        """The file that an upload grows in."""
        return self.folder / f"{location.rpartition('/')[2]}.part"

    def create(self, content: bytes, **metadata: str) -> str:
        """Begin an upload; its address."""
        pairs = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in metadata.items())
        headers = {**TUS, "Upload-Length": str(len(content)), "Upload-Metadata": pairs}
        return str(self.client.post("/v1/uploads", headers=headers).raise_for_status().headers["Location"])

    def offset(self, location: str) -> int:
        """How many bytes the server has, once it has noticed that a line broke and says the same twice."""
        told = ["", self._head(location)]

        def settled() -> bool:
            told[:] = told[1], self._head(location)
            return told[0] == told[1] != ""

        until(settled, "the server tells how far the upload is")
        return int(told[1])

    def send(self, location: str, content: bytes, offset: int) -> bool:
        """Send what is missing; whether all of it was acknowledged."""
        headers = {**STREAM, "Upload-Offset": str(offset)}
        with suppress(httpx.HTTPError):
            answer = self.client.patch(location, headers=headers, content=content[offset:])
            return answer.status_code == httpx.codes.NO_CONTENT
        return False

    def send_and_break(self, location: str, content: bytes, offset: int, upto: int) -> None:
        """Promise all that is missing, and lose the line after byte `upto`."""

        def blocks() -> Iterator[bytes]:
            yield from (content[start : start + BLOCK] for start in range(offset, upto, BLOCK))
            raise ConnectionResetError

        headers = {**STREAM, "Upload-Offset": str(offset), "Content-Length": str(len(content) - offset)}
        with suppress(ConnectionResetError, httpx.HTTPError):
            self.client.patch(location, headers=headers, content=blocks())

    def send_and_kill(self, location: str, content: bytes, offset: int, upto: int, running: Running) -> None:
        """Send up to byte `upto`, and kill the web role when it has written some of that."""
        part = self.part(location)

        def blocks() -> Iterator[bytes]:
            yield content[offset:upto]
            until(lambda: part.stat().st_size > offset, "some of it has been written")
            kill(of_kind(running.home, "web")[0])
            yield content[upto:]

        headers = {**STREAM, "Upload-Offset": str(offset), "Content-Length": str(len(content) - offset)}
        with suppress(httpx.HTTPError):
            self.client.patch(location, headers=headers, content=blocks())

    def _head(self, location: str) -> str:
        with suppress(httpx.HTTPError):
            answer = self.client.head(location, headers=TUS)
            return str(answer.headers.get("Upload-Offset", "")) if answer.is_success else ""
        return ""


def title_named(client: httpx.Client, name: str) -> dict[str, Any] | None:
    cards = client.get("/v1/titles").raise_for_status().json()["items"]
    return next((card for card in cards if card["title"] == name), None)


def test_an_upload_survives_a_broken_line_and_a_killed_server_and_its_film_plays(running: Running, film: bytes) -> None:
    line = Line(running)
    location = line.create(film, filename="whatever.mkv", title="The Lock", year="2003")
    third = len(film) // 3
    line.send_and_break(location, film, 0, third)
    after_break = line.offset(location)
    assert 0 < after_break <= third + BLOCK
    line.send_and_kill(location, film, after_break, 2 * third, running)
    after_kill = line.offset(location)
    assert after_break <= after_kill <= len(film)
    until(lambda: line.send(location, film, line.offset(location)), "the rest is taken")
    title = until(lambda: title_named(line.client, "The Lock"), "the title appears", 180.0)
    assert title["year"] == 2003
    play(running, title["id"])
    until(lambda: not line.part(location).exists(), "the upload's file is gone")
    assert (running.home / "objects" / "masters" / hashlib.sha256(film).hexdigest()).exists()


def test_an_upload_that_is_no_film_is_told_and_nothing_of_it_is_kept(running: Running) -> None:
    line, content = Line(running), b"Dear diary, today we filmed the lighthouse.\n" * 999
    location = line.create(content, filename="diary.mp4", title="Diary")
    assert line.send(location, content, 0)

    def refused() -> list[dict[str, Any]]:
        jobs = line.client.get("/v1/jobs").raise_for_status().json()
        return [job for job in jobs if job["title"] == "Diary" and job["state"] == "failed"]

    assert "text file" in until(refused, "it is refused")[0]["reason"]
    master = running.home / "objects" / "masters" / hashlib.sha256(content).hexdigest()
    until(lambda: not master.exists() and not line.part(location).exists(), "nothing is kept")
    assert title_named(line.client, "Diary") is None
