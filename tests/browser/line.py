"""A bad line between a browser and the server: slow upwards, and it can be cut, with all that is under way on it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

PIECE_BYTES = 16_384


class BadLine:
    """Forwards connections to the server at `url`, `up_bytes_per_s` upwards each."""

    def __init__(self, url: str, up_bytes_per_s: int) -> None:
        parts = urlsplit(url)
        self._server = (parts.hostname or "", parts.port or 80)
        self._pause_s = PIECE_BYTES / up_bytes_per_s
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._is_cut = False
        self.url = f"{parts.scheme}://{parts.hostname}:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End every connection, and every new one at once."""
        self._is_cut = True
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def mend(self) -> None:
        """Connections stand again."""
        self._is_cut = False

    def close(self) -> None:
        """No more connections."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                near, _ = self._listener.accept()
                if self._is_cut:
                    near.close()
                    continue
                far = socket.create_connection(self._server)
                self._open += (near, far)
                for ends in ((near, far, self._pause_s), (far, near, 0.0)):
                    threading.Thread(target=_carry, args=ends, daemon=True).start()


def _carry(source: socket.socket, target: socket.socket, pause_s: float) -> None:
    """Carry what `source` sends to `target`, with a pause after each full piece."""
    with suppress(OSError):
        while piece := source.recv(PIECE_BYTES):
            target.sendall(piece)
            time.sleep(pause_s * len(piece) / PIECE_BYTES)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


@contextmanager
def bad_line(url: str, up_bytes_per_s: int) -> Iterator[BadLine]:
    """A bad line to the server at `url`, for as long as it is needed."""
    line = BadLine(url, up_bytes_per_s)
    try:
        yield line
    finally:
        line.close()
