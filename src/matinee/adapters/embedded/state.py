"""The playback state in a SQLite file of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import msgspec
from sqlalchemy import Column, Float, MetaData, Table, Text, delete, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from matinee.adapters.embedded.file import reading, writing
from matinee.base.units import Seconds
from matinee.playback.position import KEPT_S, Position
from matinee.playback.session import AFTER_S, Session

_STATE = MetaData()
_sessions = Table(
    "sessions",
    _STATE,
    Column("id", Text, primary_key=True),
    Column("expires", Float, nullable=False, index=True),
    Column("document", Text, nullable=False),
)
_positions = Table(
    "positions",
    _STATE,
    Column("account_id", Text, primary_key=True),
    Column("title_id", Text, primary_key=True),
    Column("position_s", Float, nullable=False),
    Column("duration_s", Float, nullable=False),
    Column("updated", Float, nullable=False, index=True),
)


@dataclass(frozen=True)
class SqlitePlaybackState:
    """`PlaybackState` on one SQLite file; `prepare` makes its tables."""

    engine: AsyncEngine

    async def prepare(self) -> None:
        """Make the tables where they are missing."""
        async with writing(self.engine) as connection:
            await connection.run_sync(_STATE.create_all)

    async def put_session(self, session: Session) -> None:
        """Keep a session, and drop those whose links are shut."""
        row = {"id": session.id, "expires": session.expires, "document": msgspec.json.encode(session).decode()}
        async with writing(self.engine) as connection:
            await connection.execute(delete(_sessions).where(_sessions.c.expires < session.created - AFTER_S))
            await connection.execute(insert(_sessions).values(row).on_conflict_do_update(("id",), set_=row))

    async def session(self, session_id: str, now: Seconds) -> Session | None:
        """The session of that id, if it has not expired."""
        query = select(_sessions.c.document).where(_sessions.c.id == session_id, _sessions.c.expires > now)
        async with reading(self.engine) as connection:
            document = (await connection.execute(query)).scalar()
        return msgspec.json.decode(document, type=Session) if document is not None else None

    async def playing(self, now: Seconds) -> Collection[str]:
        """The versions that sessions name whose links may still open."""
        query = select(_sessions.c.document).where(_sessions.c.expires > now - AFTER_S)
        async with reading(self.engine) as connection:
            rows = await connection.execute(query)
            return {msgspec.json.decode(row.document, type=Session).asset_id for row in rows}

    async def put_position(self, account_id: str, title_id: str, position: Position) -> None:
        """Keep a position unless a newer one is known."""
        fields = msgspec.structs.asdict(position)
        statement = insert(_positions).values(account_id=account_id, title_id=title_id, **fields)
        statement = statement.on_conflict_do_update(
            ("account_id", "title_id"), set_=fields, where=_positions.c.updated <= position.updated
        )
        async with writing(self.engine) as connection:
            await connection.execute(delete(_positions).where(_positions.c.updated < position.updated - KEPT_S))
            await connection.execute(statement)

    async def positions(self, account_id: str, now: Seconds) -> Mapping[str, Position]:
        """Where the account is, by title."""
        query = select(_positions).where(_positions.c.account_id == account_id, _positions.c.updated > now - KEPT_S)
        async with reading(self.engine) as connection:
            rows = await connection.execute(query)
            return {
                row.title_id: Position(position_s=row.position_s, duration_s=row.duration_s, updated=row.updated)
                for row in rows
            }

    async def forget(self, account_id: str, title_id: str) -> None:
        """Forget one position."""
        mine = (_positions.c.account_id == account_id) & (_positions.c.title_id == title_id)
        async with writing(self.engine) as connection:
            await connection.execute(delete(_positions).where(mine))
