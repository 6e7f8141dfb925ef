"""Everything an edge worker does has a limit, and this is where the limits have their names."""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The limits of one worker process."""

    head_bytes: int = 8_192
    """A request's head; our longest path is 512 bytes, a browser's fields about 1 KB, CMCD's up to 2 KB."""
    head_fields: int = 64
    """Fields in a request's head."""
    head_deadline_s: float = 10.0
    """From the first byte of a head to its last: a client that dribbles (slowloris) is answered 408."""
    idle_s: float = 75.0
    """A connection that asks for nothing is closed: longer than a player's full buffer between two segments."""
    stall_window_s: float = 60.0
    """How often a connection that is being sent to is looked at."""
    stall_bytes: int = 65_536
    """What a client must have taken since the last look; less, and it is cut off (it may ask again by Range)."""
    linger_s: float = 2.0
    """After a refusal the connection is read and thrown away this long, so that a reset does not eat the answer."""
    drain_s: float = 10.0
    """When told to stop, what is being sent may take this long to finish."""
    connections: int = 8_192
    """Open connections; one more is answered 503. Lowered where the process may not open so many files."""
    overflow: int = 128
    """Refused connections that may linger beyond `connections`; one more is closed without an answer."""
    requests_per_connection: int = 10_000
    """Then the connection is closed after its answer, so that clients spread over workers anew."""
    retry_after_s: int = 2
    """What a client that is refused for now is told."""
    accepts_per_turn: int = 64
    """New connections taken before the others get their turn."""
    requests_per_turn: int = 8
    """Pipelined requests of one connection answered before the others get their turn."""
    bytes_per_turn: int = 4 << 20
    """Sent to one connection before the others get their turn, for clients that read as fast as we write."""
    open_files: int = 1_024
    """Renditions held open; the least recently used is closed first."""
    file_fresh_s: float = 1.0
    """How long an open file is trusted to be the one on the disk before it is looked at again."""
    verified_tokens: int = 16_384
    """Signatures remembered as good (their expiry is looked at on every request)."""
    keys_fresh_s: float = 1.0
    """How often the file with the keys is looked at."""
    log_lines: int = 10_000
    """Lines of the access log that wait for the disk; more are dropped and counted."""


SPARE_DESCRIPTORS = 64
"""Descriptors for what is neither a connection nor a rendition: epoll, the log, standard streams, other listeners."""


def fit(limits: Limits, descriptors_max: int) -> Limits:
    """`limits` within what a process may open: connections and, where that is too little, open files give way."""
    files = max(1, min(limits.open_files, descriptors_max // 4))
    room = max(1, descriptors_max - files - limits.overflow - SPARE_DESCRIPTORS)
    return msgspec.structs.replace(limits, open_files=files, connections=min(limits.connections, room))
