"""How often somebody may fail to sign in. Pure.

Failures are counted in windows that begin with the first failure: strictly per name and address, less so per address,
loosely per name, so that a stranger elsewhere who guesses at the owner's name does not lock the owner out. The counts
are kept in the database, so that they hold across restarts and over every API process.

An address is that of the connection, and no header that a client could have written. Behind a proxy, therefore,
everybody has the proxy's address: there a stranger's failures count against the owner too, until the window ends.
"""

from __future__ import annotations

import hashlib
from ipaddress import IPv6Address, ip_address, ip_network

from matinee.members.account import name_key

WINDOW_S = 900.0  # failures are forgotten a quarter of an hour after the first of them
FAILURES_PER_PAIR_MAX = 10  # 960 guesses a day from one place against a password of eight characters or more
FAILURES_PER_ADDRESS_MAX = 30  # a household or an office behind one address, mistyping
FAILURES_PER_NAME_MAX = 100  # 9,600 guesses a day from anywhere; ten addresses have to join to lock a name


def limits(name: str, address: str) -> tuple[tuple[str, int], ...]:
    """The counters that an attempt touches, each with its limit; what was typed is not kept readable."""
    named, network = name_key(name), _network(address)
    return (
        (_key("pair", f"{network} {named}"), FAILURES_PER_PAIR_MAX),
        (_key("address", network), FAILURES_PER_ADDRESS_MAX),
        (_key("name", named), FAILURES_PER_NAME_MAX),
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
