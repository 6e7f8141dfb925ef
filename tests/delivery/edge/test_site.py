"""What is answered, without a socket: the site is asked, and its reply is looked at."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from matinee.base.units import Seconds
from matinee.delivery.edge.http import Refusal, Request
from matinee.delivery.edge.keys import write_keys
from matinee.delivery.edge.limits import Limits
from matinee.delivery.edge.site import Health, Reply, Site
from matinee.delivery.token import SigningKey, sign

NOW = Seconds(1_800_000_000)
KEY = SigningKey("k1", b"s" * 32)
PATH = sign(KEY, session="s1", rendition="r1", expires=Seconds(NOW + 60)) + "media.mp4"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    write_keys(tmp_path / "keys.json", {KEY.id: KEY.secret})
    (tmp_path / "r1").mkdir()
    (tmp_path / "r1" / "media.mp4").write_bytes(b"0123456789")
    return Site(tmp_path, tmp_path / "keys.json", Limits(file_fresh_s=0.0))


def ask(site: Site, request: Request | Refusal, now: float = NOW) -> Reply:
    return site.answer(request, Seconds(now), 0.0, lambda: Health("ok", 1, 2))


def get(path: str = PATH, range: str = "") -> Request:
    return Request("GET", path, "", False, range=range)


def test_a_range_of_a_file_is_a_span_to_send(site: Site) -> None:
    reply = ask(site, get(range="bytes=2-4"))
    assert (reply.status, reply.first, reply.size) == (206, 2, 3)
    assert reply.file is not None
    assert os.pread(reply.file.fd, reply.size, reply.first) == b"234"
    assert reply.grant is not None
    assert reply.grant.session == "s1"


def test_a_signature_that_was_checked_once_still_expires(site: Site) -> None:
    assert ask(site, get()).status == 200
    assert ask(site, get(), NOW + 119).status == 200
    assert ask(site, get(), NOW + 120).status == 403


def test_a_signature_that_was_checked_once_dies_with_its_key(site: Site, tmp_path: Path) -> None:
    assert ask(site, get()).status == 200
    write_keys(tmp_path / "keys.json", {"k2": b"t" * 32})
    assert ask(site, get()).status == 200
    site.refresh_keys()
    assert ask(site, get()).status == 403


def test_a_refusal_ends_the_connection(site: Site) -> None:
    reply = ask(site, Refusal(503, "full"))
    assert reply.is_last
    assert b"\r\nRetry-After: 2\r\n" in reply.head
    assert b"\r\nConnection: close\r\n" in reply.head


def test_a_file_that_may_not_be_opened_is_a_matter_for_later(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "r1"
    (folder / "media.mp4").unlink()
    assert ask(site, get()).status == 404
    folder.rmdir()
    folder.write_bytes(b"a file where a folder should be")
    assert ask(site, get()).status == 404


def test_dates_move_on(site: Site) -> None:
    assert b"\r\nDate: Fri, 15 Jan 2027 08:00:00 GMT\r\n" in ask(site, get("/health")).head
    assert b"\r\nDate: Fri, 15 Jan 2027 08:00:01 GMT\r\n" in ask(site, get("/health"), NOW + 1).head
