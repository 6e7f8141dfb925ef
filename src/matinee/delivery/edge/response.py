"""The bytes of an answer's head, and of the small bodies that are not files. Pure."""

from __future__ import annotations

from email.utils import formatdate
from http import HTTPStatus

import msgspec

from matinee.base.errors import Forbidden, MatineeError, NotFound
from matinee.delivery.edge.ranges import Span

CONTENT_TYPES = {
    ".mp4": "video/mp4",
    ".m3u8": "application/vnd.apple.mpegurl",  # RFC 8216 10
    ".json": "application/json",
    ".vtt": "text/vtt; charset=utf-8",
}
_EVERY_ANSWER = (
    b"Server: matinee\r\n"
    b"Access-Control-Allow-Origin: *\r\n"  # a token says who may read it, not an origin
    b"Access-Control-Expose-Headers: Content-Length, Content-Range, Date, ETag\r\n"
    b"Timing-Allow-Origin: *\r\n"
    b"Cross-Origin-Resource-Policy: cross-origin\r\n"  # for pages that are isolated by COEP
    b"X-Content-Type-Options: nosniff\r\n"
)
ALLOW = b"Allow: GET, HEAD, OPTIONS\r\n"
"""What every 405 says (RFC 9110 15.5.6)."""
_CLOSE = b"Connection: close\r\n"
_PREFLIGHT = (
    b"Access-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n"
    b"Access-Control-Allow-Headers: Range, If-Range, If-None-Match,"
    b" CMCD-Object, CMCD-Request, CMCD-Session, CMCD-Status\r\n"  # CTA-5004 3.1
    b"Access-Control-Max-Age: 86400\r\n"
)


class Representation(msgspec.Struct, frozen=True):
    """What a file is to HTTP. `fields` are the lines that every answer about it has, made once."""

    size: int
    etag: str
    fields: bytes


def represent(rendition: str, file: str, size: int) -> Representation:
    """The representation of `file` of `rendition`: renditions never change, so it may be kept for ever (RFC 8246)."""
    etag = f'"{rendition}-{file}-{size:x}"'
    kind = CONTENT_TYPES[file[file.rindex(".") :]]
    fields = (
        f"Content-Type: {kind}\r\nETag: {etag}\r\nAccept-Ranges: bytes\r\n"
        "Cache-Control: public, max-age=31536000, immutable\r\n"
    ).encode()
    return Representation(size=size, etag=etag, fields=_EVERY_ANSWER + fields)


def date_line(now: float) -> bytes:
    """The Date field (RFC 9110 6.6.1) with its line's end."""
    return f"Date: {formatdate(now, usegmt=True)}\r\n".encode()


def whole_head(file: Representation, date: bytes, is_last: bool) -> bytes:
    """200: the whole file follows (or does not, after HEAD)."""
    close = _CLOSE if is_last else b""
    return b"HTTP/1.1 200 OK\r\n%b%b%bContent-Length: %d\r\n\r\n" % (file.fields, date, close, file.size)


def partial_head(file: Representation, date: bytes, is_last: bool, span: Span) -> bytes:
    """206: `span` of the file follows (RFC 9110 15.3.7)."""
    return b"HTTP/1.1 206 Partial Content\r\n%b%b%bContent-Range: bytes %d-%d/%d\r\nContent-Length: %d\r\n\r\n" % (
        file.fields,
        date,
        _CLOSE if is_last else b"",
        span.first,
        span.first + span.size - 1,
        file.size,
        span.size,
    )


def not_modified_head(file: Representation, date: bytes, is_last: bool) -> bytes:
    """304: the client has it (RFC 9110 15.4.5)."""
    return b"HTTP/1.1 304 Not Modified\r\n%b%b%b\r\n" % (file.fields, date, _CLOSE if is_last else b"")


def preflight_head(date: bytes, is_last: bool) -> bytes:
    """204 to OPTIONS: what a page of any origin may ask (Fetch standard, CORS-preflight fetch)."""
    return b"HTTP/1.1 204 No Content\r\n%b%b%b%b%b\r\n" % (
        _EVERY_ANSWER,
        date,
        _CLOSE if is_last else b"",
        ALLOW,
        _PREFLIGHT,
    )


def small(
    status: int, body: object, date: bytes, *, is_last: bool, kind: str = "application/json", extra: bytes = b""
) -> tuple[bytes, bytes]:
    """Head and body of an answer that is a small JSON document, never stored by anyone."""
    content = msgspec.json.encode(body)
    head = b"HTTP/1.1 %d %b\r\n%b%b%b%bContent-Type: %b\r\nCache-Control: no-store\r\nContent-Length: %d\r\n\r\n" % (
        status,
        HTTPStatus(status).phrase.encode(),
        _EVERY_ANSWER,
        date,
        _CLOSE if is_last else b"",
        extra,
        kind.encode(),
        len(content),
    )
    return head, content


class Problem(msgspec.Struct, frozen=True):
    """Why not: a status, a code for programs, and a sentence for people."""

    status: int
    code: str
    detail: str


def problem_of(error: MatineeError) -> Problem:
    """What HTTP says of `error`."""
    if isinstance(error, NotFound):
        return Problem(404, error.code, error.message)
    return Problem(403 if isinstance(error, Forbidden) else 503, error.code, error.message)


def refuse(problem: Problem, date: bytes, *, is_last: bool, extra: bytes = b"") -> tuple[bytes, bytes]:
    """Head and body of a refusal, as RFC 9457 has it."""
    title = HTTPStatus(problem.status).phrase
    body = {"type": "about:blank", "title": title, **msgspec.structs.asdict(problem)}
    return small(problem.status, body, date, is_last=is_last, kind="application/problem+json", extra=extra)


def retry_after(seconds: int) -> bytes:
    """The field that says when to try again (RFC 9110 10.2.3)."""
    return b"Retry-After: %d\r\n" % seconds


def unsatisfied_range(size: int) -> bytes:
    """The field that tells a client of 416 how long the file is (RFC 9110 14.4)."""
    return b"Content-Range: bytes */%d\r\n" % size
