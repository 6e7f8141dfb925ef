"""HTTP of a title's report: the ladder of each codec as a picture of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import msgspec
import pytest
from tests.app.application import running
from tests.app.platform import intake
from tests.encoding.pertitle.test_hull import trials_of

from matinee.app import review
from matinee.app.review import Review
from matinee.base import objects as store
from matinee.base.clock import system_clock
from matinee.catalog.title import Metadata, Source, Title
from matinee.encoding.pertitle.hull import quality_ladder
from matinee.encoding.plan import report_name
from matinee.encoding.qc.report import Ladder, Report
from matinee.encoding.qc.reviews import Reviews
from matinee.encoding.service import Assets

EASY, HARD = trials_of(0.5, 4.0), trials_of(2.0, 6.0)
LADDERS = (
    Ladder(codec="h264", trials=tuple(HARD), rungs=quality_ladder(HARD)),
    Ladder(codec="hevc", trials=tuple(EASY), rungs=quality_ladder(EASY)),
)


@dataclass(frozen=True)
class Reported:
    """A title with a report of two ladders, and its owner."""

    client: httpx.AsyncClient
    title: Title

    async def picture(self, query: str = "") -> httpx.Response:
        return await self.client.get(f"/v1/titles/{self.title.id}/report/ladder.svg{query}")


@pytest.fixture
async def reported(tmp_path: Path) -> AsyncIterator[Reported]:
    async with intake(tmp_path) as given:
        assets = Assets(given.catalog.engine, given.objects, system_clock)
        at_hand = Review(Reviews(given.objects, assets), given.catalog, given.jobs, given.ingest)
        services = {"review": at_hand, "catalog": given.catalog}
        async with running(tmp_path, review.HANDLERS, services) as application:
            await application.sign_in()
            master = Source(sha256="0" * 64, name="quay.mkv", size_bytes=1)
            title = await given.catalog.add_film(Metadata(title="The Quay"), master)
            report = Report(
                title_id=title.id,
                source=title.source,
                at=0.0,
                verdict="pass",
                reason="",
                duration_s=60.0,
                findings=(),
                renditions=(),
                cpu_s={},
                ladders=LADDERS,
            )
            store.write(given.objects, report_name(title.source, title.id), msgspec.json.encode(report))
            yield Reported(application.client, title)


async def test_each_codec_has_a_picture_of_its_own(reported: Reported) -> None:
    first, hevc = await reported.picture(), await reported.picture("?codec=hevc")
    assert first.headers["content-type"].startswith("image/svg+xml")
    assert first.text == (await reported.picture("?codec=h264")).text
    assert ">The Quay<" in first.text
    assert ">The Quay, HEVC<" in hevc.text
    for ladder, picture in zip(LADDERS, (first, hevc), strict=True):
        assert picture.text.count('class="trial"') == len(ladder.trials)
        assert picture.text.count('class="rung"') == len(ladder.rungs)


async def test_a_codec_that_was_not_tried_has_none_and_it_is_said(reported: Reported) -> None:
    missing = await reported.picture("?codec=av1")
    assert (missing.status_code, missing.json()["code"]) == (404, "no_ladder")
    assert "The Quay has no trial encodes in AV1" in missing.json()["detail"]
    assert (await reported.picture("?codec=theora")).status_code == 400


async def test_the_report_has_the_trials_and_rungs_of_each_codec(reported: Reported) -> None:
    document = (await reported.client.get(f"/v1/titles/{reported.title.id}/report")).json()
    assert [one["codec"] for one in document["ladders"]] == ["h264", "hevc"]
    assert [len(one["trials"]) for one in document["ladders"]] == [len(HARD), len(EASY)]
