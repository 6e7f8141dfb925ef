"""How often somebody may fail to sign in. Pure.

Failures are counted per name and per address in windows that begin with the first failure. The counts are kept
in the database, so that they hold across restarts and over every API process.
"""

from __future__ import annotations

import hashlib
from ipaddress import IPv6Address, ip_address, ip_network

from matinee.members.account import name_key

WINDOW_S = 900.0  # failures are forgotten a quarter of an hour after the first of them
FAILURES_PER_NAME_MAX = 10  # 960 guesses a day against a password of eight characters or more
FAILURES_PER_ADDRESS_MAX = 30  # a household or an office behind one address, mistyping


def limits(name: str, address: str) -> tuple[tuple[str, int], ...]:
    """The counters that an attempt touches, each with its limit; what was typed is not kept readable."""
    return (
        (_key("name", name_key(name)), FAILURES_PER_NAME_MAX),
        (_key("address", _network(address)), FAILURES_PER_ADDRESS_MAX),
    )


def _key(kind: str, text: str) -> str:
    return hashlib.sha256(f"{kind}:{text}".encode()).hexdigest()


def _network(address: str) -> str:
    """The address, or for IPv6 the /64 that one subscriber holds; anything else as it is."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False))
    return str(parsed)
