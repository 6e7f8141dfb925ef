"""Heads of answers say what a player and a browser need, and nothing that varies."""

from __future__ import annotations

import msgspec
import pytest

from matinee.base.errors import Forbidden, NotFound, Unavailable
from matinee.delivery.edge.ranges import Span
from matinee.delivery.edge.response import (
    Problem,
    date_line,
    partial_head,
    problem_of,
    refuse,
    represent,
    whole_head,
)

DATE = date_line(784111777)


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("media.mp4", b"video/mp4"),
        ("media.m3u8", b"application/vnd.apple.mpegurl"),
        ("index.json", b"application/json"),
        ("media.vtt", b"text/vtt; charset=utf-8"),
        ("segments.vtt", b"text/vtt; charset=utf-8"),
        ("iframes.m3u8", b"application/vnd.apple.mpegurl"),
    ],
)
def test_every_file_has_its_type(file: str, kind: bytes) -> None:
    assert b"\r\nContent-Type: " + kind + b"\r\n" in whole_head(represent("r1", file, 5), DATE, False)


def test_a_part_says_which_one_it_is() -> None:
    head = partial_head(represent("r1", "media.mp4", 1000), DATE, False, Span(10, 90))
    assert head.startswith(b"HTTP/1.1 206 Partial Content\r\n")
    assert b"\r\nContent-Range: bytes 10-99/1000\r\nContent-Length: 90\r\n\r\n" in head
    assert b"\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n" in head  # the example of RFC 9110 5.6.7


def test_the_last_answer_says_so() -> None:
    file = represent("r1", "media.mp4", 5)
    assert b"\r\nConnection: close\r\n" in whole_head(file, DATE, True)
    assert b"Connection:" not in whole_head(file, DATE, False)


def test_tags_differ_where_bytes_may() -> None:
    files = [("r1", "media.mp4", 5), ("r2", "media.mp4", 5), ("r1", "media.vtt", 5), ("r1", "media.mp4", 6)]
    assert len({represent(*file).etag for file in files}) == len(files)


def test_a_refusal_is_a_problem_document() -> None:
    head, body = refuse(Problem(416, "unsatisfiable_range", "too far"), DATE, is_last=False)
    assert b"\r\nContent-Type: application/problem+json\r\n" in head
    assert b"\r\nContent-Length: %d\r\n" % len(body) in head
    assert msgspec.json.decode(body)["code"] == "unsatisfiable_range"


def test_kinds_of_errors_have_their_status() -> None:
    assert [problem_of(kind("x")).status for kind in (NotFound, Forbidden, Unavailable)] == [404, 403, 503]
