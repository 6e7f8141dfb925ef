"""How a receiver knows that a webhook is ours and not an old one again: Standard Webhooks 1.0, symmetric. Pure.

The signature is HMAC-SHA-256 (RFC 2104) over `<id>.<timestamp>.<body>`, under a secret that both sides have.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping

from matinee.base.errors import Invalid

PREFIX = "whsec_"
SECRET_MIN_BYTES, SECRET_MAX_BYTES = 24, 64
TOLERANCE_S = 300
"""How old, or how far ahead, a timestamp may be for a receiver to take it."""


class BadSecret(Invalid):
    """The secret is none that could sign."""

    code = "bad_webhook_secret"

    def __init__(self) -> None:
        super().__init__(
            f"MATINEE_WEBHOOK_SECRET has to be {PREFIX} and {SECRET_MIN_BYTES} to {SECRET_MAX_BYTES} bytes in base64; "
            "`matinee webhooks secret` makes one"
        )


def secret_text(random: bytes) -> str:
    """The secret made of these random bytes, as both sides write it down."""
    return PREFIX + b64encode(random).decode()


def secret_bytes(text: str) -> bytes:
    """The key in a secret as it is written down. Raises BadSecret."""
    try:
        key = b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise BadSecret from error
    if not SECRET_MIN_BYTES <= len(key) <= SECRET_MAX_BYTES:
        raise BadSecret
    return key


def headers_of(key: bytes, message_id: str, at_s: int, body: bytes) -> dict[str, str]:
    """The headers that a body is sent with at the Unix time `at_s`."""
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": _signature(key, message_id, str(at_s), body),
    }


def is_genuine(key: bytes, headers: Mapping[str, str], body: bytes, now_s: float) -> bool:
    """Whether a body with these headers (in small letters) is from who has the key, and was signed just now."""
    at, given = headers.get("webhook-timestamp", ""), headers.get("webhook-signature", "").split()
    if not at.isdecimal() or abs(now_s - int(at)) > TOLERANCE_S:
        return False
    expected = _signature(key, headers.get("webhook-id", ""), at, body)
    return any(hmac.compare_digest(one.encode(), expected.encode()) for one in given)


def _signature(key: bytes, message_id: str, at: str, body: bytes) -> str:
    signed = hmac.digest(key, f"{message_id}.{at}.".encode() + body, hashlib.sha256)
    return f"v1,{b64encode(signed).decode()}"
