"""A real HTTP server that is sent webhooks: it answers as told, and keeps what it got."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
import pytest

from matinee.app.webhooks.signature import headers_of, secret_text

KEY = b"k" * 32
SECRET = secret_text(KEY)
TOLERANCE_S = 300
"""How old, or how far ahead, a timestamp may be for a receiver to take it."""


def is_genuine(key: bytes, headers: Mapping[str, str], body: bytes, now_s: float) -> bool:
    """Whether a body with these headers (in small letters) is from who has the key, and was signed just now."""
    at, given = headers.get("webhook-timestamp", ""), headers.get("webhook-signature", "").split()
    if not at.isdecimal() or abs(now_s - int(at)) > TOLERANCE_S:
        return False
    expected = headers_of(key, headers.get("webhook-id", ""), int(at), body)["webhook-signature"]
    return any(hmac.compare_digest(one.encode(), expected.encode()) for one in given)


@dataclass
class Receiver:
    """A server that answers as told, and keeps what it was sent."""

    url: str
    answers: list[int] = field(default_factory=list)
    """What the next requests are answered; 200 when there is nothing left."""
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    location: str = ""

    @property
    def documents(self) -> list[dict[str, Any]]:
        return [msgspec.json.decode(body) for _, body in self.received]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            kept.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(kept.answers.pop(0) if kept.answers else 200)
            if kept.location:
                self.send_header("location", kept.location)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    kept = Receiver(f"http://127.0.0.1:{server.server_port}/hook?of=matinee")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield kept
    server.shutdown()
    server.server_close()
    thread.join()
