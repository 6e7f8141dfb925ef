"""A server process of a test's own, and a tus client that can stop in the middle of a request."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[3]
TUS = {"Tus-Resumable": "1.0.0"}
STREAM = {"Content-Type": "application/offset+octet-stream"}
TIMEOUT_S = 60.0


class Server:
    """Serves uploads over a folder, and can be killed and started again over the same."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.start()

    def start(self) -> None:
        """Start the process and wait until it listens."""
        argv = [sys.executable, "-m", "tests.app.uploads.server", str(self.folder)]
        environment = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
        self._process = subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        told = json.loads(self._process.stdout.readline())
        self._port, self._headers = told["port"], TUS | {"Authorization": f"Bearer {told['token']}"}

    def kill(self) -> None:
        """End the process as `kill -9` does."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def create(self, size_bytes: int) -> str:
        """Begin an upload; its address."""
        headers = self._ask("POST", "/v1/uploads", {"Upload-Length": str(size_bytes)}, 201)
        location = headers["location"]
        assert location is not None
        return location

    def offset(self, location: str) -> int:
        """How many bytes have arrived."""
        return int(self._ask("HEAD", location, {}, 200)["upload-offset"] or -1)

    def send(self, location: str, offset: int, blocks: Iterable[bytes], size_bytes: int) -> int:
        """Send a whole request; the offset that it was acknowledged with."""
        connection = self._begin(location, offset, size_bytes)
        for block in blocks:
            connection.send(block)
        answer = connection.getresponse()
        assert answer.status == 204, answer.read()
        connection.close()
        return int(answer.headers["upload-offset"])

    def is_free(self, location: str, offset: int) -> bool:
        """Whether an upload ends at `offset` and no request is writing to it, so that it may go on."""
        connection = self._begin(location, offset, 0)
        answer = connection.getresponse()
        assert answer.status in {204, 409, 423}, answer.read()
        connection.close()
        return answer.status == 204

    def send_and_vanish(self, location: str, offset: int, blocks: Iterable[bytes], size_bytes: int) -> None:
        """Promise `size_bytes`, send these blocks, and close the connection."""
        connection = self._begin(location, offset, size_bytes)
        with suppress(BrokenPipeError, ConnectionResetError):
            for block in blocks:
                connection.send(block)
        connection.close()

    @contextmanager
    def sending(self, location: str, offset: int, size_bytes: int) -> Iterator[http.client.HTTPConnection]:
        """A request whose bytes the test sends itself."""
        connection = self._begin(location, offset, size_bytes)
        try:
            yield connection
        finally:
            connection.close()

    def _begin(self, location: str, offset: int, size_bytes: int) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_S)
        headers = self._headers | STREAM | {"Upload-Offset": str(offset), "Content-Length": str(size_bytes)}
        connection.putrequest("PATCH", location)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        return connection

    def _ask(self, method: str, path: str, headers: dict[str, str], status: int) -> http.client.HTTPMessage:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_S)
        connection.request(method, path, headers=self._headers | headers)
        answer = connection.getresponse()
        assert answer.status == status, answer.read()
        connection.close()
        return answer.headers


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """A server over `folder`, gone at the end."""
    server = Server(folder)
    try:
        yield server
    finally:
        server.kill()
