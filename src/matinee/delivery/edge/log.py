"""The access log: one JSON line an answer, with what the player said of itself (CMCD), written in batches.

It names session, rendition and file, never the token: a log must not open anything.
"""

from __future__ import annotations

import fcntl
import os
import sys
from contextlib import suppress
from pathlib import Path

import msgspec

from matinee.delivery.edge.cmcd import Value


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One answer. `sent_bytes` is what the kernel took of the body, `duration_s` from the head read to that."""

    time: float
    client: str
    method: str
    status: int
    sent_bytes: int
    duration_s: float
    session: str = ""
    rendition: str = ""
    file: str = ""
    first_byte: int = 0
    size_bytes: int = 0
    cmcd: dict[str, Value] = {}
    is_cut: bool = False
    """Whether the connection ended before the body did."""


class AccessLog:
    """Lines for a file (None: standard error). A full disk costs lines, which are counted, never an answer.

    The file is opened for every batch, so that it can be moved away at any time. When it has grown beyond `file_bytes`
    (0: never) it becomes the one older file that is kept, `<name>.1`.
    """

    def __init__(self, path: Path | None, lines_max: int, file_bytes: int = 0) -> None:
        self._path = path
        self._lines_max = lines_max
        self._file_bytes = file_bytes
        self._lines: list[bytes] = []
        self._encoder = msgspec.json.Encoder()
        self.dropped = 0

    def add(self, entry: Entry) -> None:
        """Keep a line for the next batch."""
        if len(self._lines) >= self._lines_max:
            self.dropped += 1
            return
        self._lines.append(self._encoder.encode(entry))

    def flush(self) -> None:
        """Write what is kept: whole lines, in one append, so that workers do not cut each other's."""
        if not self._lines:
            return
        batch = b"\n".join(self._lines) + b"\n"
        count = len(self._lines)
        self._lines.clear()
        try:
            self._append(batch)
        except OSError:
            self.dropped += count

    def _append(self, batch: bytes) -> None:
        if self._path is None:
            sys.stderr.buffer.write(batch)
            sys.stderr.flush()
            return
        fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            os.write(fd, batch)
            if 0 < self._file_bytes < os.fstat(fd).st_size:
                _put_away(self._path, fd)
        finally:
            os.close(fd)


def _put_away(path: Path, fd: int) -> None:
    """Make the open file at `path` the older one, unless another worker has just done so."""
    fcntl.flock(fd, fcntl.LOCK_EX)
    with suppress(OSError):
        if path.stat().st_ino == os.fstat(fd).st_ino:
            path.replace(f"{path}.1")
