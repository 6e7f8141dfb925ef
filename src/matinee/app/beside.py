"""What lies beside a film is kept with its title: subtitles as clean WebVTT, posters and stills redrawn."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from matinee.app.given import Given, read_limited
from matinee.base import objects as store
from matinee.base.errors import MatineeError
from matinee.base.objects import Objects
from matinee.base.subtitles import SUBTITLES_MAX_BYTES, clean_webvtt
from matinee.catalog.naming import SubtitleName
from matinee.catalog.service import Catalog
from matinee.catalog.title import Picture, Sidecar, Title

_Step: TypeAlias = tuple[Path, Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class Keeper:
    """Keeps the files beside a film. One that cannot be used never costs the film: it is a warning."""

    catalog: Catalog
    objects: Objects

    async def keep(self, given: Given, title: Title, show: Title | None) -> list[str]:
        """Keep what belongs to `title` and its show; answers what could not be used, and why."""
        warnings = []
        for path, step in self._steps(given, title, show):
            try:
                await step
            except (MatineeError, OSError) as error:
                warnings.append(f"{path.name}: {error}")
        return warnings

    def _steps(self, given: Given, title: Title, show: Title | None) -> Iterator[_Step]:
        for path, name in given.subtitles:
            yield path, self._keep_subtitles(title, path, name)
        if given.poster is not None and title.poster is None:
            yield given.poster, self._keep_poster(title, given.poster)
        if given.fanart is not None and title.still is None:
            yield given.fanart, self._keep_still(title, given.fanart, given.focus)
        if show is not None and given.show_poster is not None and show.poster is None:
            yield given.show_poster, self._keep_poster(show, given.show_poster)
        if show is not None and given.show_fanart is not None and show.still is None:
            yield given.show_fanart, self._keep_still(show, given.show_fanart, given.focus)

    async def _keep_subtitles(self, title: Title, path: Path, name: SubtitleName) -> None:
        original = await asyncio.to_thread(read_limited, path, SUBTITLES_MAX_BYTES)
        clean = (await asyncio.to_thread(clean_webvtt, original, language=name.language)).encode()
        sidecar = Sidecar(
            key=await self._kept(clean, "subtitles/{}.vtt"),
            original_key=await self._kept(original, "subtitles/{}.original"),
            language=name.language,
            label=name.label,
            is_sdh=name.is_sdh,
            is_forced=name.is_forced,
        )
        await self.catalog.add_sidecar(title.id, sidecar)

    async def _keep_poster(self, title: Title, path: Path) -> None:
        await self.catalog.set_pictures(title.id, poster=await self._drawn(path, is_poster=True))

    async def _keep_still(self, title: Title, path: Path, focus: tuple[float, float]) -> None:
        drawn = await self._drawn(path, is_poster=False)
        await self.catalog.set_pictures(title.id, still=msgspec.structs.replace(drawn, focus=focus))

    async def _drawn(self, path: Path, *, is_poster: bool) -> Picture:
        from matinee.catalog import artwork  # noqa: PLC0415 - Pillow and NumPy come with the first picture

        draw = artwork.given_poster if is_poster else artwork.still
        content = await asyncio.to_thread(read_limited, path, artwork.BYTES_MAX)
        drawn = await asyncio.to_thread(draw, content)
        key = await self._kept(drawn.webp, "images/{:.32}.webp")
        return Picture(
            name=key.removeprefix("images/"), width=drawn.width, height=drawn.height, thumbhash=drawn.thumbhash
        )

    async def _kept(self, content: bytes, key: str) -> str:
        """Store `content` under `key` with its SHA-256 in it; answers the whole key."""
        named = key.format(hashlib.sha256(content).hexdigest())
        await asyncio.to_thread(store.write, self.objects, named, content)
        return named
