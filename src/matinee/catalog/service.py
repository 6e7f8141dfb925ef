"""The catalogue's use cases: titles come in, are edited, published and removed, and are read from a snapshot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import JSON, RowMapping, delete, exists, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from matinee.base.clock import Clock
from matinee.base.database import reading, writing
from matinee.base.errors import Invalid, NotFound
from matinee.base.ids import new_id
from matinee.catalog.snapshot import Page, Snapshot, Sort, page_of, snapshot_of
from matinee.catalog.tables import catalog_revision, sidecars, stores, taken_files, titles
from matinee.catalog.title import (
    Edit,
    Kind,
    Metadata,
    Picture,
    Published,
    Sidecar,
    Source,
    Title,
    show_source,
    tidied,
)

STALE_S = 0.5  # how long another process's change may stay unseen; our own changes are seen at once


class UnknownTitle(NotFound):
    """No such title, or it has been removed."""

    code = "unknown_title"

    def __init__(self, title_id: str) -> None:
        super().__init__(f"there is no title {title_id}; it may have been removed")
        self.title_id = title_id


class NamelessTitle(Invalid):
    """A title without a name cannot be shown."""

    code = "nameless_title"


@dataclass
class _Held:
    """The snapshot in use, when it was last compared with the database, and which of our own changes it holds."""

    snapshot: Snapshot | None = None
    checked: float = 0.0
    changes: int = 0
    seen: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True)
class Catalog:
    """Everything that can be watched. Reads come from an in-process snapshot that is replaced when it changes."""

    engine: AsyncEngine
    clock: Clock
    _held: _Held = field(default_factory=_Held, repr=False, compare=False)

    async def snapshot(self) -> Snapshot:
        """The whole catalogue, not older than `STALE_S`."""
        held = self._held
        if held.snapshot is not None and held.seen == held.changes and 0 <= self.clock() - held.checked < STALE_S:
            return held.snapshot
        async with held.lock:
            now, changes = self.clock(), held.changes
            held.snapshot = await self._refreshed(held.snapshot)
            held.checked, held.seen = now, changes
            return held.snapshot

    async def _refreshed(self, known: Snapshot | None) -> Snapshot:
        async with reading(self.engine) as connection:
            revision = await connection.scalar(select(catalog_revision.c.number)) or 0
            if known is not None and known.revision == revision:
                return known
            rows = await connection.execute(select(titles))
            return snapshot_of([_title(row) for row in rows.mappings()], revision)

    async def get(self, title_id: str) -> Title:
        """One title. Raises UnknownTitle."""
        title = (await self.snapshot()).titles.get(title_id)
        if title is None:
            raise UnknownTitle(title_id)
        return title

    async def list(
        self,
        kind: Kind | None = None,
        genre: str | None = None,
        sort: Sort = "new",
        cursor: str | None = None,
    ) -> Page:
        """A page of the films and shows that can be played. Raises BadCursor."""
        return page_of(await self.snapshot(), kind=kind, genre=genre, sort=sort, cursor=cursor)

    async def episodes(self, show_id: str) -> Sequence[Title]:
        """The episodes of a show, in order."""
        return (await self.snapshot()).episodes(show_id)

    async def genres(self) -> Sequence[str]:
        """The genres that have something to watch."""
        return (await self.snapshot()).genres

    async def with_source(self, sha256: str) -> Title | None:
        """The title that was made from this very file, in whatever state, if there is one."""
        async with reading(self.engine) as connection:
            return await _find(connection, source=sha256)

    async def store_mark(self) -> str | None:
        """The name of the object store that the films are in; None before anybody named it."""
        async with reading(self.engine) as connection:
            return await connection.scalar(select(stores.c.mark))

    async def keep_store_mark(self, mark: str) -> str:
        """Keep the object store's name; answers the one that was kept first."""
        with suppress(IntegrityError):
            async with writing(self.engine) as connection:
                await connection.execute(insert(stores).values(id=1, mark=mark))
        return await self.store_mark() or mark

    async def unfinished(self) -> Sequence[Title]:
        """The films and episodes that nobody can play yet, read from the database itself."""
        async with reading(self.engine) as connection:
            chosen = select(titles).where(titles.c.state != "ready", titles.c.kind != "show")
            return [_title(row) for row in (await connection.execute(chosen)).mappings()]

    async def add(self, metadata: Metadata, source: Source) -> Title:
        """The title made from `source`: the one that is there already, or a new film or episode."""
        if metadata.show and metadata.episode is not None:
            return await self.add_episode(metadata, source)
        return await self.add_film(metadata, source)

    async def add_film(self, metadata: Metadata, source: Source) -> Title:
        """A new film in state `processing`; if the file is in the catalogue already, its title as it is."""
        known = tidied(metadata)
        if not known.title:
            raise NamelessTitle(f"{source.name} has no title; give it one")
        async with self._changing() as connection:
            return await self._found_or_made(connection, "film", known, source)

    async def add_episode(self, metadata: Metadata, source: Source) -> Title:
        """A new episode; its show is found by name and year, or made. An episode without a name is `Episode 2`."""
        known = tidied(metadata)
        if not known.show or known.episode is None:
            raise NamelessTitle(f"{source.name} does not say which episode of which show it is")
        async with self._changing() as connection:
            show = await self._show(connection, known)
            named = msgspec.structs.replace(known, title=known.title or f"Episode {known.episode}", ids={})
            return await self._found_or_made(connection, "episode", named, source, show.id)

    async def add_show(self, metadata: Metadata) -> Title:
        """The show of this name and year, made or completed with what `metadata` knows beyond it."""
        known = tidied(metadata)
        if not known.show:
            raise NamelessTitle("a show needs a name")
        async with self._changing() as connection:
            show = await self._show(connection, known)
            missing = {name: value for name, value in _show_fields(known).items() if value and not getattr(show, name)}
            return await self._updated(connection, show.id, missing) if missing else show

    async def edit(self, title_id: str, edit: Edit) -> Title:
        """Change what an editor may change. Raises UnknownTitle."""
        given = {name: getattr(edit, name) for name in edit.__struct_fields__}
        fields = {name: value for name, value in given.items() if value is not msgspec.UNSET}
        return await self.change(title_id, fields)

    async def delete(self, title_id: str) -> Sequence[Title]:
        """Remove a title; a show with all its episodes, a show's last episode with its show. Answers what went."""
        async with self._changing() as connection:
            title = await _find(connection, id=title_id)
            if title is None:
                raise UnknownTitle(title_id)
            episodes = await connection.execute(select(titles).where(titles.c.show_id == title_id))
            gone = [title, *(_title(row) for row in episodes.mappings())]
            await connection.execute(delete(titles).where(titles.c.id.in_([each.id for each in gone])))
            if title.show_id is not None:
                gone += await _removed_if_empty(connection, title.show_id)
            return gone

    async def mark_published(self, title_id: str, facts: Published) -> Title:
        """A version of the title can be played now: it is `ready`, with what the version offers.

        Its still is taken when the title has none: one that a person gave stays.
        """
        title = await self._read(title_id)
        fields: dict[str, Any] = {
            "state": "ready",
            "reason": "",
            "duration_s": facts.duration_s,
            "height": facts.height,
            "audio": facts.audio,
            "subtitles": facts.subtitles,
        }
        if facts.still is not None and title.still is None:
            fields["still"] = facts.still
        return await self.change(title_id, fields)

    async def mark_failed(self, title_id: str, reason: str) -> Title:
        """Processing ended with an error; what could be played before it still can."""
        title = await self._read(title_id)
        state = "ready" if title.height else "failed"
        return await self.change(title_id, {"state": state, "reason": reason})

    async def mark_processing(self, title_id: str) -> Title:
        """A title that had failed is worked on again; one that can be played stays ready."""
        title = await self._read(title_id)
        state = "ready" if title.height else "processing"
        return await self.change(title_id, {"state": state, "reason": ""})

    async def set_pictures(self, title_id: str, poster: Picture | None = None, still: Picture | None = None) -> Title:
        """Give a title a poster or a still; what is None stays."""
        given = {"poster": poster, "still": still}
        return await self.change(title_id, {name: value for name, value in given.items() if value is not None})

    async def change(self, title_id: str, fields: dict[str, Any]) -> Title:
        """Set columns of a title to values of ours. Raises UnknownTitle."""
        async with self._changing() as connection:
            return await self._updated(connection, title_id, fields)

    async def sidecars(self, title_id: str) -> Sequence[Sidecar]:
        """The subtitle files that came beside a title, by language."""
        chosen = select(sidecars).where(sidecars.c.title_id == title_id).order_by(sidecars.c.language, sidecars.c.label)
        async with reading(self.engine) as connection:
            rows = await connection.execute(chosen)
            return [msgspec.convert(_plain(row), Sidecar) for row in rows.mappings()]

    async def sidecars_below(self, title_id: str) -> Sequence[Sidecar]:
        """The subtitle files of a title and, of a show, of its episodes."""
        below = select(titles.c.id).where((titles.c.id == title_id) | (titles.c.show_id == title_id))
        async with reading(self.engine) as connection:
            rows = await connection.execute(select(sidecars).where(sidecars.c.title_id.in_(below)))
            return [msgspec.convert(_plain(row), Sidecar) for row in rows.mappings()]

    async def keys_in_use(self) -> set[str]:
        """The objects that titles name: subtitle files, posters and stills."""
        async with reading(self.engine) as connection:
            tracks = (await connection.execute(select(sidecars.c.key, sidecars.c.original_key))).all()
            pictures = (await connection.execute(select(titles.c.poster, titles.c.still))).all()
        images = {f"images/{picture['name']}" for row in pictures for picture in row if picture}
        return {key for row in tracks for key in row} | images

    async def add_sidecar(self, title_id: str, sidecar: Sidecar) -> None:
        """Note a subtitle file of a title; the same file again replaces what was noted of it."""
        key = (sidecars.c.title_id == title_id) & (sidecars.c.original_key == sidecar.original_key)
        async with self._changing() as connection:
            await connection.execute(delete(sidecars).where(key))
            await connection.execute(insert(sidecars).values(title_id=title_id, **msgspec.structs.asdict(sidecar)))

    async def remember_file(self, path: str, size_bytes: int, mtime_ns: int, sha256: str) -> None:
        """Note what was read from a file, as it was then."""
        async with writing(self.engine) as connection:
            await connection.execute(delete(taken_files).where(taken_files.c.path == path))
            values = {"path": path, "size_bytes": size_bytes, "mtime_ns": mtime_ns, "sha256": sha256}
            await connection.execute(insert(taken_files).values(values))

    async def file_taken(self, path: str, size_bytes: int, mtime_ns: int) -> str | None:
        """The SHA-256 of a file that was read when it had this size and time; None when it was not."""
        then = (taken_files.c.size_bytes == size_bytes) & (taken_files.c.mtime_ns == mtime_ns)
        async with reading(self.engine) as connection:
            return await connection.scalar(select(taken_files.c.sha256).where(taken_files.c.path == path, then))

    async def last_taken(self, path: str) -> str | None:
        """The SHA-256 of what was last read from `path`, whether or not it is still there; None when nothing was."""
        async with reading(self.engine) as connection:
            return await connection.scalar(select(taken_files.c.sha256).where(taken_files.c.path == path))

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[AsyncConnection]:
        """A write transaction that moves the revision; this process sees the change at once."""
        async with writing(self.engine) as connection:
            await connection.execute(_MOVE_REVISION)
            yield connection
        self._held.changes += 1

    async def _read(self, title_id: str) -> Title:
        async with reading(self.engine) as connection:
            title = await _find(connection, id=title_id)
        if title is None:
            raise UnknownTitle(title_id)
        return title

    async def _show(self, connection: AsyncConnection, known: Metadata) -> Title:
        source = show_source(known.show, known.show_year)
        found = await _find(connection, source=source)
        if found is None:
            yearless = show_source(known.show, None)
            found = await (_find(connection, source=yearless) if known.show_year else _only_show(connection, yearless))
        if found is not None:
            return found
        values = {**_show_fields(known), "title": known.show, "year": known.show_year}
        return await self._inserted(connection, {"kind": "show", "state": "ready", "source": source, **values})

    async def _found_or_made(
        self, connection: AsyncConnection, kind: Kind, known: Metadata, source: Source, show_id: str | None = None
    ) -> Title:
        found = await _find(connection, source=source.sha256)
        if found is not None:
            return found
        values = {name: getattr(known, name) for name in (*_DESCRIBES, *_NUMBERS)}
        facts = {"source": source.sha256, "source_name": source.name, "source_size_bytes": source.size_bytes}
        return await self._inserted(
            connection, {"kind": kind, "state": "processing", "show_id": show_id, **values, **facts}
        )

    async def _inserted(self, connection: AsyncConnection, values: dict[str, Any]) -> Title:
        now = self.clock()
        title = Title(id=new_id("title"), created=now, updated=now, **values)
        try:
            async with connection.begin_nested():
                await connection.execute(insert(titles).values(_row(msgspec.structs.asdict(title))))
        except IntegrityError:  # somebody else was faster with the same source
            found = await _find(connection, source=title.source)
            if found is None:
                raise
            return found
        return title

    async def _updated(self, connection: AsyncConnection, title_id: str, fields: dict[str, Any]) -> Title:
        changed = update(titles).where(titles.c.id == title_id).values(_row({**fields, "updated": self.clock()}))
        await connection.execute(changed)
        title = await _find(connection, id=title_id)
        if title is None:
            raise UnknownTitle(title_id)
        return title


# A write that anybody makes moves the revision, in its own transaction: the same statement on SQLite and PostgreSQL.
_MOVE_REVISION = text(
    "INSERT INTO catalog_revision (id, number) VALUES (1, 1) "
    "ON CONFLICT (id) DO UPDATE SET number = catalog_revision.number + 1"
)
_DESCRIBES = ("title", "year", "synopsis", "tagline", "genres", "language", "people", "ids")
_NUMBERS = ("season", "episode", "last_episode")
_JSON_COLUMNS = {column.name for column in titles.columns if isinstance(column.type, JSON)}


def _show_fields(known: Metadata) -> dict[str, Any]:
    """What an episode's or a show's description says of the show itself, when it is about the show."""
    if known.episode is not None:
        return {}
    return {name: getattr(known, name) for name in _DESCRIBES if name not in ("title", "year")}


def _row(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: msgspec.to_builtins(value) if name in _JSON_COLUMNS else value for name, value in fields.items()}


def _title(row: RowMapping) -> Title:
    return msgspec.convert(_plain(row), Title)


def _plain(row: RowMapping) -> dict[str, Any]:
    return {str.__str__(name): value for name, value in row.items()}  # the keys are a kind of str that msgspec refuses


async def _find(connection: AsyncConnection, **equal: str) -> Title | None:
    chosen = select(titles).filter_by(**equal)
    row = (await connection.execute(chosen)).mappings().one_or_none()
    return None if row is None else _title(row)


async def _only_show(connection: AsyncConnection, yearless_source: str) -> Title | None:
    """The one show of that name, whatever its year; None when there is none, or several."""
    chosen = select(titles).where(titles.c.kind == "show", titles.c.source.startswith(yearless_source, autoescape=True))
    rows = (await connection.execute(chosen)).mappings().all()
    return _title(rows[0]) if len(rows) == 1 else None


async def _removed_if_empty(connection: AsyncConnection, show_id: str) -> list[Title]:
    if await connection.scalar(select(exists().where(titles.c.show_id == show_id))):
        return []
    show = await _find(connection, id=show_id)
    await connection.execute(delete(titles).where(titles.c.id == show_id))
    return [show] if show is not None else []
