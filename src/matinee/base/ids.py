"""Identifiers: opaque, sortable by time, made by us and never by a client."""

from __future__ import annotations

import os
import re
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32: no i, l, o, u
_PATTERN = re.compile(r"[a-z]{2,12}_[0-9a-hjkmnp-tv-z]{26}")
_RANDOM_BITS = 80


def new_id(kind: str) -> str:
    """A fresh id such as `title_01hq...`: 48 bits of milliseconds, then 80 random bits (the ULID layout)."""
    value = (time.time_ns() // 1_000_000) << _RANDOM_BITS | int.from_bytes(os.urandom(_RANDOM_BITS // 8), "big")
    digits = "".join(_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))
    return f"{kind}_{digits}"


def is_id(text: str, kind: str) -> bool:
    """Whether `text` is a well-formed id of `kind`."""
    return text.startswith(kind + "_") and _PATTERN.fullmatch(text) is not None
