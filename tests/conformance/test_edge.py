"""What every edge does over HTTP, whatever it is made of: tokens, ranges, conditions, connections, bad manners."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.conformance.edges import EDGES, KEY, SPARE_KEY, Client, Edge, eventually, path, request

from matinee.delivery.edge.keys import write_keys
from matinee.delivery.edge.limits import Limits

CONTENT = bytes(range(256)) * 4_000
LARGE_BYTES = 64 << 20
"""More than the kernel keeps for one connection, on both of its sides."""
QUICK = Limits(head_deadline_s=0.5, idle_s=1.5, stall_window_s=0.5, linger_s=0.5)


@pytest.fixture(scope="module", params=EDGES)
def edge(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """An edge with the limits that it has by default."""
    with EDGES[request.param](tmp_path_factory.mktemp("edge")) as running:
        running.put("r1", "media.mp4", CONTENT)
        running.put("r1", "media.m3u8", b"#EXTM3U\n")
        running.put("r1", "index.json", b"{}")
        running.put("r2", "media.vtt", b"WEBVTT\n")
        with (running.folder / "r2" / "media.mp4").open("wb") as file:
            file.truncate(LARGE_BYTES)
        yield running


@pytest.fixture(scope="module", params=EDGES)
def quick_edge(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """An edge that soon loses its patience."""
    with EDGES[request.param](tmp_path_factory.mktemp("quick"), QUICK, workers=1) as running:
        running.put("r1", "media.mp4", CONTENT)
        with (running.folder / "r1" / "media.m3u8").open("wb") as file:
            file.truncate(LARGE_BYTES)
        yield running


# Files


def test_a_file_is_sent_whole(edge: Edge) -> None:
    answer = edge.ask(path())
    assert (answer.status, answer.body) == (200, CONTENT)
    assert answer.fields["accept-ranges"] == "bytes"
    assert answer.fields["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.fields["date"].endswith(" GMT")


@pytest.mark.parametrize(
    ("rendition", "file", "kind"),
    [
        ("r1", "media.mp4", "video/mp4"),
        ("r1", "media.m3u8", "application/vnd.apple.mpegurl"),
        ("r1", "index.json", "application/json"),
        ("r2", "media.vtt", "text/vtt; charset=utf-8"),
    ],
)
def test_every_kind_of_file_has_its_type(edge: Edge, rendition: str, file: str, kind: str) -> None:
    assert edge.ask(path(file, rendition), "HEAD").fields["content-type"] == kind


def test_head_says_what_get_would_and_sends_nothing(edge: Edge) -> None:
    with edge.connect() as client:
        head = client.ask(path(), "HEAD")
        whole = client.ask(path())
    assert head.status == 200
    assert {name: value for name, value in head.fields.items() if name != "date"} == {
        name: value for name, value in whole.fields.items() if name != "date"
    }


def test_a_query_does_not_change_the_file(edge: Edge) -> None:
    assert edge.ask(path() + "?CMCD=bl%3D2000").body == CONTENT


# Tokens


def test_an_expired_token_is_refused(edge: Edge) -> None:
    answer = edge.ask(path(lasts_s=-120))
    assert answer.status == 403
    assert json.loads(answer.body)["code"] == "token_expired"
    assert answer.fields["access-control-allow-origin"] == "*"
    assert answer.fields["cache-control"] == "no-store"


def test_a_token_that_has_just_expired_is_taken_for_clocks_that_differ(edge: Edge) -> None:
    assert edge.ask(path(lasts_s=-5)).status == 200


def test_a_token_expires_on_a_connection_that_used_it(edge: Edge) -> None:
    soon = path(lasts_s=-58)
    with edge.connect() as client:
        assert client.ask(soon, "HEAD").status == 200
        assert eventually(lambda: client.ask(soon, "HEAD").status == 403)


@pytest.mark.parametrize(("before", "after"), [(".s1.", ".s2."), ("/r1/", "/r2/"), ("/k1.", "/k2."), ("k1.", "k1.f")])
def test_a_token_for_something_else_is_refused(edge: Edge, before: str, after: str) -> None:
    assert before in path()
    assert edge.ask(path().replace(before, after)).status in (403, 404)


def test_a_tampered_signature_is_refused(edge: Edge) -> None:
    good = path()
    end = good.index("/r1/")
    for position in (end - 1, end - 20, end - 43):
        other = "A" if good[position] != "A" else "B"
        answer = edge.ask(good[:position] + other + good[position + 1 :])
        assert (answer.status, json.loads(answer.body)["code"]) == (403, "bad_token")


@pytest.mark.parametrize(
    "trick",
    [
        "/",
        "/r1/media.mp4",
        "/../../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "{token}/../../../etc/passwd",
        "{token}/r1/../r1/media.mp4",
        "{token}/r1/%2e%2e/r2/media.mp4",
        "{token}/r1/./media.mp4",
        "{token}//r1/media.mp4",
        "{token}/r1//media.mp4",
        "/{token}/r1/media.mp4",
        "{token}/r1/media.mp4/",
        "{token}/r1/media.mp4%00",
        "{token}/r1/media%2Emp4",
        "{token}/r1%2Fmedia.mp4",
        "{token}/r1\\media.mp4",
        "{token}/r1/keys.json",
        "{token}/r1/media.mp4.part",
        "{token}/r1/" + "a" * 4_000,
        "/" + "a/" * 2_000,
    ],
)
def test_path_tricks_open_nothing(edge: Edge, trick: str) -> None:
    token = "/" + path().split("/")[1]
    answer = edge.ask(trick.format(token=token))
    assert answer.status in (400, 403, 404, 414)
    assert b"root:" not in answer.body


def test_a_nul_in_a_path_is_refused(edge: Edge) -> None:
    with edge.connect() as client:
        client.say(request(path() + "\0.vtt"))
        assert client.answer().status == 400
        assert client.is_ended()


def test_a_file_that_is_not_here_is_not_found(edge: Edge) -> None:
    assert edge.ask(path(rendition="r9")).status == 404
    assert edge.ask(path("media.vtt")).status == 404


# Ranges and conditions


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-99", 0, 99),
        ("bytes=1000-", 1000, len(CONTENT) - 1),
        ("bytes=-1", len(CONTENT) - 1, len(CONTENT) - 1),
        ("bytes=-1000", len(CONTENT) - 1000, len(CONTENT) - 1),
        ("bytes=-99999999", 0, len(CONTENT) - 1),
        ("bytes=5-99999999", 5, len(CONTENT) - 1),
    ],
)
def test_a_range_is_sent_exactly(edge: Edge, asked: str, first: int, last: int) -> None:
    answer = edge.ask(path(), range=asked)
    assert answer.status == 206
    assert answer.fields["content-range"] == f"bytes {first}-{last}/{len(CONTENT)}"
    assert answer.body == CONTENT[first : last + 1]


@pytest.mark.parametrize("asked", [f"bytes={len(CONTENT)}-", "bytes=99999999-999999999", "bytes=-0"])
def test_a_range_beyond_the_file_is_not_satisfiable(edge: Edge, asked: str) -> None:
    with edge.connect() as client:
        answer = client.ask(path(), range=asked)
        assert answer.status == 416
        assert answer.fields["content-range"] == f"bytes */{len(CONTENT)}"
        assert client.ask(path(), range="bytes=0-0").status == 206


@pytest.mark.parametrize("asked", ["bytes=a-b", "bytes=5-2", "seconds=0-1", "bytes"])
def test_a_range_that_makes_no_sense_is_ignored_or_refused(edge: Edge, asked: str) -> None:
    answer = edge.ask(path(), range=asked)
    assert answer.status in (200, 416)  # RFC 9110 14.2 allows both
    assert answer.status == 416 or answer.body == CONTENT


def test_several_ranges_are_answered_whole_or_in_parts(edge: Edge) -> None:
    answer = edge.ask(path(), range="bytes=0-9,20-29")
    if answer.status == 206:
        assert answer.fields["content-type"].startswith("multipart/byteranges")
    else:
        assert (answer.status, answer.body) == (200, CONTENT)


def test_a_client_that_has_the_file_is_not_sent_it_again(edge: Edge) -> None:
    with edge.connect() as client:
        tag = client.ask(path(), "HEAD").fields["etag"]
        assert tag.startswith('"')
        for condition in (tag, f'"other", {tag}', f"W/{tag}", "*"):
            answer = client.ask(path(), if_none_match=condition, range="bytes=0-9")
            assert (answer.status, answer.fields["etag"]) == (304, tag)
        assert client.ask(path(), if_none_match='"other"').body == CONTENT


def test_if_range_holds_for_this_file_only(edge: Edge) -> None:
    with edge.connect() as client:
        tag = client.ask(path(), "HEAD").fields["etag"]
        assert client.ask(path(), range="bytes=0-9", if_range=tag).body == CONTENT[:10]
        for other in ('"other"', f"W/{tag}", "Sat, 29 Oct 1994 19:43:31 GMT"):
            assert client.ask(path(), range="bytes=0-9", if_range=other).status == 200


# Browsers


def test_a_page_of_any_origin_may_ask(edge: Edge) -> None:
    answer = edge.ask(
        path(), "OPTIONS", origin="https://films.example", access_control_request_method="GET",
        access_control_request_headers="range,cmcd-request",
    )  # fmt: skip
    assert answer.status in (200, 204)
    assert answer.fields["access-control-allow-origin"] == "*"
    allowed = {name.strip().lower() for name in answer.fields["access-control-allow-headers"].split(",")}
    assert {"range", "if-range", "if-none-match", "cmcd-request", "cmcd-session"} <= allowed
    assert int(answer.fields["access-control-max-age"]) > 0


def test_a_page_may_read_what_it_needs_of_an_answer(edge: Edge) -> None:
    fields = edge.ask(path(), range="bytes=0-9", origin="https://films.example").fields
    assert fields["access-control-allow-origin"] == "*"
    assert fields["timing-allow-origin"] == "*"
    exposed = {name.strip().lower() for name in fields["access-control-expose-headers"].split(",")}
    assert {"content-range", "content-length", "etag"} <= exposed


def test_health_needs_no_token(edge: Edge) -> None:
    answer = edge.ask("/health")
    assert answer.status == 200
    assert json.loads(answer.body)["status"] == "ok"


# Connections


def test_a_connection_serves_many_requests(edge: Edge) -> None:
    with edge.connect() as client:
        for first in range(200):
            assert client.ask(path(), range=f"bytes={first}-{first + 500}").body == CONTENT[first : first + 501]


def test_a_connection_outlives_a_request_that_failed(edge: Edge) -> None:
    with edge.connect() as client:
        assert client.ask("/nothing").status == 404
        assert client.ask(path(lasts_s=-900)).status == 403
        assert client.ask(path(rendition="r9"), "HEAD").status == 404
        assert client.ask(path()).body == CONTENT


def test_a_client_that_wants_to_close_is_let_go(edge: Edge) -> None:
    with edge.connect() as client:
        answer = client.ask(path(), connection="close")
        assert (answer.body, answer.fields["connection"]) == (CONTENT, "close")
        assert client.is_ended()


def test_an_http_1_0_client_is_served(edge: Edge) -> None:
    with edge.connect() as client:
        client.say(f"GET {path()} HTTP/1.0\r\n\r\n".encode())
        assert client.answer().body == CONTENT
        assert client.is_ended()


def test_a_client_that_has_said_its_last_word_is_still_answered(edge: Edge) -> None:
    with edge.connect() as client:
        client.say(request(path()))
        client.sock.shutdown(1)
        assert client.answer().body == CONTENT
        assert client.is_ended()


def test_pipelined_requests_are_answered_in_order(edge: Edge) -> None:
    firsts = range(0, 3_000, 100)
    with edge.connect() as client:
        client.say(b"".join(request(path(), range=f"bytes={first}-{first + 9}") for first in firsts))
        for first in firsts:
            assert client.answer().body == CONTENT[first : first + 10]


def test_pipelined_files_larger_than_any_buffer_arrive_whole(edge: Edge) -> None:
    with edge.connect() as client:
        client.say(request(path(rendition="r2")) * 2 + request(path()))
        assert [len(client.answer().body) for _ in range(2)] == [LARGE_BYTES] * 2
        assert client.answer().body == CONTENT


def test_a_request_may_arrive_byte_by_byte(edge: Edge) -> None:
    with edge.connect() as client:
        for byte in request(path(), range="bytes=7-8"):
            client.say(bytes([byte]))
        assert client.answer().body == CONTENT[7:9]


def test_an_empty_line_before_a_request_is_ignored(edge: Edge) -> None:
    with edge.connect() as client:
        client.say(b"\r\n" + request(path(), range="bytes=0-0"))
        assert client.answer().status == 206


def test_many_at_once_all_get_their_bytes(edge: Edge) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(edge.connect()) for _ in range(100)]
        for number, client in enumerate(clients):
            client.say(request(path(), range=f"bytes={number}-"))
        for number, client in enumerate(clients):
            assert client.answer().body == CONTENT[number:]


# Bad manners


@pytest.mark.parametrize(
    "noise",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100,
        b"\0\0\0\0\r\n\r\n",
        b"SSH-2.0-OpenSSH_9\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        b"GET / HTTP/1.1\nHost: a\n\nGET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    ],
)
def test_noise_is_refused_and_the_connection_closed(edge: Edge, noise: bytes) -> None:
    with edge.connect() as client:
        client.say(noise)
        assert client.answer().status == 400
        assert client.is_ended()


@pytest.mark.parametrize(("method", "statuses"), [("POST", {405}), ("DELETE", {405}), ("BREW", {405, 501})])
def test_other_methods_are_refused(edge: Edge, method: str, statuses: set[int]) -> None:
    with edge.connect() as client:
        answer = client.ask(path(), method)
        assert answer.status in statuses
        assert answer.status != 405 or "GET" in answer.fields["allow"]


def test_content_is_not_taken_and_never_read_as_a_request(edge: Edge) -> None:
    with edge.connect() as client:
        smuggled = request("/health")
        client.say(request(path(), content_length=str(len(smuggled))), smuggled)
        assert client.answer().status in (400, 405, 413)
        assert client.is_ended()


def test_a_head_that_is_too_large_is_refused(edge: Edge) -> None:
    with edge.connect() as client:
        client.say(request(path(), x_filler="a" * 60_000))
        assert client.answer().status in (400, 431)
        assert client.is_ended()


def test_a_head_with_too_many_fields_is_refused(edge: Edge) -> None:
    with edge.connect() as client:
        client.say(request(path(), **{f"x{number}": "1" for number in range(300)}))
        assert client.answer().status in (400, 431)


def test_a_head_that_never_ends_is_given_up(quick_edge: Edge) -> None:
    with quick_edge.connect() as client:
        client.say(b"GET / HTTP/1.1\r\n")
        assert client.answer().status == 408
        assert client.is_ended()


def test_dribbling_does_not_buy_time(quick_edge: Edge) -> None:
    with quick_edge.connect() as client:
        answered = b""
        client.sock.settimeout(0.05)
        client.say(b"GET / HTTP/1.1\r\n")
        for number in range(400):
            try:
                client.say(f"X-{number}: a\r\n".encode())
                answered = client.sock.recv(100)
                break
            except TimeoutError:
                continue
        assert answered.startswith(b"HTTP/1.1 408 ")


def test_a_connection_that_asks_for_nothing_is_closed(quick_edge: Edge) -> None:
    with quick_edge.connect() as silent, quick_edge.connect() as done:
        assert done.ask(path(), range="bytes=0-0").status == 206
        assert silent.is_ended()
        assert done.is_ended()


def test_a_client_that_stops_reading_is_cut_off(quick_edge: Edge) -> None:
    with quick_edge.connect(receive_buffer=4_096) as client:
        client.say(request(path("media.m3u8")))
        _, fields = client.head()
        assert int(fields["content-length"]) == LARGE_BYTES
        with quick_edge.connect() as other:
            assert eventually(lambda: json.loads(other.ask("/health").body)["connections"] == 1)
        assert len(client.rest()) < LARGE_BYTES


def test_a_client_that_reads_slowly_but_steadily_gets_everything(quick_edge: Edge) -> None:
    with quick_edge.connect(receive_buffer=65_536) as client:
        client.say(request(path("media.m3u8")))
        client.head()
        taken = 0
        for _ in range(40):
            taken += len(client.read(100_000))
            time.sleep(0.05)
        assert taken + len(client.read(LARGE_BYTES - taken)) == LARGE_BYTES


def test_clients_that_vanish_leave_nothing_behind(quick_edge: Edge) -> None:
    for _ in range(50):
        with quick_edge.connect() as client:
            client.say(request(path("media.m3u8")))
            client.head()
    with quick_edge.connect() as other:
        assert eventually(lambda: json.loads(other.ask("/health").body)["connections"] == 1)


def test_two_thousand_idle_connections_do_not_matter(edge: Edge) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4_096)), hard))
    try:
        with ExitStack() as stack:
            clients: list[Client] = [stack.enter_context(edge.connect()) for _ in range(2_000)]
            assert edge.ask(path()).body == CONTENT
            for client in clients:
                client.say(request(path(), range="bytes=3-5"))
            assert all(client.answer().body == CONTENT[3:6] for client in clients)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# Files that change


def test_a_file_that_is_placed_later_is_found(edge: Edge) -> None:
    assert edge.ask(path(rendition="r3")).status == 404
    edge.put("r3", "media.mp4", b"here now")
    assert edge.ask(path(rendition="r3")).body == b"here now"


def test_a_file_that_is_purged_is_soon_gone(edge: Edge) -> None:
    edge.put("r4", "media.mp4", b"for now")
    with edge.connect() as client:
        assert client.ask(path(rendition="r4")).body == b"for now"
        (edge.folder / "r4" / "media.mp4").unlink()
        assert eventually(lambda: client.ask(path(rendition="r4")).status == 404)


def test_a_file_that_is_replaced_while_it_is_sent_is_never_mixed(edge: Edge) -> None:
    edge.put("r5", "media.mp4", b"a" * LARGE_BYTES)
    with edge.connect(receive_buffer=65_536) as client:
        client.say(request(path(rendition="r5")))
        client.head()
        edge.put("r5", "media.mp4", b"b" * 1_000)
        assert client.read(LARGE_BYTES) == b"a" * LARGE_BYTES
        assert eventually(lambda: client.ask(path(rendition="r5")).body == b"b" * 1_000)
    (edge.folder / "r5" / "media.mp4").unlink()


def test_a_file_that_is_cut_while_it_is_sent_ends_the_connection(edge: Edge) -> None:
    edge.put("r6", "media.mp4", b"a" * LARGE_BYTES)
    with edge.connect(receive_buffer=65_536) as client:
        client.say(request(path(rendition="r6")))
        client.head()
        with (edge.folder / "r6" / "media.mp4").open("r+b") as file:
            file.truncate(1_000_000)
        rest = client.rest()
    assert len(rest) < LARGE_BYTES
    assert b"HTTP/1.1" not in rest
    (edge.folder / "r6" / "media.mp4").unlink()


@pytest.mark.parametrize("name", EDGES)
def test_keys_are_rotated_while_it_serves(name: str, tmp_path: Path) -> None:
    with EDGES[name](tmp_path) as edge, edge.connect() as client:
        edge.put("r1", "media.mp4", CONTENT)
        assert client.ask(path(), "HEAD").status == 200
        assert client.ask(path(key=SPARE_KEY), "HEAD").status == 403
        write_keys(edge.keys_file, {KEY.id: KEY.secret, SPARE_KEY.id: SPARE_KEY.secret})
        assert eventually(lambda: client.ask(path(key=SPARE_KEY), "HEAD").status == 200)
        assert client.ask(path(), "HEAD").status == 200
        write_keys(edge.keys_file, {SPARE_KEY.id: SPARE_KEY.secret})
        assert eventually(lambda: client.ask(path(), "HEAD").status == 403)
