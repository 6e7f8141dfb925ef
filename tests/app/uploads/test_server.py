"""Uploads to a real server process: lines that break, a process that is killed, files beyond 4 GiB."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.app.uploads.client import Server, serving

MIB = 1 << 20
FILM = random.Random(7).randbytes(24 * MIB)
IN_FLIGHT_BYTES = 2 * MIB  # what a broken line may lose: the sockets' buffers
PATIENCE_S = 30.0
HUGE_BYTES = 50 * 10**9


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path) as server:
        yield server


def _settled(server: Server, location: str) -> int:
    """The offset once the server has noticed that the line broke, which it does in its own time."""
    deadline = time.monotonic() + PATIENCE_S
    while not server.is_free(location, offset := server.offset(location)):
        assert time.monotonic() < deadline, "the offset does not settle"
        time.sleep(0.05)
    return offset


def _wait_for(server: Server, location: str, at_least: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while server.offset(location) < at_least:
        assert time.monotonic() < deadline, f"less than {at_least} bytes arrived"
        time.sleep(0.01)


def _received(folder: Path, location: str) -> Path:
    return folder / "received" / location.rpartition("/")[2]


def test_a_broken_line_keeps_what_arrived(server: Server, tmp_path: Path) -> None:
    location = server.create(len(FILM))
    server.send_and_vanish(location, 0, [FILM[: 10 * MIB]], len(FILM))
    offset = _settled(server, location)
    assert 10 * MIB - IN_FLIGHT_BYTES <= offset <= 10 * MIB
    assert server.send(location, offset, [FILM[offset:]], len(FILM) - offset) == len(FILM)
    assert _received(tmp_path, location).read_bytes() == FILM


def test_a_killed_server_goes_on_where_the_file_ends(server: Server, tmp_path: Path) -> None:
    location, chance, offset = server.create(len(FILM)), random.Random(11), 0
    for _ in range(4):
        wanted = offset + chance.randrange(2 * MIB, 5 * MIB)
        with server.sending(location, offset, len(FILM) - offset) as connection:
            connection.send(FILM[offset:wanted])
            _wait_for(server, location, wanted - IN_FLIGHT_BYTES)
            server.kill()
        server.start()
        assert wanted - IN_FLIGHT_BYTES <= server.offset(location) <= wanted
        offset = server.offset(location)
    server.send(location, offset, [FILM[offset:]], len(FILM) - offset)
    assert _received(tmp_path, location).read_bytes() == FILM
    assert sorted(path.name for path in (tmp_path / "uploads").iterdir()) == [f"{location.rpartition('/')[2]}.json"]


def test_what_was_acknowledged_is_there_after_a_kill(server: Server) -> None:
    location = server.create(len(FILM))
    assert server.send(location, 0, [FILM[: 3 * MIB + 7]], 3 * MIB + 7) == 3 * MIB + 7
    server.kill()
    server.start()
    assert server.offset(location) == 3 * MIB + 7


def test_a_file_of_fifty_gigabytes_arrives_over_a_line_that_breaks(server: Server, tmp_path: Path) -> None:
    """The first and the last gigabyte and the 4 GiB mark are sent; what lies between is advanced as zeros advance it.

    Zeros become a hole that only the file's length tells of (`Part.append`), so while the server is down the test
    lengthens the file as the server would have. `bench/upload.py` sends all 50 GB.
    """
    location, size = server.create(HUGE_BYTES), HUGE_BYTES
    part = tmp_path / "uploads" / f"{location.rpartition('/')[2]}.part"
    marks: dict[int, bytes] = {}

    def send(start: int, end: int, mark_at: int, *, breaks: bool = False) -> int:
        marks[mark_at] = FILM[:MIB]
        blocks = _zeros_with_mark(start, end, mark_at)
        if breaks:
            server.send_and_vanish(location, start, blocks, size - start)
            return _settled(server, location)
        return server.send(location, start, blocks, end - start)

    offset = send(0, 700 * MIB, 3 * MIB, breaks=True)
    assert 698 * MIB <= offset <= 700 * MIB
    assert send(offset, 1_000_000_000, 900 * MIB) == 1_000_000_000
    _advance(server, part, (1 << 32) - 8 * MIB)
    offset = send((1 << 32) - 8 * MIB, (1 << 32) + 8 * MIB, (1 << 32) - MIB // 2, breaks=True)
    assert (1 << 32) + 6 * MIB <= offset <= (1 << 32) + 8 * MIB
    _advance(server, part, size - 1_000_000_000)
    offset = send(size - 1_000_000_000, size - 300 * MIB, size - 500 * MIB, breaks=True)
    server.kill()
    server.start()
    assert server.offset(location) == offset
    assert send(offset, size, size - MIB) == size
    received = _received(tmp_path, location)
    assert received.stat().st_size == size
    assert received.stat().st_blocks * 512 < 64 * MIB
    assert {at: _read(received, at, MIB) for at in marks} == marks


def _zeros_with_mark(start: int, end: int, mark_at: int) -> Iterator[bytes]:
    """Zeros from `start` to `end`, but for a mebibyte of film at `mark_at`."""
    yield from _zeros(mark_at - start)
    yield FILM[:MIB]
    yield from _zeros(end - mark_at - MIB)


def _zeros(size_bytes: int) -> Iterator[bytes]:
    block = bytes(MIB)
    for _ in range(size_bytes // MIB):
        yield block
    yield bytes(size_bytes % MIB)


def _advance(server: Server, part: Path, length: int) -> None:
    server.kill()
    os.truncate(part, length)
    server.start()


def _read(path: Path, at: int, size_bytes: int) -> bytes:
    with path.open("rb") as file:
        file.seek(at)
        return file.read(size_bytes)
