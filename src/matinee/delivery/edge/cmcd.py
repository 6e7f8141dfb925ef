"""What a player says of itself with a request: Common Media Client Data (CTA-5004). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias
from urllib.parse import parse_qs

Value: TypeAlias = str | int | float | bool

PAIRS_MAX = 32
"""CTA-5004 has 18 keys; what is beyond this is not from a player."""
TEXT_MAX = 128
"""The longest string that is kept: `sid` and `cid` are the longest, of 64 characters at most."""

_PAIR = re.compile(r'\s*([A-Za-z][A-Za-z0-9.-]{0,31})(?:=("(?:[^"\\]|\\.)*+"|[^",]*))?\s*(?:,|$)')


def parse_cmcd(parts: Iterable[str]) -> dict[str, Value]:
    """The key-value pairs of CMCD-* fields or of a CMCD query argument; reading stops at what is malformed."""
    pairs: dict[str, Value] = {}
    for part in parts:
        position = 0
        while len(pairs) < PAIRS_MAX and position < len(part):
            match = _PAIR.match(part, position)
            if match is None:
                break
            pairs[match[1]] = _value(match[2])
            position = match.end()
    return pairs


def cmcd_of_query(query: str) -> tuple[str, ...]:
    """The CMCD argument of a URL's query (CTA-5004 3.2), decoded; none where there is none."""
    if "CMCD=" not in query:
        return ()
    return tuple(parse_qs(query, max_num_fields=PAIRS_MAX).get("CMCD", ()))


def _value(text: str | None) -> Value:
    if text is None:
        return True  # a key alone is a true boolean
    if text.startswith('"'):
        return re.sub(r"\\(.)", r"\1", text[1:-1])[:TEXT_MAX]
    if re.fullmatch(r"-?[0-9]{1,15}", text):
        return int(text)
    if re.fullmatch(r"-?[0-9]{1,15}\.[0-9]{1,6}", text):
        return float(text)
    return {"true": True, "false": False}.get(text, text[:TEXT_MAX])
