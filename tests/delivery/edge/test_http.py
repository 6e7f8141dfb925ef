"""Heads of requests are read strictly: each of these is a transcript and what becomes of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.delivery.edge.http import Refusal, Request, is_hopeless, parse_head

names = st.from_regex(r"X-[A-Za-z0-9-]{1,10}", fullmatch=True)
values = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=40).filter(
    lambda text: not any(0x7F <= ord(character) < 0xA0 for character in text)
)


def parse(head: str, fields_max: int = 64) -> Request | Refusal:
    return parse_head(head.encode("latin-1"), fields_max=fields_max)


def refused(head: str) -> int:
    answer = parse(head)
    assert isinstance(answer, Refusal), answer
    return answer.status


def taken(head: str) -> Request:
    answer = parse(head)
    assert isinstance(answer, Request), answer
    return answer


def test_a_players_request_is_read() -> None:
    request = taken(
        "GET /token/r1/media.mp4?CMCD=bl%3D100 HTTP/1.1\r\nHost: edge\r\nRange: bytes=0-99 \r\n"
        'If-Range: "a"\r\nIf-None-Match: "b"\r\nCMCD-Request: bl=2000,mtp=25400\r\nUser-Agent: a player\r\n\r\n'
    )
    assert request == Request(
        method="GET",
        path="/token/r1/media.mp4",
        query="CMCD=bl%3D100",
        is_last=False,
        range="bytes=0-99",
        if_range='"a"',
        if_none_match='"b"',
        cmcd=("bl=2000,mtp=25400",),
    )


def test_names_of_fields_are_read_in_any_case_and_without_a_space() -> None:
    assert taken("GET / HTTP/1.1\r\nhOST:x\r\nrange:bytes=1-\r\n\r\n").range == "bytes=1-"


@pytest.mark.parametrize(
    ("connection", "version", "is_last"),
    [
        ("", "1.1", False),
        ("keep-alive", "1.1", False),
        ("close", "1.1", True),
        ("Close", "1.1", True),
        ("upgrade, close", "1.1", True),
        ("closed", "1.1", False),
        ("", "1.0", True),
        ("keep-alive", "1.0", True),
    ],
)
def test_the_connection_lasts_as_long_as_both_want(connection: str, version: str, is_last: bool) -> None:
    field = f"Connection: {connection}\r\n" if connection else ""
    assert taken(f"GET / HTTP/{version}\r\nHost: x\r\n{field}\r\n").is_last is is_last


def test_a_list_may_stand_in_two_lines() -> None:
    request = taken('GET / HTTP/1.1\r\nHost: x\r\nIf-None-Match: "a"\r\nIf-None-Match: "b"\r\n\r\n')
    assert request.if_none_match == '"a", "b"'


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_an_absolute_target_means_its_path(method: str) -> None:
    assert taken(f"{method} http://edge:80/a/b?c HTTP/1.1\r\nHost: edge:80\r\n\r\n").path == "/a/b"


def test_options_may_ask_for_the_whole_server() -> None:
    assert taken("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n").path == "*"


@pytest.mark.parametrize(
    "line",
    [
        "GET /",
        "GET  / HTTP/1.1",
        "GET / HTTP/1.1 ",
        " GET / HTTP/1.1",
        "GET /a b HTTP/1.1",
        "GET /\0 HTTP/1.1",
        "GET /ä HTTP/1.1",
        "GET / HTTP/11",
        "GET / http/1.1",
        "G(T / HTTP/1.1",
        "GET \t/ HTTP/1.1",
    ],
)
def test_a_request_line_that_is_not_exact_is_refused(line: str) -> None:
    assert refused(f"{line}\r\nHost: x\r\n\r\n") == 400


@pytest.mark.parametrize(
    "field",
    [
        "Host : x",
        " Host: x",
        "Range: bytes=0-1\r\n folded",
        "no colon",
        ": empty",
        "Na me: x",
        "X: a\0b",
        "X: a\nb",
        "X: a\rb",
        "X: a\x7fb",
        "Host: x\nX: y",
    ],
)
def test_a_field_that_is_not_exact_is_refused(field: str) -> None:
    assert refused(f"GET / HTTP/1.1\r\nHost: x\r\n{field}\r\n\r\n") == 400


@pytest.mark.parametrize("name", ["Host", "Range", "If-Range", "Content-Length"])
def test_a_field_that_stands_twice_is_refused(name: str) -> None:
    host = "" if name == "Host" else "Host: x\r\n"
    assert refused(f"GET / HTTP/1.1\r\n{host}{name}: 0\r\n{name.lower()}: 0\r\n\r\n") == 400


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        ("PRI * HTTP/2.0\r\n\r\n", 505),
        ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n", 413),
        ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: +0\r\n\r\n", 413),
        ("GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 413),
        ("GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \r\nContent-Length: 0\r\n\r\n", 413),
        ("POST / HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        ("get / HTTP/1.1\r\nHost: x\r\n\r\n", 501),
        ("BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 501),
        ("GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("GET edge:80 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("GET ftp://edge/ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("GET http:///path HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ],
)
def test_what_an_edge_does_not_do_is_refused_with_its_reason(head: str, status: int) -> None:
    assert refused(head) == status


def test_an_http_1_0_client_need_not_name_a_host() -> None:
    assert taken("GET /a HTTP/1.0\r\n\r\n").path == "/a"


def test_fields_are_counted() -> None:
    head = "GET / HTTP/1.1\r\nHost: x\r\nA: 1\r\nB: 2\r\n\r\n"
    assert isinstance(parse(head, fields_max=3), Request)
    assert parse(head, fields_max=2) == Refusal(431, "the request has more than 2 fields")


@given(st.lists(st.tuples(names, values), max_size=20))
def test_fields_that_do_not_concern_us_change_nothing(fields: list[tuple[str, str]]) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
    assert taken(f"GET /a HTTP/1.1\r\n{lines}Host: x\r\nRange: bytes=1-2\r\n\r\n") == taken(
        "GET /a HTTP/1.1\r\nHost: x\r\nRange: bytes=1-2\r\n\r\n"
    )


@given(st.permutations(["Host: x", "Range: bytes=1-2", 'If-Range: "a"', "X: y", "CMCD-Status: bs"]))
def test_the_order_of_fields_changes_nothing(lines: list[str]) -> None:
    request = taken("GET /a HTTP/1.1\r\n" + "\r\n".join(lines) + "\r\n\r\n")
    assert request == Request("GET", "/a", "", False, "bytes=1-2", '"a"', "", ("bs",))


@given(st.integers(0, 10**20), st.integers(0, 10**20))
def test_a_head_that_was_read_before_gets_the_range_that_it_has_now(first: int, last: int) -> None:
    assert taken(f"GET /a HTTP/1.1\r\nHost: x\r\nRange: bytes={first}-{last}\r\n\r\n").range == f"bytes={first}-{last}"


@pytest.mark.parametrize("second", ["Range: bytes=0-1", "range: bytes=0-1", " folded", "Range: x\0"])
def test_a_range_followed_by_what_may_not_follow_is_refused(second: str) -> None:
    assert refused(f"GET / HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1\r\n{second}\r\n\r\n") == 400


def test_the_range_counts_as_a_field() -> None:
    head = "GET / HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1\r\n\r\n"
    assert isinstance(parse(head, fields_max=2), Request)
    assert parse(head, fields_max=1) == Refusal(431, "the request has more than 1 fields")


@given(st.binary(max_size=300))
def test_noise_is_refused(noise: bytes) -> None:
    assert isinstance(parse_head(noise + b"\r\n\r\n", fields_max=64), Refusal)


@given(st.integers(0, 70), st.binary(min_size=1, max_size=3))
def test_a_damaged_request_is_read_or_refused_and_nothing_else(position: int, damage: bytes) -> None:
    head = bytearray(b"GET /a/b/media.mp4 HTTP/1.1\r\nHost: edge\r\nRange: bytes=0-99\r\nX: y\r\n\r\n")
    head[position : position + len(damage)] = damage
    assert isinstance(parse_head(bytes(head), fields_max=64), Request | Refusal)


def test_other_protocols_are_known_by_their_first_byte() -> None:
    assert is_hopeless(b"\x16\x03\x01")  # a TLS ClientHello
    assert is_hopeless(b"\0")
    assert not is_hopeless(b"G")
