"""How a receiver knows that a webhook is ours and not an old one again: Standard Webhooks 1.0, symmetric. Pure.

The signature is HMAC-SHA-256 (RFC 2104) over `<id>.<timestamp>.<body>`, under a secret that both sides have.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
from base64 import b64decode, b64encode

from matinee.base.errors import Invalid

PREFIX = "whsec_"
SECRET_MIN_BYTES, SECRET_MAX_BYTES = 24, 64


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
    signed = hmac.digest(key, f"{message_id}.{at_s}.".encode() + body, hashlib.sha256)
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": f"v1,{b64encode(signed).decode()}",
    }
