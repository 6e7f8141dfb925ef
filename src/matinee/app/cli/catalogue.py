"""What commands ask the catalogue: its titles, one title with its job, a removal."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from matinee.app.cli.session import opened, watch_url
from matinee.app.ingest import ENCODE
from matinee.app.settings import Settings
from matinee.catalog.title import Sidecar, Title, sort_name
from matinee.work.job import Job


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """A title, the subtitle files beside it, its episodes, the job that made it, and where it is watched."""

    title: Title
    sidecars: tuple[Sidecar, ...]
    episodes: tuple[Title, ...]
    job: Job | None
    url: str | None


def titles_in(settings: Settings) -> Sequence[Title]:
    """Every title: films and shows by name, a show's episodes after it."""
    return asyncio.run(_titles_in(settings))


def details_of(settings: Settings, title_id: str) -> Details:
    """All about one title. Raises UnknownTitle."""
    return asyncio.run(_details_of(settings, title_id))


def remove_title(settings: Settings, title_id: str) -> Sequence[Title]:
    """Remove a title; answers what went. Raises UnknownTitle."""
    return asyncio.run(_remove_title(settings, title_id))


async def _titles_in(settings: Settings) -> Sequence[Title]:
    async with opened(settings) as platform:
        snapshot = await platform.catalog.snapshot()
    tops = sorted((t for t in snapshot.titles.values() if t.show_id is None), key=lambda t: (sort_name(t.title), t.id))
    return [each for top in tops for each in (top, *snapshot.episodes(top.id))]


async def _details_of(settings: Settings, title_id: str) -> Details:
    async with opened(settings) as platform:
        title = await platform.catalog.get(title_id)
        return Details(
            title=title,
            sidecars=tuple(await platform.catalog.sidecars(title_id)),
            episodes=tuple(await platform.catalog.episodes(title_id)),
            job=await platform.jobs.find(ENCODE, title_id),
            url=watch_url(settings, title_id),
        )


async def _remove_title(settings: Settings, title_id: str) -> Sequence[Title]:
    async with opened(settings) as platform:
        return await platform.removal.remove(title_id)
