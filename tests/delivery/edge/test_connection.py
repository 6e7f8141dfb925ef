"""A connection's calls on its socket, on a TCP connection of which the test holds the other end."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from matinee.delivery.edge.connection import DONE, GONE, RECV_BYTES, TURN, WAIT, Connection
from matinee.delivery.edge.files import FileCache, OpenFile
from matinee.delivery.edge.http import Refusal, Request
from matinee.delivery.edge.site import Reply

SIZE = 4 << 20
REQUEST = Request("GET", "/x", "CMCD=bl%3D5", False)


@pytest.fixture
def pair() -> Iterator[tuple[Connection, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
    with ours, theirs:
        ours.setblocking(False)
        theirs.settimeout(10)
        yield Connection(ours, "peer", 0.0), theirs


@pytest.fixture
def file(tmp_path: Path) -> OpenFile:
    (tmp_path / "r1").mkdir()
    (tmp_path / "r1" / "media.mp4").write_bytes(os.urandom(SIZE))
    return FileCache(tmp_path, size=1, fresh_s=1.0).get("r1", "media.mp4", 0.0)


def test_what_is_read_is_kept_until_it_is_a_request(pair: tuple[Connection, socket.socket]) -> None:
    connection, peer = pair
    peer.send(b"GET")
    assert connection.receive() is DONE
    assert not connection.has_input  # a short read: nothing is asked of the kernel until it says so
    assert connection.receive() is WAIT
    peer.send(b" /")
    connection.has_input = True
    assert connection.receive() is DONE
    assert connection.inbox == b"GET /"


def test_a_full_read_means_that_there_may_be_more(pair: tuple[Connection, socket.socket]) -> None:
    connection, peer = pair
    peer.send(b"a" * RECV_BYTES)
    assert connection.receive() is DONE
    assert connection.has_input
    assert connection.receive() is WAIT
    assert not connection.has_input


def test_the_end_of_a_stream_is_found_behind_its_last_bytes(pair: tuple[Connection, socket.socket]) -> None:
    connection, peer = pair
    peer.send(b"GET")
    peer.close()
    connection.has_ended = True
    assert [connection.receive(), connection.receive()] == [DONE, GONE]


def test_head_and_file_arrive_as_they_are(pair: tuple[Connection, socket.socket], file: OpenFile) -> None:
    connection, peer = pair
    connection.begin(REQUEST, Reply(206, b"HEAD", file=file, first=100, size=1_000), 1.0)
    assert connection.send(1 << 20) is DONE
    assert peer.recv(1_004, socket.MSG_WAITALL) == b"HEAD" + os.pread(file.fd, 1_000, 100)
    assert connection.sent == 1_004


def test_a_full_socket_waits_and_goes_on_where_it_was(pair: tuple[Connection, socket.socket], file: OpenFile) -> None:
    connection, peer = pair
    connection.begin(REQUEST, Reply(200, b"", file=file, size=SIZE), 1.0)
    outcome, taken = connection.send(SIZE), bytearray()
    assert outcome is WAIT
    while outcome is not DONE:
        taken += peer.recv(1 << 16)
        outcome = connection.send(SIZE)
    connection.sock.close()
    while block := peer.recv(1 << 16):
        taken += block
    assert taken == os.pread(file.fd, SIZE, 0)


def test_nobody_sends_more_than_a_turn(pair: tuple[Connection, socket.socket], file: OpenFile) -> None:
    connection, _ = pair
    connection.begin(REQUEST, Reply(200, b"", file=file, size=SIZE), 1.0)
    assert connection.send(1_000) is TURN
    assert (connection.first, connection.left) == (1_000, SIZE - 1_000)


def test_a_file_that_was_cut_ends_the_connection(pair: tuple[Connection, socket.socket], file: OpenFile) -> None:
    connection, peer = pair
    connection.begin(REQUEST, Reply(206, b"", file=file, first=SIZE - 10, size=20), 1.0)
    assert connection.send(1_000) is GONE
    assert peer.recv(1_000) == os.pread(file.fd, 10, SIZE - 10)


def test_a_client_that_left_is_gone(pair: tuple[Connection, socket.socket]) -> None:
    connection, peer = pair
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # reset
    peer.close()
    connection.begin(REQUEST, Reply(200, b"HEAD"), 1.0)
    assert connection.send(1_000) is GONE


def test_progress_is_what_the_client_has_taken(pair: tuple[Connection, socket.socket], file: OpenFile) -> None:
    connection, peer = pair
    connection.begin(REQUEST, Reply(200, b"", file=file, size=SIZE), 1.0)
    assert connection.send(SIZE) is WAIT
    assert connection.is_progressing(1)  # the first look
    assert not connection.is_progressing(1)
    peer.recv(1 << 20, socket.MSG_WAITALL)
    assert connection.is_progressing(1)


def test_what_a_refused_client_still_says_is_thrown_away(pair: tuple[Connection, socket.socket]) -> None:
    connection, peer = pair
    peer.send(b"a" * 3 * RECV_BYTES)
    connection.shut()
    assert peer.recv(1) == b""
    assert [connection.discard(2), connection.discard(2)] == [TURN, WAIT]
    peer.close()
    assert connection.discard(2) is GONE


def test_the_log_tells_a_cut_answer_from_a_whole_one(pair: tuple[Connection, socket.socket], file: OpenFile) -> None:
    connection, _ = pair
    connection.begin(REQUEST, Reply(206, b"", file=file, first=5, size=10), 1.0)
    connection.send(4)
    entry = connection.entry(3.5)
    assert (entry.sent_bytes, entry.size_bytes, entry.is_cut, entry.duration_s) == (4, 10, True, 2.5)
    assert entry.cmcd == {"bl": 5}
    connection.send(100)
    assert not connection.entry(3.5).is_cut


def test_a_request_that_could_not_be_read_is_logged_without_a_method(pair: tuple[Connection, socket.socket]) -> None:
    connection, _ = pair
    connection.begin(Refusal(400, "noise"), Reply(400, b"no"), 1.0)
    assert (connection.entry(1.0).method, connection.entry(1.0).status) == ("", 400)
