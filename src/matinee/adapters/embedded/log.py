"""The event log in a SQLite file of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Column, Float, Integer, MetaData, Table, Text, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from matinee.adapters.embedded.file import reading, writing
from matinee.insight.events import Telemetry
from matinee.insight.log import Logged

_LOG = MetaData()
_events = Table(
    "events",
    _LOG,
    Column("offset", Integer, primary_key=True, autoincrement=True),
    Column("event_id", Text, nullable=False, unique=True),
    Column("at", Float, nullable=False),
    Column("document", Text, nullable=False),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True)
class SqliteEventLog:
    """`EventLog` on one SQLite file; `prepare` makes its table."""

    engine: AsyncEngine

    async def prepare(self) -> None:
        """Make the table where it is missing."""
        async with writing(self.engine) as connection:
            await connection.run_sync(_LOG.create_all)

    async def append(self, events: Sequence[Telemetry]) -> None:
        """Add the events that are not in the log yet."""
        if not events:
            return
        rows = [
            {"event_id": event.event_id, "at": event.at, "document": msgspec.json.encode(event).decode()}
            for event in events
        ]
        async with writing(self.engine) as connection:
            await connection.execute(insert(_events).on_conflict_do_nothing(), rows)

    async def read(self, after: int, limit: int) -> Sequence[Logged]:
        """The events after an offset."""
        query = select(_events.c.offset, _events.c.document).where(_events.c.offset > after)
        async with reading(self.engine) as connection:
            rows = await connection.execute(query.order_by(_events.c.offset).limit(limit))
            return [Logged(row.offset, msgspec.json.decode(row.document, type=Telemetry)) for row in rows]
