"""Tokens: what lets a player fetch one rendition for a while, checked at an edge without asking anyone.

A token is the first part of a path, `/<token>/<rendition>/<file>`, so that the relative names in a media playlist
keep it. It reads `<key id>.<expiry, hex>.<session>.<signature>`; the signature is HMAC-SHA-256 (RFC 2104) over
everything that the token grants, as unpadded base64url (RFC 4648 5).
"""

from __future__ import annotations

import hashlib
import hmac
import math
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping

import msgspec

from matinee.base.errors import Forbidden, NotFound
from matinee.base.units import Seconds

SKEW = Seconds(60)
"""How far an edge's clock may be ahead of the signer's before a token that is still good is refused."""
PATH_LENGTH_MAX = 512
"""The longest token, rendition key and file name stay under this; what is longer was not made by us."""
FILES = ("media.mp4", "media.m3u8", "index.json", "media.vtt", "segments.vtt", "iframes.m3u8")
"""All that a rendition's directory can hold; nothing else is ever opened."""

_PURPOSE = b"matinee-edge-1"  # the same key never signs the same bytes for another purpose
_KEY_ID = r"[A-Za-z0-9_-]{1,32}"
_SESSION = r"[A-Za-z0-9_-]{1,64}"
_RENDITION = r"[a-z0-9][a-z0-9_-]{0,127}"
_PATH = re.compile(
    rf"/({_KEY_ID})\.([1-9a-f][0-9a-f]{{0,9}})\.({_SESSION})\.([A-Za-z0-9_-]{{43}})"
    rf"/({_RENDITION})/({'|'.join(map(re.escape, FILES))})",
    re.ASCII,
)


class NoSuchFile(NotFound):
    """The path is not one that this service hands out."""

    code = "no_such_file"

    def __init__(self) -> None:
        super().__init__("there is no such file; paths come from a playlist: start playback again to get a fresh one")


class BadToken(Forbidden):
    """The token was not signed by us for this rendition."""

    code = "bad_token"

    def __init__(self) -> None:
        super().__init__("the token does not open this rendition; start playback again to get a new one")


class TokenExpired(Forbidden):
    """The token was good, and its time is over."""

    code = "token_expired"

    def __init__(self, expired: Seconds) -> None:
        super().__init__(f"the token expired at {expired:.0f} (Unix time); start playback again to get a new one")
        self.expired = expired


class SigningKey(msgspec.Struct, frozen=True):
    """A secret that signer and edges share; `id` names it in tokens, so that keys can be rotated."""

    id: str
    secret: bytes

    def __post_init__(self) -> None:
        _must_match(_KEY_ID, "key id", self.id)


class Grant(msgspec.Struct, frozen=True):
    """What a token opens: one file of one rendition, for one playback session, until `expires`."""

    session: str
    rendition: str
    file: str
    expires: Seconds


def sign(key: SigningKey, *, session: str, rendition: str, expires: Seconds) -> str:
    """The path prefix `/<token>/<rendition>/` that opens `rendition` until `expires`. Raises ValueError."""
    _must_match(_SESSION, "session", session)
    _must_match(_RENDITION, "rendition key", rendition)
    expiry = f"{math.ceil(expires):x}"
    _must_match(r"[1-9a-f][0-9a-f]{0,9}", "expiry", expiry)
    signature = _signature(key.secret, key.id, expiry, session, rendition)
    return f"/{key.id}.{expiry}.{session}.{signature}/{rendition}/"


def check(path: str, keys: Mapping[str, bytes], now: Seconds) -> Grant:
    """What `path` opens at `now`. Raises NoSuchFile, BadToken and TokenExpired."""
    return check_expiry(verify(path, keys), now)


def verify(path: str, keys: Mapping[str, bytes]) -> Grant:
    """What `path` opens while it has not expired: the part of `check` whose answer does not change with time."""
    match = _PATH.fullmatch(path) if len(path) <= PATH_LENGTH_MAX else None
    if match is None:
        raise NoSuchFile
    key_id, expiry, session, signature, rendition, file = match.groups()
    secret = keys.get(key_id)
    # The texts are compared, not the bytes they decode to: base64 has several texts for the same 32 bytes.
    if secret is None or not hmac.compare_digest(signature, _signature(secret, key_id, expiry, session, rendition)):
        raise BadToken
    return Grant(session=session, rendition=rendition, file=file, expires=Seconds(int(expiry, 16)))


def check_expiry(grant: Grant, now: Seconds) -> Grant:
    """`grant` itself, if it is still good at `now`. Raises TokenExpired."""
    if now >= grant.expires + SKEW:
        raise TokenExpired(grant.expires)
    return grant


def _signature(secret: bytes, key_id: str, expiry: str, session: str, rendition: str) -> str:
    # No field can hold a newline, so no two grants have the same message.
    message = b"\n".join((_PURPOSE, *(field.encode() for field in (key_id, expiry, session, rendition))))
    return urlsafe_b64encode(hmac.digest(secret, message, hashlib.sha256)).rstrip(b"=").decode()


def _must_match(pattern: str, what: str, text: str) -> None:
    if re.fullmatch(pattern, text, re.ASCII) is None:
        raise ValueError(f"not a {what} that a token can carry: {text!r}")
