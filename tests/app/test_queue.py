"""The encoding queue as an operator sees and changes it: the view, its routes, and the commands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from tests.app.application import Application, running
from tests.app.platform import Intake, intake
from tests.app.test_ingest import FILM, ignore, make_film

from matinee.app import activity
from matinee.app.given import given_at
from matinee.app.queue import FAILED_MAX
from matinee.encoding.qc.quality import Held
from matinee.encoding.service import Assets
from matinee.work.crew import Worker, crew_of
from matinee.work.job import Job, JobState, Progress, Stage
from matinee.work.service import NoSuchJob


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Intake]:
    async with intake(tmp_path) as made:
        yield made


@pytest.fixture
async def served(platform: Intake, tmp_path: Path) -> AsyncIterator[Application]:
    assets = Assets(platform.catalog.engine, platform.objects, platform.jobs.clock)
    services = {"jobs": platform.jobs, "catalog": platform.catalog, "ingest": platform.ingest, "assets": assets}
    async with running(tmp_path, activity.HANDLERS, services) as application:
        yield application


async def add(platform: Intake, folder: Path, name: str) -> Job:
    return (await platform.ingest.take(given_at(make_film(folder, name, name.encode())), ignore)).job


async def begin(platform: Intake, job: Job, *stages: Stage) -> Job:
    claimed = await platform.jobs.claim(["encode"], "one", 30)
    assert claimed is not None and claimed.id == job.id
    return await platform.jobs.report(claimed, Progress(stages))


async def test_the_queue_says_how_far_each_title_is_when_it_is_done_and_who_works(
    platform: Intake, served: Application, tmp_path: Path
) -> None:
    fog, rain = await add(platform, tmp_path, "Fog (1999)"), await add(platform, tmp_path, "Rain (1999)")
    rungs = (
        Stage("360p", 4, 8, timed=4, spent_s=40.0, weight=0.23),
        Stage("720p", 0, 8, weight=0.92),
    )
    await begin(platform, fog, Stage("inspect", 1, 1), *rungs)
    worker = Worker(name="w1", host="10.0.0.7", cores=1, memory_bytes=2**31, doing=f"{fog.subject} 360p", since_s=3.0)
    await platform.jobs.tell_crew("one", crew_of("s", platform.jobs.clock(), [worker], 5))
    await served.sign_in()
    queue = (await served.client.get("/v1/encoding")).json()
    assert (queue["running"], queue["waiting"], queue["workers_total"], queue["tasks_waiting"]) == (1, 1, 1, 5)
    first, second = queue["titles"]
    assert (first["title"], first["state"], first["stage"]) == ("Fog", "running", "360p")
    assert [(stage["name"], stage["is_rung"], stage["eta_s"]) for stage in first["stages"]] == [
        ("inspect", False, 0.0),
        ("360p", True, 40.0),
        ("720p", True, pytest.approx(40 + 8 * 40.0)),
    ]
    assert first["eta_s"] == pytest.approx(360.0)
    assert (second["job_id"], second["eta_s"], queue["eta_s"]) == (rain.id, None, None), "nothing is known of it yet"
    assert [(one["title"], one["stage"], one["host"]) for one in queue["workers"]] == [("Fog", "360p", "10.0.0.7")]


async def test_a_failure_stands_apart_with_its_reason_and_remedy(
    platform: Intake, served: Application, tmp_path: Path
) -> None:
    job = await begin(platform, await add(platform, tmp_path, "Fog (1999)"))
    await platform.jobs.fail(job, "the disk is full", "free some space and retry")
    await served.sign_in()
    queue = (await served.client.get("/v1/encoding")).json()
    assert (queue["titles"], queue["failed_count"]) == ([], 1)
    assert (queue["failed"][0]["reason"], queue["failed"][0]["remedy"]) == (
        "the disk is full",
        "free some space and retry",
    )


async def test_what_waits_for_a_person_is_shown_however_many_failed_since(
    platform: Intake, served: Application, tmp_path: Path
) -> None:
    held = await begin(platform, await add(platform, tmp_path, "Fog (1999)"))
    await platform.jobs.fail(held, "held: too dark", "look at its report", Held.code)
    for number in range(FAILED_MAX + 1):
        await platform.jobs.enqueue("encode", f"title_{number}")
        claimed = await platform.jobs.claim(["encode"], "one", 30)
        assert claimed is not None
        await platform.jobs.fail(claimed, "the disk is full")
    await served.sign_in()
    queue = (await served.client.get("/v1/encoding")).json()
    assert (len(queue["failed"]), queue["failed"][-1]["job_id"]) == (FAILED_MAX + 1, held.id)
    assert [one["is_held"] for one in queue["failed"]] == [False] * FAILED_MAX + [True]
    shown = {one["id"]: one["is_held"] for one in (await served.client.get("/v1/jobs")).json()}
    assert [job_id for job_id, is_held in shown.items() if is_held] == [held.id]


async def test_what_waits_for_a_person_cannot_be_put_away_while_there_is_its_title(
    platform: Intake, served: Application, tmp_path: Path
) -> None:
    held = await begin(platform, await add(platform, tmp_path, "Fog (1999)"))
    await platform.jobs.fail(held, "held: too dark", "look at its report", Held.code)
    await served.sign_in()
    refused = await served.client.delete(f"/v1/jobs/{held.id}")
    assert (refused.status_code, refused.json()["code"]) == (409, "waits_for_review")
    assert f"/title/{held.subject}/report" in refused.json()["detail"]
    assert f"matinee encode report {held.subject}" in refused.json()["detail"]
    assert (await platform.jobs.get(held.id)).state is JobState.FAILED
    await platform.catalog.delete(held.subject)
    assert not (await served.client.get("/v1/encoding")).json()["failed"][0]["is_held"], "there is no report to look at"
    assert (await served.client.delete(f"/v1/jobs/{held.id}")).status_code == 204
    with pytest.raises(NoSuchJob):
        await platform.jobs.get(held.id)


async def test_an_owner_changes_the_queue_and_it_stays_so(
    platform: Intake, served: Application, tmp_path: Path
) -> None:
    fog, rain = await add(platform, tmp_path, "Fog (1999)"), await add(platform, tmp_path, "Rain (1999)")
    await served.sign_in()

    async def post(path: str) -> httpx.Response:
        return await served.client.post(f"/v1/jobs/{path}")

    assert (await post(f"{fog.id}/pause")).json()["state"] == "paused"
    assert (await platform.jobs.get(fog.id)).state is JobState.PAUSED
    assert (await post(f"{fog.id}/resume")).json()["state"] == "queued"
    assert (await post(f"{fog.id}/resume")).status_code == 409
    moved = await served.client.put(f"/v1/jobs/{rain.id}/priority", json={"priority": 5})
    assert moved.json()["priority"] == 5
    too_much = await served.client.put(f"/v1/jobs/{rain.id}/priority", json={"priority": 5_000})
    assert too_much.status_code == 400
    assert (await post(f"{fog.id}/first")).json()["priority"] == 6
    queue = (await served.client.get("/v1/encoding")).json()
    assert [title["title"] for title in queue["titles"]] == ["Fog", "Rain"]


async def test_what_the_store_holds_is_what_was_measured_last(
    platform: Intake, served: Application, tmp_path: Path
) -> None:
    await add(platform, tmp_path, "Fog (1999)")
    await served.sign_in()
    unknown = await served.client.get("/v1/encoding/storage")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_measured"), "nobody waits while it is measured"
    assets = Assets(platform.catalog.engine, platform.objects, platform.jobs.clock)
    await assets.measure_storage()
    first = (await served.client.get("/v1/encoding/storage")).json()
    assert (first["masters"], first["masters_bytes"]) == (1, len(FILM) + len("Fog (1999)"))
    await add(platform, tmp_path, "Rain (1999)")
    assert (await served.client.get("/v1/encoding/storage")).json() == first
    await assets.measure_storage()
    assert (await served.client.get("/v1/encoding/storage")).json()["masters"] == 2


@pytest.mark.parametrize("path", ["/v1/encoding", "/v1/encoding/storage"])
async def test_the_queue_is_for_the_owner_alone(served: Application, path: str) -> None:
    assert (await served.client.get(path)).status_code == 401
    for change in ("pause", "resume", "first"):
        response = await served.client.post(f"/v1/jobs/job_1/{change}", headers={"X-Matinee": "1"})
        assert response.status_code == 401
