"""What the embedded ports say when their file cannot be read or written: a full disk, a lost folder, a broken file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DatabaseError

from matinee.base.errors import Unavailable


class StateAway(Unavailable):
    """A SQLite file of ours cannot be used now; what was being written was not."""

    code = "state_away"


@contextmanager
def told_as_unavailable(what: str) -> Iterator[None]:
    """Turns SQLite's errors into StateAway. `what` is for people."""
    try:
        yield
    except DatabaseError as error:
        reason = str(error.orig or error)
        raise StateAway(
            f"{what} cannot be used: {reason}; see that the disk has space and that the data folder is readable and "
            "writable, then try again"
        ) from error
