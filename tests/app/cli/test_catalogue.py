"""What the commands say of a title that can be played, on a data folder of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path

from matinee.app.cli.catalogue import Quality, details_of, titles_in
from matinee.app.cli.session import opened
from matinee.app.settings import Settings
from matinee.catalog.title import Metadata, Published, Source
from matinee.encoding.asset import Asset, VideoRendition


def rung(name: str, width: int, height: int) -> VideoRendition:
    return VideoRendition(
        key=name,
        name=name,
        width=width,
        height=height,
        frame_rate_num=24,
        frame_rate_den=1,
        codecs="avc1.64001f",
        average_bps=900_000,
        peak_bps=1_200_000,
        init_range=(0, 799),
        index_range=(800, 899),
        timescale=24_000,
    )


async def published(settings: Settings, *rungs: VideoRendition) -> str:
    async with opened(settings) as platform:
        source = Source(sha256="5" * 64, name="fog.mkv", size_bytes=5)
        title = await platform.catalog.add(Metadata(title="Fog"), source)
        await platform.catalog.add(Metadata(title="Rain"), Source(sha256="6" * 64, name="rain.mkv", size_bytes=5))
        draft = Asset(id="", title_id=title.id, number=0, duration_s=60.0, video=rungs)
        await platform.assets.publish(draft, source.sha256)
        await platform.catalog.mark_published(title.id, Published(duration_s=60.0, height=rungs[-1].height))
    return title.id


def test_the_quality_of_a_title_is_its_top_rung_and_one_on_its_way_has_none(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    title_id = asyncio.run(published(settings, rung("480p", 854, 358), rung("720p", 1280, 536)))
    expected = {title_id: Quality(name="720p", width=1280, height=536)}
    listed = titles_in(settings)
    assert [title.title for title in listed.titles] == ["Fog", "Rain"]
    assert listed.qualities == expected
    assert details_of(settings, title_id).qualities == expected
