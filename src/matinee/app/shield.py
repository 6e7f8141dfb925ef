"""The outermost ASGI layer: whom we answer at all, and the headers that tell browsers what our pages may do."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from urllib.parse import urlsplit

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send

from matinee.app.problem import MEDIA_TYPE, Problem, body_of

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(:\d{1,5})?")
_INLINE_SCRIPT = re.compile(rb"<script(?![^>]*\ssrc\s*=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)
_ANYWHERE = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
_NOT_A_PAGE = b"default-src 'none'; frame-ancestors 'none'"
_POLICIES_MAX = 64  # hosts whose policy is kept; a stranger can ask under any name


@dataclass(frozen=True)
class Shield:
    """Checks the Host header and adds the security headers.

    `hosts` are the names that we answer to, empty for any: a page of another site whose name is pointed at this
    machine (DNS rebinding) comes with that site's name. `edges` are the origins that media comes from; `:8080`
    is that port of whatever host the page was asked from.
    """

    app: ASGIApp
    hosts: frozenset[str]
    edges: tuple[str, ...]
    script_hashes: tuple[str, ...]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 421 to a foreign Host, else let the application answer."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        host = _host_header(scope["headers"])

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                policy = b"" if message["status"] == HTTPStatus.NOT_MODIFIED else self._policy(message, scope, host)
                message["headers"] = _with_headers(list(message["headers"]), policy)
            await send(message)

        if self._is_ours(host) or scope["path"] == "/health":
            await self.app(scope, receive, send_with_headers)
        else:
            await _refuse(host, send_with_headers)

    def _is_ours(self, host: str) -> bool:
        match = _HOST.fullmatch(host)
        return match is not None and (not self.hosts or match[1] in self.hosts)

    def _policy(self, message: HTTPResponseStartEvent, scope: Scope, host: str) -> bytes:
        """What the answer may do in a browser: as a page a page's things, as anything else nothing."""
        media_type = next((value for name, value in message["headers"] if name.lower() == b"content-type"), b"")
        if not media_type.startswith(b"text/html"):
            return _NOT_A_PAGE
        return _page_policy(scope["scheme"], host, self.edges, self.script_hashes)


def hosts_of(public_url: str, *, is_local: bool) -> frozenset[str]:
    """The names to answer to: the public one and the loopback's, or empty (any) where neither limits them."""
    public = _HOST.fullmatch(host_of(public_url))
    if public is not None:
        return LOOPBACK | {public[1]}
    return LOOPBACK if is_local else frozenset()


def host_of(url: str) -> str:
    """The host of `url` with its port, as a Host header gives it; empty for an empty URL."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def script_hashes(pages: Iterable[bytes]) -> tuple[str, ...]:
    """The sources that allow the inline scripts of `pages` (CSP Level 3, 2.3.1), and no other."""
    digests = {hashlib.sha256(body).digest() for page in pages for body in _INLINE_SCRIPT.findall(page)}
    return tuple(sorted(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests))


@lru_cache(maxsize=_POLICIES_MAX)
def _page_policy(scheme: str, host: str, edges: tuple[str, ...], scripts: tuple[str, ...]) -> bytes:
    """The Content-Security-Policy of our pages when they are asked from `host`."""
    match = _HOST.fullmatch(host)
    name = match[1] if match else ""
    media = " ".join(f"{scheme}://{name}{edge}" if edge.startswith(":") else edge for edge in edges)
    directives = (
        "default-src 'self'",
        f"script-src 'self' {' '.join(scripts)}",
        "style-src 'self' 'unsafe-inline'",  # components set style attributes; styles can run nothing
        "img-src 'self' data: blob:",
        f"media-src 'self' blob: {media}",  # blob: is Media Source Extensions'
        f"connect-src 'self' {media}",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
    return "; ".join(directive.strip() for directive in directives).encode()


def _with_headers(headers: list[tuple[bytes, bytes]], policy: bytes) -> list[tuple[bytes, bytes]]:
    """An answer's headers with ours; without a policy, a browser keeps the one it has (RFC 9111 3.2)."""
    headers.extend(_ANYWHERE)
    if policy:
        headers.append((b"content-security-policy", policy))
    if not any(name.lower() == b"cache-control" for name, _ in headers):
        headers.append((b"cache-control", b"no-store"))
    return headers


def _host_header(headers: Iterable[tuple[bytes, bytes]]) -> str:
    return next((value.decode("latin-1").lower() for name, value in headers if name == b"host"), "")


async def _refuse(host: str, send: Send) -> None:
    detail = f"this server is not known as {host!r}; set MATINEE_PUBLIC_URL to the address that people use"
    problem = Problem(status=HTTPStatus.MISDIRECTED_REQUEST, code="unknown_host", detail=detail)
    body = body_of(problem)
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
