"""The mark by which a library knows its object store: what it does not know there is swept, so it must be its own.

A folder that is not mounted yet, or the store of another library, looks like one whose films are all gone. So the
database keeps a name that the store has too, and nothing is removed where they differ.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from math import inf

from matinee.app.master import masters_before
from matinee.base import objects as store
from matinee.base.errors import Unavailable
from matinee.base.objects import Objects
from matinee.catalog.service import Catalog

MARK = "library"
"""The object that holds the store's name."""


class AnotherStore(Unavailable):
    """The object store is not the one that the library's films are in."""

    code = "another_store"


@dataclass(frozen=True)
class StoreMark:
    """Holds the store against the database; where there is no mark yet, both get one."""

    catalog: Catalog
    objects: Objects

    async def check(self) -> None:
        """Raises AnotherStore."""
        known, found = await self.catalog.store_mark(), await asyncio.to_thread(self._found)
        if known is None and await self._may_be_ours():
            known = found = await self._claimed(found)
        elif known is None:  # it is refused, with the mark by which it could be taken over
            known = await self.catalog.keep_store_mark(uuid.uuid4().hex)
        if found is None:
            raise AnotherStore(
                "the object store is not that of this library: it has no mark. See that it is mounted, and that "
                f"STORAGE_URL is right; if it is the one, store the text {known} in it under the key {MARK!r}"
            )
        if known != found:
            raise AnotherStore(
                "the object store is that of another library; correct STORAGE_URL or DATABASE_URL. To have this "
                f"library take it over, store the text {known} in it under the key {MARK!r}: films that it does "
                "not know are removed then"
            )

    async def _claimed(self, found: str | None) -> str:
        """Mark both; the store first, so that a mark which nobody knows after a crash is adopted the next time."""
        mark = found or uuid.uuid4().hex
        await asyncio.to_thread(store.write, self.objects, MARK, mark.encode())
        known = await self.catalog.keep_store_mark(mark)
        if known != mark:  # another process was faster
            await asyncio.to_thread(store.write, self.objects, MARK, known.encode())
        return known

    async def _may_be_ours(self) -> bool:
        """Whether what is in a store fits what the library knows, where neither has been marked yet."""
        titles = [*(await self.catalog.snapshot()).titles.values(), *await self.catalog.unfinished()]
        masters = await asyncio.to_thread(masters_before, self.objects, inf)
        if masters:
            return not {title.source for title in titles}.isdisjoint(masters)
        return all(title.state != "ready" for title in titles)

    def _found(self) -> str | None:
        try:
            return store.read(self.objects, MARK).decode(errors="replace").strip()
        except FileNotFoundError:
            return None
