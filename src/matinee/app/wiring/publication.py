"""What a published or refused asset means for the catalogue: pictures for a title that has none, and its state."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from dataclasses import dataclass
from typing import assert_never

from matinee.base import objects as store
from matinee.base.objects import Objects
from matinee.catalog import artwork
from matinee.catalog.artwork import Drawn
from matinee.catalog.lettering import Fonts, MissingFont
from matinee.catalog.removal import Removal
from matinee.catalog.service import Catalog, UnknownTitle
from matinee.catalog.title import Picture, Published, Title
from matinee.encoding.asset import Asset
from matinee.encoding.service import Assets, NoAsset
from matinee.insight.events import AssetHeld, AssetPublished, AssetRefused, Change

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Publication:
    """Subscribes the catalogue to encoding's events; meeting one again changes nothing."""

    catalog: Catalog
    assets: Assets
    objects: Objects
    fonts: Fonts

    async def on_change(self, event: Change) -> None:
        """Take note of `event`."""
        match event:
            case AssetPublished():
                await self._published(event)
            case AssetRefused():
                await self._refused(event)
            case AssetHeld():
                return  # what can be watched of it stays so; its job says why there is no more
            case _:
                assert_never(event)

    async def _published(self, event: AssetPublished) -> None:
        try:
            title = await self.catalog.get(event.title_id)
            asset = await self.assets.latest(event.title_id)  # events may arrive twice, an old one after a newer one
        except UnknownTitle:  # it was removed at this very moment: what was published of it goes too
            await self.assets.remove(event.title_id, "")
            return
        except NoAsset:
            return
        await self._show(title, asset)

    async def catch_up(self) -> None:
        """Show the titles that can be played and are not shown, whatever became of the event that told so."""
        for title in await self.catalog.unfinished():
            try:
                await self._show(title, await self.assets.latest(title.id))
            except NoAsset:
                continue

    async def _show(self, title: Title, asset: Asset) -> None:
        try:  # its pictures first: who waits for the title to be ready may be all that keeps this process up
            if asset.still and (title.still is None or title.poster is None):
                await self._draw(title, asset)
        finally:
            shown: Asset | None = None
            while asset != shown:  # another control may tell of a newer one between our look and our write
                await self.catalog.mark_published(title.id, _facts(asset))
                asset, shown = await self.assets.latest(title.id), asset

    async def _refused(self, event: AssetRefused) -> None:
        async def nothing(title: Title) -> None:
            """Its job has ended by itself, and keeps the reason; encoding has removed what it kept."""

        try:
            await Removal(self.catalog, self.objects, nothing).remove(event.title_id)
        except UnknownTitle:
            return

    async def _draw(self, title: Title, asset: Asset) -> None:
        try:
            frame = await asyncio.to_thread(store.read, self.objects, f"images/{asset.still}")
        except FileNotFoundError:
            _log.warning("%s has no pictures: its still %s is gone", title.id, asset.still)
            return
        still = title.still or await self._keep(await asyncio.to_thread(artwork.still, frame))
        poster = title.poster
        if poster is None and title.kind == "film":  # an episode is shown by its still
            poster = await self._lettered(frame, title)
        await self.catalog.set_pictures(title.id, poster=poster, still=still)

    async def _lettered(self, frame: bytes, title: Title) -> Picture | None:
        """A poster with the title on it; None, and a line in the log, while the web build's typefaces are missing."""
        try:
            return await self._keep(await asyncio.to_thread(artwork.poster, frame, title.title, self.fonts))
        except MissingFont as error:
            _log.warning("%s has no poster: %s", title.id, error)
            return None

    async def _keep(self, drawn: Drawn) -> Picture:
        name = f"{hashlib.sha256(drawn.webp).hexdigest()[:32]}.webp"
        await asyncio.to_thread(store.write, self.objects, f"images/{name}", drawn.webp)
        return Picture(name=name, width=drawn.width, height=drawn.height, thumbhash=drawn.thumbhash)


def _facts(asset: Asset) -> Published:
    return Published(
        duration_s=asset.duration_s,
        height=max(rung.box_height for rung in asset.video),
        audio=tuple(dict.fromkeys(track.language for track in asset.audio)),
        subtitles=tuple(dict.fromkeys(track.language for track in asset.subtitles)),
    )
