"""Which bytes to send: Range, If-Range and If-None-Match (RFC 9110 13 and 14) as pure functions."""

from __future__ import annotations

import re

import msgspec

# RFC 9110 14.1.1 and 14.1.2; names of units are read in any case. IGNORECASE would make this twice as slow.
_RANGE = re.compile(r"[bB][yY][tT][eE][sS]=([0-9]{0,18}+)-([0-9]{0,18}+)")


class Span(msgspec.Struct, frozen=True, gc=False):
    """`size` bytes from offset `first`; never empty."""

    first: int
    size: int


class UnsatisfiableRangeError(Exception):
    """A well-formed range that lies outside of the file (RFC 9110 15.5.17)."""


def resolve_range(text: str, size: int) -> Span | None:
    """The bytes that the Range field `text` asks for, of a file of `size` bytes; None: send it whole.

    A field that is malformed, of another unit, or a list of several ranges is ignored, as RFC 9110 14.2 allows:
    players ask for one range at a time, and a whole file is right for everybody else. Raises UnsatisfiableRangeError.
    """
    match = _RANGE.fullmatch(text)
    if match is None:
        return None
    start, end = match.groups()
    if start:
        first, stop = int(start), min(size, int(end) + 1) if end else size
        if end and int(end) < first:
            return None  # RFC 9110 14.1.2: such a range is invalid, not unsatisfiable
    elif end:
        first, stop = max(0, size - int(end)), size
    else:
        return None
    if first >= stop:
        raise UnsatisfiableRangeError
    return Span(first, stop - first)


def is_known(if_none_match: str, etag: str) -> bool:
    """Whether the client has what `etag` names, by weak comparison (RFC 9110 13.1.2)."""
    if if_none_match == "*":
        return True
    return any(tag.strip().removeprefix("W/") == etag for tag in if_none_match.split(","))


def is_range_wanted(if_range: str, etag: str) -> bool:
    """Whether Range holds under If-Range: strong comparison (RFC 9110 13.1.5); a date never matches, we send none."""
    return not if_range or if_range == etag
