"""What the catalogue shows of a title is its newest version, whichever event tells of it."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import pytest
from tests.playback.asset_sample import BARE, audio, rung

from matinee.app.wiring import Platform
from matinee.app.wiring.publication import Publication
from matinee.catalog.lettering import Fonts
from matinee.catalog.title import Metadata, Source, Title
from matinee.encoding.asset import Asset
from matinee.insight.events import AssetPublished
from matinee.insight.outbox import Dispatcher


def draft(title_id: str, *heights: int, language: str = "en") -> Asset:
    video = tuple(rung(f"v{height}", f"{height}p", height, height * 1_000) for height in heights)
    sound = (audio(f"a-{language}", language, "Sound"),)
    return msgspec.structs.replace(BARE, id="", number=0, title_id=title_id, video=video, audio=sound)


async def film_of(platform: Platform) -> Title:
    return await platform.catalog.add_film(Metadata(title="Film"), Source(sha256="s1", name="film.mp4", size_bytes=1))


def publication_of(platform: Platform, folder: Path) -> Publication:
    return Publication(platform.catalog, platform.assets, platform.objects, Fonts(folder))


async def test_a_smaller_version_that_is_published_later_is_what_is_shown(platform: Platform, tmp_path: Path) -> None:
    title = await film_of(platform)
    for heights in ((360,), (360, 720), (360,)):
        await platform.assets.publish(draft(title.id, *heights), "s1")
    publication = publication_of(platform, tmp_path)
    assert await Dispatcher(platform.catalog.engine, (publication.on_change,)).drain() == 3
    shown = await platform.catalog.get(title.id)
    assert (shown.state, shown.height) == ("ready", 360)


@pytest.mark.parametrize("seed", range(3))
async def test_events_that_come_late_or_twice_change_nothing(platform: Platform, tmp_path: Path, seed: int) -> None:
    title, publication = await film_of(platform), publication_of(platform, tmp_path)
    versions = [
        await platform.assets.publish(draft(title.id, *heights, language=language), "s1")
        for heights, language in (((360,), "en"), ((360, 720), "en"), ((360, 720), "de"))
    ]
    events = [
        AssetPublished(
            event_id=f"event_{one.id}", at=0.0, title_id=title.id, asset_id=one.id, number=one.number,
            duration_s=one.duration_s, height=one.video[-1].box_height, still="", is_complete=False,
        )
        for one in versions
    ] * 2  # fmt: skip
    random.Random(seed).shuffle(events)
    for event in events:
        await publication.on_change(event)
        shown = await platform.catalog.get(title.id)
        assert (shown.height, shown.audio) == (720, ("de",))
