"""HTTP/1.1 requests, strictly read (RFC 9112): bytes of a head in, a Request or a Refusal out. No I/O.

Only what an edge needs is understood: GET, HEAD and OPTIONS without content. What is doubtful is refused and the
connection closed, so that no proxy in front and this server can ever disagree about where a request ends.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, TypeAlias

import msgspec

HEADS_REMEMBERED = 1_024
"""Heads, without their Range, whose reading is remembered: between two segments a player changes nothing else."""
END_OF_HEAD = b"\r\n\r\n"
_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]"  # RFC 9110 5.6.2
_HEAD = re.compile(
    rf"({_NAME}{{1,32}}+) ([!-~]++) HTTP/([0-9])\.([0-9])\r\n"  # RFC 9112 3
    rf"(?:{_NAME}++:[\t -~\x80-\xff]*+\r\n)*+\r\n"  # RFC 9112 5; a folded line (5.2) starts with a space: refused
)
_FIELD = re.compile(
    r"\n(Range|If-Range|If-None-Match|Connection|Host|Content-Length|Transfer-Encoding"
    r"|CMCD-(?:Object|Request|Session|Status)):[\t ]*+([^\r]*)",
    re.IGNORECASE,
)
_RANGE_LINE = re.compile(rb"\r\nRange: (bytes=[0-9]*-[0-9]*)(?=\r\n)")
_LISTS = {"connection", "if-none-match", "transfer-encoding"}  # may stand in several lines (RFC 9110 5.3)
_METHODS = ("GET", "HEAD", "OPTIONS")

Method: TypeAlias = Literal["GET", "HEAD", "OPTIONS"]


class Request(msgspec.Struct, frozen=True, gc=False):
    """What a client asks for, as far as an edge cares. Absent fields are empty."""

    method: Method
    path: str
    query: str
    is_last: bool
    """Whether the client wants the connection closed after the answer (RFC 9112 9.3)."""
    range: str = ""
    if_range: str = ""
    if_none_match: str = ""
    cmcd: tuple[str, ...] = ()
    """The values of the CMCD-* fields (CTA-5004 3.1)."""


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """A request that is not taken; the connection is closed after saying so."""

    status: int
    reason: str


def parse_head(head: bytes, *, fields_max: int) -> Request | Refusal:
    """The request whose head is `head`, its final empty line included."""
    line = _RANGE_LINE.search(head)
    if line is None:
        return _parse(head, fields_max)
    rest = _parse_again(head[: line.start()] + head[line.end() :], fields_max - 1)
    if isinstance(rest, Refusal) or rest.range:
        return _parse(head, fields_max)  # it has its own word for what is wrong
    return msgspec.structs.replace(rest, range=line[1].decode())


def is_hopeless(start: bytes) -> bool:
    """Whether no request can begin with `start`: a TLS handshake, another protocol, noise."""
    return not start[:1].isalpha()


def _parse(head: bytes, fields_max: int) -> Request | Refusal:
    text = head.decode("latin-1")
    match = _HEAD.fullmatch(text)
    if match is None:
        return Refusal(400, "the request is not well-formed HTTP/1.1")
    if text.count("\n") - 2 > fields_max:
        return Refusal(431, f"the request has more than {fields_max} fields")
    method, target, major, minor = match.groups()
    if major != "1":
        return Refusal(505, "only HTTP/1.0 and HTTP/1.1 are spoken here")
    found = _FIELD.findall(text)
    fields = {name.lower(): value for name, value in found}
    if len(fields) != len(found):
        fields = _joined(found)
        if not fields:
            return Refusal(400, "the request says the same thing twice")
    return _request(method, target, minor != "0", fields)


_parse_again = lru_cache(HEADS_REMEMBERED)(_parse)


def _joined(found: list[tuple[str, str]]) -> dict[str, str]:
    """Fields that stand in several lines, joined where that is allowed (RFC 9110 5.3); empty where it is not."""
    fields: dict[str, str] = {}
    for name, value in ((name.lower(), value) for name, value in found):
        if name in fields and name not in _LISTS:
            return {}
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return fields


def _request(method: str, target: str, is_1_1: bool, fields: dict[str, str]) -> Request | Refusal:
    if is_1_1 and "host" not in fields:
        return Refusal(400, "an HTTP/1.1 request names its host (RFC 9112 3.2)")
    if fields.get("content-length", "0").strip() != "0" or "transfer-encoding" in fields:
        return Refusal(413, "an edge takes no content")
    if method not in _METHODS:
        return Refusal(405 if method in ("POST", "PUT", "DELETE", "PATCH") else 501, f"{method} is not served here")
    if target[0] != "/":
        target = _origin_form(target, method)
        if not target:
            return Refusal(400, "the request's target is neither a path nor a URL of this server")
    path, _, query = target.partition("?")
    connection = fields.get("connection", "")
    return Request(
        method,  # type: ignore[arg-type]  # it is in _METHODS
        path,
        query,
        not is_1_1 or ("close" in connection.lower() and _has_close(connection)),
        fields.get("range", "").rstrip(),
        fields.get("if-range", "").rstrip(),
        fields.get("if-none-match", "").rstrip(),
        tuple(value for name, value in fields.items() if name.startswith("cmcd-")),
    )


def _has_close(connection: str) -> bool:
    return "close" in (option.strip().lower() for option in connection.split(","))


def _origin_form(target: str, method: str) -> str:
    """The path and query of an absolute target, which servers must accept (RFC 9112 3.2.2); empty if it is none."""
    if target == "*" and method == "OPTIONS":
        return target
    scheme, separator, rest = target.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        return ""
    authority, slash, path = rest.partition("/")
    return f"/{path}" if slash and authority else ""
