"""Asset versions: published as their renditions change, found by title, removed with everything that was theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

import msgspec
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from matinee.base import objects as store
from matinee.base.clock import Clock
from matinee.base.database import reading, writing
from matinee.base.errors import NotFound
from matinee.base.ids import new_id
from matinee.base.objects import Objects
from matinee.encoding.asset import Asset, Pictures, Version, collectable, image_names, rendition_keys
from matinee.encoding.plan import Order, analysis_folder, pictures_names, work_folder
from matinee.encoding.recipe import content_key
from matinee.encoding.storage import Storage, storage_of
from matinee.encoding.tables import assets
from matinee.encoding.tables import marks as marks_table
from matinee.encoding.tracks.marks import Marks
from matinee.insight import outbox
from matinee.insight.events import AssetHeld, AssetPublished, AssetRefused

STORAGE_REPORT = "reports/storage"
"""The object that keeps what the store held when it was last looked at: looking takes minutes in a large one."""


class NotMeasured(NotFound):
    """Nobody has looked yet at what the store holds."""

    code = "not_measured"

    def __init__(self) -> None:
        super().__init__("the store is not measured yet; the control role does it as it starts, and now and then")


class NoAsset(NotFound):
    """Nothing of this title can be played (yet)."""

    code = "no_asset"


class _Key(msgspec.Struct, frozen=True):
    key: str


class _Named(msgspec.Struct, frozen=True):
    """The renditions of a plan, whatever version of Matinee wrote it."""

    video: tuple[_Key, ...]
    audio: tuple[_Key, ...]
    subtitles: tuple[_Key, ...]


@dataclass(frozen=True)
class Assets:
    """The published asset versions, in the main database and the object store."""

    engine: AsyncEngine
    objects: Objects
    clock: Clock

    async def latest(self, title_id: str) -> Asset:
        """The newest version of a title. Raises NoAsset."""
        query = select(assets.c.document).where(assets.c.title_id == title_id).order_by(assets.c.number.desc()).limit(1)
        return await self._one(
            query, f"nothing of {title_id} can be played yet; it appears when its first rung is done"
        )

    async def get(self, asset_id: str) -> Asset:
        """One version. Raises NoAsset."""
        query = select(assets.c.document).where(assets.c.id == asset_id)
        return await self._one(query, f"there is no asset {asset_id}")

    async def of_source(self, title_id: str, source: str) -> Sequence[Asset]:
        """The versions of a title that were made of this master, the oldest first."""
        mine = (assets.c.title_id == title_id, assets.c.source == source)
        async with reading(self.engine) as connection:
            rows = await connection.execute(select(assets.c.document).where(*mine).order_by(assets.c.number))
            return [msgspec.convert(row.document, Asset) for row in rows]

    async def has_any(self, title_id: str) -> bool:
        """Whether any version of the title was published."""
        async with reading(self.engine) as connection:
            return (
                await connection.execute(select(assets.c.id).where(assets.c.title_id == title_id).limit(1))
            ).first() is not None

    async def marks(self, title_id: str) -> Marks:
        """Where the opening and the credits of a title are; empty where nobody found or said any."""
        return (await self.marks_of([title_id]))[title_id]

    async def marks_of(self, title_ids: Sequence[str]) -> dict[str, Marks]:
        """The marks of some titles, in their order."""
        query = select(marks_table.c.title_id, marks_table.c.document).where(marks_table.c.title_id.in_(title_ids))
        async with reading(self.engine) as connection:
            found = {row.title_id: msgspec.convert(row.document, Marks) for row in await connection.execute(query)}
        return {title_id: found.get(title_id, Marks()) for title_id in title_ids}

    async def marked(self) -> set[str]:
        """The titles that were looked at for marks, or have some that a person gave."""
        async with reading(self.engine) as connection:
            return set((await connection.execute(select(marks_table.c.title_id))).scalars())

    async def keep_marks(self, found: Mapping[str, Marks]) -> None:
        """Keep the marks of titles; what a person said is only changed by a person."""
        edited = select(marks_table.c.title_id).where(marks_table.c.is_edited)
        async with writing(self.engine) as connection:
            known = set((await connection.execute(edited)).scalars())
            for title_id, marks in found.items():
                if marks.is_edited or title_id not in known:
                    await self._put_marks(connection, title_id, marks)

    async def forget_marks(self, title_id: str) -> None:
        """Take the marks of a title away, also those that a person gave: nobody has looked for any."""
        async with writing(self.engine) as connection:
            await connection.execute(delete(marks_table).where(marks_table.c.title_id == title_id))

    async def _put_marks(self, connection: AsyncConnection, title_id: str, marks: Marks) -> None:
        await connection.execute(delete(marks_table).where(marks_table.c.title_id == title_id))
        row = {"document": msgspec.to_builtins(marks), "is_edited": marks.is_edited, "updated": self.clock()}
        await connection.execute(insert(marks_table).values(title_id=title_id, **row))

    async def publish(self, draft: Asset, source: str) -> Asset:
        """Publish `draft` (its id, number are ours to give) unless the newest version is this very set of renditions.

        The set of an older version is published again: what was published last is what people get.
        """
        key = content_key(tuple(rendition_keys(draft)))
        newest = select(assets).where(assets.c.title_id == draft.title_id).order_by(assets.c.number.desc()).limit(1)
        async with writing(self.engine) as connection:
            last = (await connection.execute(newest)).first()
            if last is not None and last.content_key == key and last.is_complete >= draft.is_complete:
                return msgspec.convert(last.document, Asset)
            number = last.number + 1 if last is not None else 1
            asset = msgspec.structs.replace(draft, id=new_id("asset"), number=number)
            await self._insert(connection, asset, key, source)
        return asset

    async def _insert(self, connection: AsyncConnection, asset: Asset, key: str, source: str) -> None:
        now = self.clock()
        await connection.execute(
            insert(assets).values(
                id=asset.id,
                title_id=asset.title_id,
                number=asset.number,
                content_key=key,
                source=source,
                is_complete=asset.is_complete,
                document=msgspec.to_builtins(asset),
                created=now,
            )
        )
        published = AssetPublished(
            event_id=new_id("event"),
            at=now,
            title_id=asset.title_id,
            asset_id=asset.id,
            number=asset.number,
            duration_s=asset.duration_s,
            height=max(rung.box_height for rung in asset.video),
            still=asset.still,
            is_complete=asset.is_complete,
        )
        await outbox.put(connection, published)

    async def refuse(
        self, order: Order, made: Iterable[str], images: Collection[str], reason: str, stored_before: float = inf
    ) -> None:
        """Keep nothing of a master that nothing can be made of; `made` are its renditions, `images` its pictures.

        What was published of the title before stays.
        """
        await self._discard(made, order.source, stored_before)
        await self._discard_images(images)
        if not await self.has_any(order.title_id):
            refused = AssetRefused(event_id=new_id("event"), at=self.clock(), title_id=order.title_id, reason=reason)
            async with writing(self.engine) as connection:
                await outbox.put(connection, refused)

    async def hold(self, title_id: str, reason: str) -> None:
        """Tell that something of a title waits for a person."""
        held = AssetHeld(event_id=new_id("event"), at=self.clock(), title_id=title_id, reason=reason)
        async with writing(self.engine) as connection:
            await outbox.put(connection, held)

    async def remove(self, title_id: str, source: str) -> None:
        """Remove every version of a title, its renditions, intermediates and masters, but for what others share.

        `source` is the master of a title that may have no version yet; empty where only versions are to go.
        """
        async with writing(self.engine) as connection:
            mine = assets.c.title_id == title_id
            rows = (await connection.execute(select(assets.c.document, assets.c.source).where(mine))).all()
            await connection.execute(delete(assets).where(mine))
            await connection.execute(delete(marks_table).where(marks_table.c.title_id == title_id))
        versions = [msgspec.convert(row.document, Asset) for row in rows]
        keys = {key for version in versions for key in rendition_keys(version)}
        images = {image for version in versions for image in image_names(version)}
        for one in {source, *(row.source for row in rows)} - {""}:
            images |= await asyncio.to_thread(self._unpublished_images, one)
            await self._discard(keys, one)
        await self._discard_images(images)

    async def sweep(self, in_use: Callable[[], Awaitable[Collection[str]]]) -> int:
        """Remove intermediates of masters that no job is about, and renditions that no version and no job's plan names.

        `in_use` answers the masters of jobs; it is asked after the store was listed, so that what a job makes
        meanwhile is not on the list. Answers how many masters' intermediates went.
        """
        folders = {key.split("/")[1] for key in await asyncio.to_thread(store.keys_under, self.objects, "work")}
        made = {key.split("/")[1] for key in await asyncio.to_thread(store.keys_under, self.objects, "renditions")}
        kept = set(await in_use())
        stale = folders - kept
        images = {image for one in stale for image in await asyncio.to_thread(self._unpublished_images, one)}
        for source in stale:
            await asyncio.to_thread(store.delete_under, self.objects, work_folder(source))
        await self._discard_images(images)
        planned = {key for one in kept for key in await asyncio.to_thread(self._planned, one)}
        for key in made - planned - await self.rendition_keys_in_use():
            await asyncio.to_thread(store.delete_under, self.objects, f"renditions/{key}")
        return len(stale)

    def _planned(self, source: str) -> list[str]:
        """The renditions that a master's plans name, one of which is written before anything is made for it, and those
        that have something in its folder."""
        names = list(store.keys_under(self.objects, work_folder(source)))
        plans = [store.read(self.objects, name) for name in names if "/plan-" in name]
        found = [msgspec.msgpack.decode(plan, type=_Named) for plan in plans]
        named = [one.key for plan in found for one in (*plan.video, *plan.audio, *plan.subtitles)]
        return [*named, *(name.split("/")[2] for name in names)]

    async def collect(
        self,
        playing: Callable[[], Awaitable[Collection[str]]],
        in_use: Callable[[], Awaitable[Collection[str]]],
        links_s: float,
    ) -> int:
        """Forget superseded versions that nobody can play any more (`collectable`), with what they alone name.

        `playing` answers the versions that live sessions name, `in_use` the masters of jobs: what a job is about is
        left alone, since it may be making the very renditions again. Answers how many versions went.
        """
        titles: dict[str, list[Version]] = {}
        for version in await self._versions():
            titles.setdefault(version.asset.title_id, []).append(version)
        played, busy, now = set(await playing()), set(await in_use()), float(self.clock())
        gone = [
            old
            for versions in titles.values()
            for old in collectable(versions, played, now, links_s)
            if not busy & {version.source for version in versions}
        ]
        async with writing(self.engine) as connection:
            for old in gone:
                await connection.execute(delete(assets).where(assets.c.id == old.asset.id))
        await self._discard_renditions(gone, is_idle=not busy)
        return len(gone)

    async def _discard_renditions(self, gone: Sequence[Version], *, is_idle: bool) -> None:
        """Remove what only these versions named. Subtitles are named by their text, which any job may be making."""
        used = await self.rendition_keys_in_use()
        for old in gone:
            subtitles = {track.key for track in old.asset.subtitles} if not is_idle else set()
            for key in set(rendition_keys(old.asset)) - used - subtitles:
                await asyncio.to_thread(store.delete_under, self.objects, f"renditions/{key}")

    async def measure_storage(self) -> Storage:
        """Look at every object, and keep what was found for whoever asks (`storage`)."""
        sizes = await asyncio.to_thread(store.keys_under, self.objects, "")
        found = storage_of(sizes, [version.asset for version in await self._versions()], self.clock())
        await asyncio.to_thread(store.write, self.objects, STORAGE_REPORT, msgspec.json.encode(found))
        return found

    async def storage(self) -> Storage:
        """What the store held when it was last measured. Raises NotMeasured."""
        try:
            kept = await asyncio.to_thread(store.read, self.objects, STORAGE_REPORT)
            return msgspec.json.decode(kept, type=Storage)
        except (FileNotFoundError, msgspec.ValidationError):  # a release before may have kept other facts
            raise NotMeasured from None

    async def _versions(self) -> list[Version]:
        query = select(assets.c.document, assets.c.source, assets.c.created)
        async with reading(self.engine) as connection:
            return [
                Version(asset=msgspec.convert(row.document, Asset), source=row.source, created=row.created)
                for row in await connection.execute(query)
            ]

    async def images_on_their_way(self) -> set[str]:
        """The names of the pictures of titles that have no version yet."""
        folders = {key.split("/")[1] for key in await asyncio.to_thread(store.keys_under, self.objects, "work")}
        return {image for one in folders for image in await asyncio.to_thread(self._unpublished_images, one)}

    def _unpublished_images(self, source: str) -> set[str]:
        made = [name for name in pictures_names(source) if store.exists(self.objects, name)]
        pictures = [msgspec.json.decode(store.read(self.objects, name), type=Pictures) for name in made]
        return {image for one in pictures for image in image_names(one)}

    async def _discard(self, keys: Iterable[str], source: str, stored_before: float = inf) -> None:
        """Remove renditions, intermediates and the master; one that was stored later was added anew meanwhile."""
        used = await self.rendition_keys_in_use()
        for folder in (*(f"renditions/{key}" for key in set(keys) - used), work_folder(source)):
            await asyncio.to_thread(store.delete_under, self.objects, folder)
        stored = await asyncio.to_thread(store.written, self.objects, f"masters/{source}")
        if stored is not None and stored < stored_before and not await self._is_source_in_use(source):
            await asyncio.to_thread(store.delete, self.objects, f"masters/{source}")
            await asyncio.to_thread(store.delete_under, self.objects, analysis_folder(source))

    async def rendition_keys_in_use(self) -> set[str]:
        """The renditions that published versions name."""
        async with reading(self.engine) as connection:
            rows = await connection.execute(select(assets.c.document))
            return {key for row in rows for key in rendition_keys(msgspec.convert(row.document, Asset))}

    async def images_in_use(self) -> set[str]:
        """The names of the pictures that versions brought."""
        async with reading(self.engine) as connection:
            rows = await connection.execute(select(assets.c.document))
            return {name for row in rows for name in image_names(msgspec.convert(row.document, Asset))}

    async def _discard_images(self, names: Collection[str]) -> None:
        for name in set(names) - await self.images_in_use():
            await asyncio.to_thread(store.delete, self.objects, f"images/{name}")

    async def _is_source_in_use(self, source: str) -> bool:
        query = select(assets.c.id).where(assets.c.source == source).limit(1)
        async with reading(self.engine) as connection:
            return (await connection.execute(query)).first() is not None

    async def _one(self, query: object, missing: str) -> Asset:
        async with reading(self.engine) as connection:
            row = (await connection.execute(query)).first()  # type: ignore[call-overload]
        if row is None:
            raise NoAsset(missing)
        return msgspec.convert(row.document, Asset)
