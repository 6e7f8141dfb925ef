"""A session: an opaque token that a browser keeps in a cookie and a program sends as a bearer token. Pure.

The server keeps only the token's SHA-256, so that a stolen copy of the database signs nobody in. The row decides
when a session ends; the cookie merely outlives it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from matinee.base.units import Seconds

TOKEN_BYTES = 32  # 256 random bits: not to be guessed
SESSION_LIFETIME_S = 30 * 86_400.0  # since it was last used
RENEW_AFTER_S = 3_600.0  # a session in use is written at most once an hour
COOKIE = "matinee_session"
COOKIE_MAX_AGE_S = 400 * 86_400  # the longest that browsers keep one (RFC 6265bis 5.5)


def token_hash(token: str) -> str:
    """The name under which a token's session is kept. A fast hash will do: the token is not guessable."""
    return hashlib.sha256(token.encode()).hexdigest()


def ends_at(now: Seconds) -> Seconds:
    """When a session that is used at `now` ends, if it is not used again."""
    return Seconds(now + SESSION_LIFETIME_S)


def is_renewal_due(expires: Seconds, now: Seconds) -> bool:
    """Whether the session's row is to be written again, because it was last renewed an hour ago or more."""
    return ends_at(now) - expires >= RENEW_AFTER_S


def presented_token(headers: Iterable[tuple[bytes, bytes]]) -> tuple[str, bool]:
    """The token that came with a request (empty: none), and whether it came as a bearer token (RFC 6750 2.1).

    A bearer token wins over the cookie, and only a cookie is sent by a browser unasked.
    """
    cookie = ""
    for name, value in headers:
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            return value[7:].strip().decode("latin-1"), True
        if name == b"cookie":
            cookie = _cookie_value(value.decode("latin-1")) or cookie
    return cookie, False


def cookie_header(token: str, *, is_secure: bool) -> str:
    """The Set-Cookie value that keeps `token`, or with an empty one, forgets it (RFC 6265 4.1)."""
    age = COOKIE_MAX_AGE_S if token else 0
    flags = "; Secure" if is_secure else ""
    return f"{COOKIE}={token}; Max-Age={age}; Path=/; HttpOnly; SameSite=Lax{flags}"


def _cookie_value(header: str) -> str:
    for pair in header.split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE:
            return value
    return ""
