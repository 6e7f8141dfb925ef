"""A title's report over HTTP, and what its owner decides about what is held."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import msgspec
import pytest
from tests.app.application import Application, running
from tests.app.held import REASON, RENDITION, hold, put_report, report_of
from tests.app.platform import Intake, intake
from tests.app.test_ingest import ignore, make_film
from tests.encoding.pertitle.test_hull import trials_of

from matinee.app import review
from matinee.app.given import given_at
from matinee.app.review import Review
from matinee.base import objects as store
from matinee.base.clock import system_clock
from matinee.catalog.title import Metadata, Source, Title
from matinee.encoding.pertitle.hull import quality_ladder
from matinee.encoding.plan import moment_names, report_name
from matinee.encoding.qc.report import Ladder, Report
from matinee.encoding.qc.reviews import NOTE_MAX, Reviews
from matinee.encoding.service import Assets
from matinee.work.job import Job, JobState
from matinee.work.service import NoSuchJob


@dataclass
class Place:
    """The application, the services behind it, and the job of its one film."""

    web: Application
    services: Intake
    job: Job

    async def post(self, choice: str, note: str = "") -> httpx.Response:
        return await self.web.client.post(f"/v1/titles/{self.job.subject}/report/{choice}", json={"note": note})

    async def get(self, rest: str = "") -> httpx.Response:
        return await self.web.client.get(f"/v1/titles/{self.job.subject}/report{rest}")

    def has(self, key: str) -> bool:
        return store.exists(self.services.objects, key)

    async def code(self, choice: str) -> tuple[int, str]:
        answer = await self.post(choice)
        return answer.status_code, answer.json()["code"]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with intake(tmp_path) as services:
        job = (await services.ingest.take(given_at(make_film(tmp_path)), ignore)).job
        assets = Assets(services.catalog.engine, services.objects, services.jobs.clock)
        reviews = Reviews(services.objects, assets)
        made = Review(reviews, services.catalog, services.jobs, services.ingest)
        given = {"review": made, "catalog": services.catalog}
        async with running(tmp_path, review.HANDLERS, given) as web:
            yield Place(web, services, job)


@pytest.fixture
async def held(place: Place) -> Place:
    """The same, signed in, with the film held."""
    place.job = await hold(place.services.jobs, place.services.objects)
    await place.web.sign_in()
    return place


async def test_a_report_says_what_is_held_and_shows_it(held: Place) -> None:
    report = (await held.get()).json()
    assert (report["verdict"], report["is_waiting"], report["reason"]) == ("hold", True, REASON)
    for side, name in zip(
        ("source", "encode"), moment_names(str(held.job.payload["source"]), held.job.subject), strict=True
    ):
        shown = await held.get(f"/moment/{side}")
        assert (shown.headers["content-type"], shown.content) == ("image/webp", name.encode())
    assert (await held.get("/moment/elsewhere")).status_code in (400, 404)
    assert (await held.get("/ladder.svg")).status_code == 404, "nothing was tried"


async def test_what_is_approved_goes_on_with_what_it_has(held: Place) -> None:
    answer = await held.post("approve", "it is meant so")
    assert (answer.status_code, answer.json()["is_waiting"]) == (200, False)
    (decision,) = answer.json()["decisions"]
    assert (decision["choice"], decision["renditions"], decision["note"]) == ("approve", [RENDITION], "it is meant so")
    assert (await held.services.jobs.get(held.job.id)).state is JobState.QUEUED
    assert held.has(f"renditions/{RENDITION}/media.mp4")


async def test_what_is_to_be_made_again_is_forgotten_first(held: Place) -> None:
    assert (await held.post("again")).status_code == 200
    assert (await held.services.jobs.get(held.job.id)).state is JobState.QUEUED
    assert not held.has(f"renditions/{RENDITION}/media.mp4")
    assert not held.has(f"work/{held.job.payload['source']}/{RENDITION}/checked-0000")
    assert held.has(str(held.job.payload["master"]))


async def test_what_is_rejected_goes_with_its_job_and_its_film(held: Place) -> None:
    assert (await held.post("reject", "not this cut")).status_code == 200
    with pytest.raises(NoSuchJob):
        await held.services.jobs.get(held.job.id)
    assert not held.has(f"renditions/{RENDITION}/media.mp4")
    assert not held.has(str(held.job.payload["master"]))


@pytest.mark.parametrize("choice", ["approve", "again", "reject"])
async def test_only_what_is_held_can_be_decided_on_and_once(held: Place, choice: str) -> None:
    assert (await held.post("approve")).status_code == 200
    assert await held.code(choice) == (409, "not_held"), "its job goes on"
    claimed = await held.services.jobs.claim(["encode"], "one", 30)
    assert claimed is not None
    await held.services.jobs.fail(claimed, "the disk is full")
    assert await held.code(choice) == (409, "not_held"), "it was decided, and failed for something else since"
    assert not (await held.get()).json()["is_waiting"]
    put_report(held.services.objects, report_of(held.job, verdict="warn"))
    assert await held.code(choice) == (409, "not_held")
    await held.services.jobs.put_away(held.job.id)
    assert await held.code(choice) == (409, "not_held")
    assert held.has(f"renditions/{RENDITION}/media.mp4"), "nothing was changed"


async def test_a_report_waits_only_while_its_job_is_held(held: Place) -> None:
    await held.services.jobs.retry(held.job.id)
    assert not (await held.get()).json()["is_waiting"]
    assert await held.code("reject") == (409, "not_held"), "its job goes on"
    claimed = await held.services.jobs.claim(["encode"], "one", 30)
    assert claimed is not None
    await held.services.jobs.fail(claimed, "the disk is full")
    assert not (await held.get()).json()["is_waiting"], "nothing says that it would be held again"
    assert await held.code("reject") == (409, "not_held")


@pytest.mark.parametrize("check", ["package", "gone"])
async def test_what_is_not_whole_cannot_be_approved(check: str, held: Place) -> None:
    put_report(held.services.objects, report_of(held.job, check=check))
    assert await held.code("approve") == (409, "nothing_to_approve")
    assert (await held.services.jobs.get(held.job.id)).state is JobState.FAILED
    assert (await held.post("again")).status_code == 200


async def test_what_is_not_understood_changes_nothing(held: Place) -> None:
    assert (await held.post("maybe")).status_code in (400, 404)
    assert (await held.post("approve", "x" * (NOTE_MAX + 1))).status_code == 400
    other = await held.web.client.post("/v1/titles/title_none/report/approve", json={})
    assert other.status_code == 404
    assert (await held.get()).json()["is_waiting"]


async def test_a_title_that_was_not_encoded_yet_has_no_report(place: Place) -> None:
    await place.web.sign_in()
    assert (await place.get()).json()["code"] == "no_report"
    assert await place.code("approve") == (409, "not_held"), "its job waits"


@pytest.mark.parametrize("choice", ["approve", "again", "reject"])
async def test_reports_and_decisions_are_for_the_owner_alone(held: Place, choice: str) -> None:
    del held.web.client.headers["X-Matinee"]
    assert (await held.post(choice)).status_code == 403, "another site's page may not decide for them"
    held.web.client.cookies.clear()
    held.web.client.headers["X-Matinee"] = "1"
    assert (await held.post(choice)).status_code == 401
    for rest in ("", "/ladder.svg", "/moment/source"):
        assert (await held.get(rest)).status_code == 401
    assert (await held.services.jobs.get(held.job.id)).state is JobState.FAILED


# Its ladders

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
