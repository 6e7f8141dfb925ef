"""Taking a title out for good: from the catalogue first, then everything that was stored of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from matinee.base import objects as store
from matinee.base.objects import Objects
from matinee.catalog.service import Catalog
from matinee.catalog.title import Title

Dispose: TypeAlias = Callable[[Title], Awaitable[None]]
"""Ends the jobs of a title and removes its master and its renditions; again is no error."""


@dataclass(frozen=True)
class Removal:
    """Removes titles. What other packages keep of them is disposed of by values that wiring passes in."""

    catalog: Catalog
    objects: Objects
    dispose: Dispose

    async def remove(self, title_id: str) -> Sequence[Title]:
        """Remove a title (a show with its episodes); answers what went. Raises UnknownTitle."""
        sidecars = await self.catalog.sidecars_below(title_id)
        ours = {key for sidecar in sidecars for key in (sidecar.key, sidecar.original_key)}
        gone = await self.catalog.delete(title_id)
        ours |= {f"images/{picture.name}" for title in gone for picture in (title.poster, title.still) if picture}
        for title in gone:
            await self.dispose(title)
        unused = ours - await self.catalog.keys_in_use()
        await asyncio.to_thread(_delete, self.objects, unused)
        return gone


def _delete(objects: Objects, keys: Collection[str]) -> None:
    """Delete `keys`; with a picture its smaller variants, which are called `<stem>-<width>.webp`."""
    stems = tuple(f"{key.removesuffix('.webp')}-" for key in keys if key.startswith("images/"))
    variants = [key for key in store.keys_under(objects, "images") if key.startswith(stems)] if stems else []
    for key in (*keys, *variants):
        store.delete(objects, key)
