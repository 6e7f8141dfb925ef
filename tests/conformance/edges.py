"""Real edges for tests, each a process on a free port of this machine, and a client that says exactly what it is told.

Every edge in `EDGES` must behave the same over HTTP; `test_edge.py` asks all of them the same questions.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from matinee.base.units import Seconds
from matinee.delivery.edge.keys import write_keys
from matinee.delivery.edge.limits import Limits
from matinee.delivery.token import SigningKey, sign

ROOT = Path(__file__).parents[2]
PATIENCE_S = 30.0
"""How long a test waits for something that must happen before it says that it does not."""
KEY = SigningKey("k1", b"first secret, of 32 random bytes")
SPARE_KEY = SigningKey("k2", b"second secret of 32 random bytes")


class Answer(msgspec.Struct, frozen=True):
    """What a server said: field names are lower-case."""

    status: int
    fields: dict[str, str]
    body: bytes


class Client:
    """One connection: what is sent is what the test says, byte for byte."""

    def __init__(self, port: int, receive_buffer: int = 0) -> None:
        self.sock = socket.socket()
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(PATIENCE_S)
        self.sock.connect(("127.0.0.1", port))
        self._ahead = bytearray()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def say(self, *parts: bytes) -> None:
        for part in parts:
            self.sock.sendall(part)

    def ask(self, path: str, method: str = "GET", **fields: str) -> Answer:
        self.say(request(path, method, **fields))
        return self.answer(method)

    def answer(self, method: str = "GET") -> Answer:
        """The next answer, whole. Raises ConnectionError where the server ends it early."""
        status, fields = self.head()
        has_body = method != "HEAD" and status not in (204, 304)
        return Answer(status, fields, self.read(int(fields["content-length"])) if has_body else b"")

    def head(self) -> tuple[int, dict[str, str]]:
        """The head of the next answer."""
        while b"\r\n\r\n" not in self._ahead:
            self._more()
        first, *lines = self._take(self._ahead.index(b"\r\n\r\n") + 4).decode("latin-1").split("\r\n")[:-2]
        match = re.fullmatch(r"HTTP/1\.1 (\d{3}) [A-Za-z -]+", first)
        assert match is not None, first
        return int(match[1]), {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}

    def read(self, size: int) -> bytes:
        """The next `size` bytes."""
        while len(self._ahead) < size:
            self._more()
        return self._take(size)

    def rest(self) -> bytes:
        """All that comes until the server closes the connection, in whatever way."""
        try:
            while True:
                self._more()
        except ConnectionError:
            return self._take(len(self._ahead))

    def is_ended(self) -> bool:
        """Wait for the server to close the connection; whether it did so without another word."""
        return self.rest() == b""

    def _take(self, size: int) -> bytes:
        taken = bytes(memoryview(self._ahead)[:size])
        del self._ahead[:size]
        return taken

    def _more(self) -> None:
        data = self.sock.recv(1 << 20)
        if not data:
            raise ConnectionError("the server closed the connection")
        self._ahead += data


class Edge(msgspec.Struct, frozen=True):
    """A running edge with one rendition, `r1`, and what it serves."""

    pid: int
    port: int
    folder: Path
    keys_file: Path
    log_file: Path

    def connect(self, receive_buffer: int = 0) -> Client:
        return Client(self.port, receive_buffer)

    def ask(self, path: str, method: str = "GET", **fields: str) -> Answer:
        """The answer on a connection of its own."""
        with self.connect() as client:
            return client.ask(path, method, **fields)

    def put(self, rendition: str, file: str, content: bytes) -> None:
        """Place a file as an edge's files are placed: written aside, then renamed."""
        target = self.folder / rendition / file
        target.parent.mkdir(exist_ok=True)
        aside = target.with_name(f"{file}.part")
        aside.write_bytes(content)
        aside.replace(target)

    def workers(self) -> list[int]:
        return children(self.pid)


def path(
    file: str = "media.mp4", rendition: str = "r1", session: str = "s1", *, key: SigningKey = KEY, lasts_s: float = 3600
) -> str:
    """A signed path, good for `lasts_s` from now."""
    return sign(key, session=session, rendition=rendition, expires=Seconds(time.time() + lasts_s)) + file


def request(path: str, method: str = "GET", **fields: str) -> bytes:
    """A request's head; `if_range="x"` becomes `If-Range: x`."""
    lines = "".join(f"{name.replace('_', '-').title()}: {value}\r\n" for name, value in fields.items())
    return f"{method} {path} HTTP/1.1\r\nHost: edge\r\n{lines}\r\n".encode("latin-1")


def eventually(is_so: Callable[[], bool]) -> bool:
    """Whether it becomes so, while a patient test waits."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(0.02)
    return False


def children(pid: int) -> list[int]:
    """The processes that `pid` has started and that live."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


@contextmanager
def embedded(home: Path, limits: Limits | None = None, workers: int = 2) -> Iterator[Edge]:
    """The embedded edge in a process of its own."""
    folder, keys_file, log_file = home / "renditions", home / "keys.json", home / "access.log"
    folder.mkdir(exist_ok=True)
    write_keys(keys_file, {KEY.id: KEY.secret})
    argv = [sys.executable, "-m", "matinee.delivery.edge", "--folder", str(folder), "--keys", str(keys_file)]
    argv += ["--port", "0", "--workers", str(workers), "--log", str(log_file)]
    argv += ["--limits", msgspec.json.encode(limits or Limits()).decode()]
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=environ) as process:
        assert process.stdout is not None
        try:
            started: dict[str, Any] = msgspec.json.decode(process.stdout.readline())
            yield Edge(process.pid, int(started["port"]), folder, keys_file, log_file)
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE_S)
        finally:
            process.kill()


EDGES = {"embedded": embedded}
