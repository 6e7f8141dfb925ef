"""Relational databases: one engine per kind of state, on SQLite or PostgreSQL, used through SQLAlchemy Core.

Each kind of state has its own `MetaData`: on SQLite it is one WAL file, on PostgreSQL one schema. A domain's
`tables.py` puts its tables into one of them; migrations are Alembic's, one branch per kind of state.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from matinee.base.errors import Unavailable

_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
MAIN = MetaData(naming_convention=_NAMING)
"""Titles, accounts, assets: what the service is."""
JOBS = MetaData(naming_convention=_NAMING)
"""Durable jobs: what the service is doing."""

BUSY_TIMEOUT_MS = 15_000  # a writer waits for another one this long before "database is locked" is an error
_WRITES = "matinee_writes"
_FULL = ("database or disk is full", "no space left on device")  # as SQLite says it, as PostgreSQL does


class DatabaseBusy(Unavailable):
    """Somebody else does not let go of the database."""

    code = "database_busy"


class DatabaseFull(Unavailable):
    """The disk of the database cannot take another byte."""

    code = "database_full"


def database_url(url: str, home: Path, state: str) -> str:
    """The URL of one kind of state: `DATABASE_URL` where it is given, else the file `HOME/<state>.db`."""
    if not url:
        return f"sqlite+aiosqlite:///{home / f'{state}.db'}"
    return str(make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False))


def open_engine(url: str, *, schema: str | None = None) -> AsyncEngine:
    """An engine on `url`; on PostgreSQL, unqualified names mean `schema`. Connects on first use."""
    if url.startswith("sqlite"):
        engine = create_async_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
        event.listen(engine.sync_engine, "connect", _set_up_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    options = f"-csearch_path={schema}" if schema else ""
    return create_async_engine(url, connect_args={"options": options}, pool_pre_ping=True)


def _set_up_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, below
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # an acknowledged write survives a power cut, not only a killed process
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads and then writes must take the write lock first: a lock that is upgraded
    # half-way fails at once with SQLITE_BUSY, whatever the timeout.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction that may write: committed at the end, rolled back by any exception.

    Raises DatabaseFull and DatabaseBusy.
    """
    try:
        async with engine.connect() as plain:
            connection = await plain.execution_options(**{_WRITES: True})
            async with connection.begin():
                yield connection
    except OperationalError as error:
        if any(words in str(error).lower() for words in _FULL):
            raise DatabaseFull("the disk of the database is full; free some space and try again") from error
        if "database is locked" in str(error).lower():
            raise DatabaseBusy(
                f"another process has held the database for {BUSY_TIMEOUT_MS / 1000:.0f} s; end it, or try again"
            ) from error
        raise


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A read transaction: one consistent view, never waiting for writers on SQLite."""
    async with engine.connect() as connection:
        yield connection
