"""Upkeep: what was left goes, and what anybody still needs stays."""

from __future__ import annotations

import asyncio
import dataclasses
import fcntl
import os
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from obstore.store import LocalStore
from tests.app.wiring.test_publication import draft

from matinee.app.store_mark import MARK
from matinee.app.wiring import Platform
from matinee.app.wiring.background import COMING_S, JOBS_KEPT_S, look_after, tidy, upkeep
from matinee.app.wiring.platform import fonts_folder
from matinee.app.wiring.publication import Publication
from matinee.base import objects as store
from matinee.base.objects import folder_of
from matinee.base.units import Seconds
from matinee.catalog.lettering import Fonts
from matinee.catalog.title import Metadata, Source
from matinee.encoding.asset import Pictures
from matinee.encoding.plan import KIND as ENCODE
from matinee.encoding.plan import Order
from matinee.encoding.qc.quality import Held
from matinee.encoding.service import STORAGE_REPORT
from matinee.encoding.source import FilmRefused
from matinee.work.job import JobState

DEADLINE_S = 60.0
LONG_AGO = time.time() - 2 * COMING_S


def put(platform: Platform, key: str, content: bytes = b"x") -> Path:
    """An object that was written long ago."""
    store.write(platform.objects, key, content)
    folder = folder_of(platform.objects)
    assert folder is not None
    os.utime(folder / key, (LONG_AGO, LONG_AGO))
    return folder / key


async def keep_house(platform: Platform) -> set[str]:
    """One round of upkeep and a night's tidying; what the store holds afterwards, but for its mark."""
    publication = Publication(platform.catalog, platform.assets, platform.objects, Fonts(fonts_folder()))
    await upkeep(platform, publication)
    await tidy(platform)
    return set(store.keys_under(platform.objects, "")) - {MARK}


async def test_what_no_job_is_about_goes(platform: Platform) -> None:
    for key in (
        "work/dead/x",
        "renditions/orphan/media.mp4",
        "images/old.webp",
        "images/old-320.webp",
        "subtitles/old.vtt",
    ):
        put(platform, key)
    assert await keep_house(platform) == set()


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.FAILED])
async def test_what_a_job_made_stays_until_it_is_put_away(platform: Platform, state: JobState) -> None:
    payload = {"source": "s1", "sidecars": [{"text": "subtitles/en.vtt"}]}
    job = await platform.jobs.enqueue(ENCODE, "title_1", payload)
    if state is JobState.FAILED:
        claimed = await platform.jobs.claim([ENCODE], "me", 30)
        assert claimed is not None
        await platform.jobs.fail(claimed, "the disk was full")
    pictures = Pictures(still="still.webp", storyboard=None)
    put(platform, "work/s1/pictures", msgspec.json.encode(pictures))
    for key in ("work/s1/r1/00000.mp4", "renditions/r1/media.mp4", "images/still.webp", "subtitles/en.vtt"):
        put(platform, key)
    before = set(store.keys_under(platform.objects, ""))
    assert await keep_house(platform) == before
    await platform.jobs.put_away(job.id)
    assert await keep_house(platform) == set()


async def test_what_is_held_can_be_decided_on_however_long_nobody_has_looked(platform: Platform) -> None:
    order = Order(title_id="title_1", master="masters/s1", source="s1", size_bytes=1)
    jobs = dataclasses.replace(platform.jobs, clock=lambda: Seconds(platform.clock() - 2 * JOBS_KEPT_S))
    for subject, error in (("title_1", Held("too dark", "title_1")), ("title_2", FilmRefused("it is no film"))):
        await jobs.enqueue(ENCODE, subject, msgspec.to_builtins(order))
        claimed = await jobs.claim([ENCODE], "me", 30)
        assert claimed is not None
        await jobs.fail(claimed, error.message, code=error.code)
    for key in ("work/s1/r1/00000.mp4", "renditions/r1/media.mp4"):
        put(platform, key)
    before = set(store.keys_under(platform.objects, ""))
    assert await keep_house(platform) == before
    assert [job.subject for job in await platform.jobs.list(kind=ENCODE)] == ["title_1"]


async def test_a_film_on_its_way_in_stays_while_its_writer_lives(platform: Platform) -> None:
    arrived = put(platform, "masters/incoming_01")
    incoming = arrived.rename(arrived.with_name("incoming_01#1"))
    with incoming.open("ab") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        await keep_house(platform)
        assert incoming.exists()
    await keep_house(platform)
    assert not incoming.exists()


class LongList(LocalStore):
    """A store so large that listing it lasts until `is_listed` is set."""

    asked = threading.Event()
    is_listed = threading.Event()

    def list(self, *args: Any, **options: Any) -> Any:
        self.asked.set()
        self.is_listed.wait(DEADLINE_S)
        return super().list(*args, **options)


async def test_events_are_delivered_while_the_store_is_swept_and_measured(platform: Platform, tmp_path: Path) -> None:
    folder = folder_of(platform.objects)
    assert folder is not None
    large = LongList(folder)
    slow = dataclasses.replace(platform, assets=dataclasses.replace(platform.assets, objects=large))
    source = Source(sha256="s1", name="film.mp4", size_bytes=1)
    title = await platform.catalog.add_film(Metadata(title="Film"), source)
    stop = asyncio.Event()
    looking = asyncio.create_task(look_after(slow, stop))
    assert await asyncio.to_thread(large.asked.wait, DEADLINE_S)
    await platform.assets.publish(draft(title.id, 360), "s1")
    async with asyncio.timeout(DEADLINE_S / 2):
        while (await platform.catalog.get(title.id)).state != "ready":  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert not looking.done() and not large.is_listed.is_set()
    large.is_listed.set()
    async with asyncio.timeout(DEADLINE_S):
        while not store.exists(platform.objects, STORAGE_REPORT):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    stop.set()
    await asyncio.wait_for(looking, DEADLINE_S)


async def test_pictures_of_the_last_hour_stay(platform: Platform) -> None:
    store.write(platform.objects, "images/fresh.webp", b"x")
    assert await keep_house(platform) == {"images/fresh.webp"}
