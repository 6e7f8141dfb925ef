"""Transactions on a port's own SQLite file that say `Unavailable` when the file cannot be read or written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from sqlalchemy.exc import DatabaseError, IntegrityError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from matinee.base import database
from matinee.base.errors import Unavailable


class FileAway(Unavailable):
    """A full disk, a lost folder, a broken file: what was being written was not."""

    code = "file_away"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"{name} cannot be used: {reason}; see that the disk has space and that this user may write there"
        )
        self.name, self.reason = name, reason


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction that may write: committed at the end, rolled back by any exception. Raises FileAway."""
    with _away(engine):
        async with database.writing(engine) as connection:
            yield connection


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A read transaction: one consistent view. Raises FileAway."""
    with _away(engine):
        async with database.reading(engine) as connection:
            yield connection


@contextmanager
def _away(engine: AsyncEngine) -> Iterator[None]:
    try:
        yield
    except (IntegrityError, ProgrammingError):
        raise  # faults of ours, not of the file
    except DatabaseError as error:
        raise FileAway(engine.url.database or "", str(error.orig)) from error
