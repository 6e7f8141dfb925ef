"""Asset versions: published once, numbered, removed with what is theirs alone."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest
from obstore.store import LocalStore
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.playback.asset_sample import BARE, rung

import matinee.encoding.tables
import matinee.insight.tables  # noqa: F401 - the tables are made from what is imported
from matinee.base import objects as store
from matinee.base.clock import system_clock
from matinee.base.objects import open_objects
from matinee.base.units import Seconds
from matinee.encoding.asset import Asset, Pictures, Version, collectable
from matinee.encoding.plan import Order
from matinee.encoding.service import Assets, NoAsset

replace = msgspec.structs.replace


@pytest.fixture
async def assets(main_engine: AsyncEngine, tmp_path: Path) -> AsyncIterator[Assets]:
    yield Assets(main_engine, open_objects((tmp_path / "objects").as_uri()), system_clock)


def draft(title: str, *keys: str, is_complete: bool = False) -> Asset:
    video = tuple(rung(key, "360p", 360 + 2 * n, 1_000 + n) for n, key in enumerate(keys))
    return replace(BARE, id="", number=0, title_id=title, video=video, still=f"{title}.webp", is_complete=is_complete)


def put(assets: Assets, *keys: str) -> None:
    for key in keys:
        store.write(assets.objects, key, b"x")


def in_use(*sources: str) -> Callable[[], Awaitable[set[str]]]:
    """What answers the masters that jobs are about."""

    async def answer() -> set[str]:
        return set(sources)

    return answer


def stored(assets: Assets) -> set[str]:
    return set(store.keys_under(assets.objects, ""))


async def test_numbers_grow_and_the_latest_is_the_newest(assets: Assets) -> None:
    one = await assets.publish(draft("t1", "a"), "s")
    two = await assets.publish(draft("t1", "a", "b", is_complete=True), "s")
    other = await assets.publish(draft("t2", "c"), "s2")
    assert [(asset.number, asset.title_id) for asset in (one, two, other)] == [(1, "t1"), (2, "t1"), (1, "t2")]
    assert await assets.latest("t1") == two
    assert await assets.get(one.id) == one
    assert await assets.of_source("t1", "s") == [one, two]
    assert await assets.of_source("t2", "s2") == [other]
    assert await assets.of_source("t2", "s") == []


async def test_the_same_renditions_are_published_once(assets: Assets) -> None:
    first = await assets.publish(draft("t1", "a", "b"), "s")
    assert await assets.publish(draft("t1", "b", "a"), "s") == first
    assert (await assets.publish(draft("t2", "a", "b"), "s")).number == 1, "another title has versions of its own"


async def test_the_renditions_of_an_older_version_are_published_again_as_the_newest(assets: Assets) -> None:
    first = await assets.publish(draft("t1", "a"), "s")
    await assets.publish(draft("t1", "a", "subtitles"), "s")
    again = await assets.publish(draft("t1", "a"), "s")
    assert (again.number, again.video) == (3, first.video)
    assert await assets.latest("t1") == again
    assert await assets.publish(draft("t1", "a"), "s") == again


async def test_a_set_that_became_all_there_will_be_is_published_as_such(assets: Assets) -> None:
    await assets.publish(draft("t1", "a"), "s")
    whole = await assets.publish(draft("t1", "a", is_complete=True), "s")
    assert (whole.number, whole.is_complete) == (2, True)
    assert await assets.publish(draft("t1", "a"), "s") == whole


async def test_what_was_never_published_is_said_to_be_missing(assets: Assets) -> None:
    with pytest.raises(NoAsset, match="can be played yet"):
        await assets.latest("t1")
    with pytest.raises(NoAsset, match="asset_9"):
        await assets.get("asset_9")
    assert not await assets.has_any("t1")


async def test_removing_a_title_leaves_what_others_share(assets: Assets) -> None:
    put(assets, "masters/s1", "masters/s2", "work/s1/x", "images/t1.webp", "images/t2.webp")
    put(assets, "renditions/mine/media.mp4", "renditions/shared/media.mp4")
    await assets.publish(draft("t1", "mine", "shared"), "s1")
    kept = await assets.publish(draft("t2", "shared"), "s2")
    await assets.remove("t1", "s1")
    assert stored(assets) == {"masters/s2", "images/t2.webp", "renditions/shared/media.mp4"}
    assert await assets.latest("t2") == kept
    assert not await assets.has_any("t1")


async def test_refusing_keeps_nothing_but_what_is_published(assets: Assets) -> None:
    put(assets, "masters/s1", "masters/s2", "work/s1/x", "images/new.webp", "images/t1.webp")
    put(assets, "renditions/new/media.mp4", "renditions/old/media.mp4")
    await assets.publish(draft("t1", "old"), "s2")
    order = Order(title_id="t1", master="masters/s1", source="s1", size_bytes=1)
    await assets.refuse(order, ["new", "old"], ["new.webp", "t1.webp"], "it is bad")
    assert stored(assets) == {"masters/s2", "images/t1.webp", "renditions/old/media.mp4"}


class Watched(LocalStore):
    """A store that remembers which threads asked it."""

    askers: ClassVar[set[int]] = set()

    def list(self, *args: Any, **options: Any) -> Any:
        self.askers.add(threading.get_ident())
        return super().list(*args, **options)

    def head(self, *args: Any, **options: Any) -> Any:
        self.askers.add(threading.get_ident())
        return super().head(*args, **options)

    def get(self, *args: Any, **options: Any) -> Any:
        self.askers.add(threading.get_ident())
        return super().get(*args, **options)

    def delete(self, *args: Any, **options: Any) -> Any:
        self.askers.add(threading.get_ident())
        return super().delete(*args, **options)


async def test_whoever_waits_for_the_service_does_not_wait_for_deletions(assets: Assets, tmp_path: Path) -> None:
    keys = ("masters/s1", "masters/s2", "work/s1/x", "work/s3/pictures", "renditions/new/media.mp4", "images/a.webp")
    put(assets, *keys)
    pictures = Pictures(still="a.webp", storyboard=None)
    store.write(assets.objects, "work/s3/pictures", msgspec.json.encode(pictures))
    watched = dataclasses.replace(assets, objects=Watched(tmp_path / "objects"))
    order = Order(title_id="t1", master="masters/s1", source="s1", size_bytes=1)
    await watched.refuse(order, ["new"], ["b.webp"], "it is bad")
    assert await watched.images_on_their_way() == {"a.webp"}
    await watched.remove("t2", "s2")
    await watched.sweep(in_use())
    assert stored(assets) == set()
    assert Watched.askers and threading.get_ident() not in Watched.askers


async def test_a_sweep_leaves_live_jobs_and_published_versions_alone(assets: Assets) -> None:
    plan = {"video": [{"key": "planned"}], "audio": [{"key": "sound", "at": 1}], "subtitles": [], "order": {}}
    store.write(assets.objects, "work/live/plan-1", msgspec.msgpack.encode(plan))
    made = [f"renditions/{key}/media.mp4" for key in ("used", "orphan", "planned", "sound")]
    put(assets, "work/live/x", "work/dead/x", *made)
    await assets.publish(draft("t1", "used"), "s1")
    assert await assets.sweep(in_use("live")) == 1
    assert stored(assets) == {"work/live/x", "work/live/plan-1", *made} - {"renditions/orphan/media.mp4"}
    assert await assets.sweep(in_use()) == 1
    assert stored(assets) == {"renditions/used/media.mp4"}


async def test_what_a_job_makes_while_the_store_is_listed_is_not_swept(assets: Assets) -> None:
    put(assets, "work/dead/x")

    async def begins_now() -> set[str]:
        put(assets, "work/new/inspection", "renditions/new/media.mp4")
        return set()

    assert await assets.sweep(begins_now) == 1
    assert stored(assets) == {"work/new/inspection", "renditions/new/media.mp4"}


async def test_a_version_is_not_collected_while_a_job_may_be_making_its_renditions_again(assets: Assets) -> None:
    clock = [1_000.0]
    assets = dataclasses.replace(assets, clock=lambda: Seconds(clock[0]))
    put(assets, "renditions/old/media.mp4", "renditions/new/media.mp4")
    for key in ("old", "new"):
        await assets.publish(draft("t1", key), "s1")
    clock[0] += 10_000
    assert await assets.collect(in_use(), in_use("s1"), 60) == 0
    assert await assets.collect(in_use(), in_use("s2"), 60) == 1
    assert stored(assets) == {"renditions/new/media.mp4"}
    assert [version.number for version in await assets.of_source("t1", "s1")] == [2]


def version(number: int, created: float, *keys: str) -> Version:
    asset = replace(draft("t1", *keys), id=f"asset_{number}", number=number)
    return Version(asset=asset, source="s", created=created)


def ids(found: list[Version]) -> list[str]:
    return [one.asset.id for one in found]


def test_only_what_the_newest_does_not_have_is_worth_collecting() -> None:
    versions = [version(1, 0, "a"), version(2, 0, "a", "b"), version(3, 0, "a", "b", "c")]
    assert collectable(versions, (), 1e9, 60) == []
    assert ids(collectable([*versions, version(4, 0, "d")], (), 1e9, 60)) == ["asset_1", "asset_2", "asset_3"]


def test_a_version_goes_when_every_link_that_was_signed_before_it_was_superseded_is_shut() -> None:
    versions = [version(1, 0, "a"), version(2, 100, "b"), version(3, 500, "c")]  # of 10 s each
    assert ids(collectable(versions, (), 169.9, 60)) == []
    assert ids(collectable(versions, (), 170, 60)) == ["asset_1"]
    assert ids(collectable(versions, ("asset_1",), 570, 60)) == ["asset_2"]
    assert ids(collectable(list(reversed(versions)), (), 570, 60)) == ["asset_1", "asset_2"]


def test_the_newest_version_never_goes() -> None:
    assert collectable([version(7, 0, "a")], (), 1e12, 60) == []
    assert collectable([], (), 1e12, 60) == []
