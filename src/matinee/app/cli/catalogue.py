"""What commands ask the catalogue: its titles and how well each can be played, one title with its job, a removal."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from matinee.app.cli.session import opened, watch_url
from matinee.app.ingest import ENCODE
from matinee.app.settings import Settings
from matinee.app.wiring import Platform
from matinee.catalog.title import Sidecar, Title, is_playable, sort_name
from matinee.encoding.service import NoAsset
from matinee.work.job import Job


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """The best rung that can be played now: its name, which is its 16:9 box's, and the size of its picture."""

    name: str
    width: int
    height: int


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """Titles, and the quality of each that can be played, by its id."""

    titles: tuple[Title, ...]
    qualities: Mapping[str, Quality]


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """A title, the subtitle files beside it, its episodes, the job that made it, and where it is watched."""

    title: Title
    sidecars: tuple[Sidecar, ...]
    episodes: tuple[Title, ...]
    qualities: Mapping[str, Quality]
    job: Job | None
    url: str | None


def titles_in(settings: Settings) -> Listing:
    """Every title: films and shows by name, a show's episodes after it."""
    return asyncio.run(_titles_in(settings))


def details_of(settings: Settings, title_id: str) -> Details:
    """All about one title. Raises UnknownTitle."""
    return asyncio.run(_details_of(settings, title_id))


def remove_title(settings: Settings, title_id: str) -> Sequence[Title]:
    """Remove a title; answers what went. Raises UnknownTitle."""
    return asyncio.run(_remove_title(settings, title_id))


async def _titles_in(settings: Settings) -> Listing:
    async with opened(settings) as platform:
        snapshot = await platform.catalog.snapshot()
        alone = (title for title in snapshot.titles.values() if title.show_id is None)
        tops = sorted(alone, key=lambda title: (sort_name(title.title), title.id))
        titles = tuple(each for top in tops for each in (top, *snapshot.episodes(top.id)))
        return Listing(titles=titles, qualities=await _qualities(platform, titles))


async def _details_of(settings: Settings, title_id: str) -> Details:
    async with opened(settings) as platform:
        title = await platform.catalog.get(title_id)
        episodes = tuple(await platform.catalog.episodes(title_id))
        return Details(
            title=title,
            sidecars=tuple(await platform.catalog.sidecars(title_id)),
            episodes=episodes,
            qualities=await _qualities(platform, (title, *episodes)),
            job=await platform.jobs.find(ENCODE, title_id),
            url=watch_url(settings, title_id),
        )


async def _qualities(platform: Platform, titles: Iterable[Title]) -> dict[str, Quality]:
    """The quality of each of `titles` that can be played."""
    found: dict[str, Quality] = {}
    for title in filter(is_playable, titles):
        with contextlib.suppress(NoAsset):  # it is being removed
            top = (await platform.assets.latest(title.id)).video[-1]
            found[title.id] = Quality(name=top.name, width=top.width, height=top.height)
    return found


async def _remove_title(settings: Settings, title_id: str) -> Sequence[Title]:
    async with opened(settings) as platform:
        return await platform.removal.remove(title_id)
