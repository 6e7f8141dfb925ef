"""Webhooks against a real HTTP server: signed, sent again until they are taken, and nothing else ever called."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from tests.app.platform import Intake, intake
from tests.app.test_ingest import ignore, make_film
from tests.app.webhooks.receiver import KEY, SECRET, Receiver, is_genuine, receiver

from matinee.app.given import given_at
from matinee.app.webhooks.service import KIND, RETRIES_MAX, Webhooks, webhooks_of
from matinee.app.webhooks.signature import BadSecret
from matinee.encoding.qc.quality import Held
from matinee.insight.events import AssetHeld, AssetPublished
from matinee.work.control import Control, Lease
from matinee.work.job import Job, JobState

__all__ = ["receiver"]  # a fixture
DEADLINE_S = 60


@pytest.fixture
async def platform(tmp_path: Path) -> AsyncIterator[Intake]:
    async with intake(tmp_path) as made:
        yield made


@asynccontextmanager
async def running(platform: Intake, webhooks: Webhooks) -> AsyncIterator[None]:
    stop = asyncio.Event()
    control = Control(platform.jobs, {KIND: webhooks.deliver}, retries={KIND: RETRIES_MAX})
    task = asyncio.create_task(control.run(stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, DEADLINE_S)


async def all_sent(platform: Intake) -> list[Job]:
    async with asyncio.timeout(DEADLINE_S):
        while await platform.jobs.list(states=[JobState.QUEUED, JobState.RUNNING], kind=KIND):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return list(await platform.jobs.list(kind=KIND))


def published(title_id: str, number: int = 1) -> AssetPublished:
    return AssetPublished(
        event_id=f"event_{number}", at=1_700_000_000.25, title_id=title_id, asset_id="asset_1", number=number,
        duration_s=60.0, height=360, still="x.webp", is_complete=False,
    )  # fmt: skip


async def test_a_receiver_that_fails_twice_hears_it_the_third_time_signed_and_once(
    platform: Intake, receiver: Receiver, tmp_path: Path
) -> None:
    added = await platform.ingest.take(given_at(make_film(tmp_path)), ignore)
    webhooks = webhooks_of(platform.catalog, platform.jobs, receiver.url, SECRET)
    receiver.answers = [500, 503]
    event = published(added.title.id)
    await webhooks.on_change(event)
    async with running(platform, webhooks):
        (job,) = await all_sent(platform)
        await webhooks.on_change(event)  # the outbox delivers at least once
        assert await all_sent(platform) == [job]
    assert (job.state, job.attempt, len(receiver.received)) == (JobState.DONE, 3, 3)
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1
    headers, body = receiver.received[-1]
    assert headers["content-type"] == "application/json"
    assert is_genuine(KEY, headers, body, platform.jobs.clock())
    document = msgspec.json.decode(body)
    assert (document["type"], document["timestamp"]) == ("title.published", "2023-11-14T22:13:20.250Z")
    assert (document["data"]["title_id"], document["data"]["title"]) == (added.title.id, "Fog")
    assert (document["data"]["height"], document["data"]["is_complete"]) == (360, False)


async def test_a_failure_is_told_once_for_each_time_that_it_happens(
    platform: Intake, receiver: Receiver, tmp_path: Path
) -> None:
    job = (await platform.ingest.take(given_at(make_film(tmp_path)), ignore)).job
    webhooks = webhooks_of(platform.catalog, platform.jobs, receiver.url, SECRET)
    async with running(platform, webhooks):
        for _ in range(2):
            claimed = await platform.jobs.claim(["encode"], "one", 30)
            assert claimed is not None
            await platform.jobs.fail(claimed, "the disk is full", "free some space")
            await webhooks.on_failures()
            await webhooks.on_failures()
            await all_sent(platform)
            await platform.jobs.retry(job.id)
    assert [one["type"] for one in receiver.documents] == ["title.failed"] * 2
    assert receiver.documents[0]["data"] == {
        "title_id": job.subject,
        "title": "Fog",
        "job_id": job.id,
        "reason": "the disk is full",
        "remedy": "free some space",
    }


async def test_a_hold_is_told_once_by_its_event_and_not_as_a_failure_too(
    platform: Intake, receiver: Receiver, tmp_path: Path
) -> None:
    job = (await platform.ingest.take(given_at(make_film(tmp_path)), ignore)).job
    webhooks = webhooks_of(platform.catalog, platform.jobs, receiver.url, SECRET)
    handlers = {"encode": hold, KIND: webhooks.deliver}
    stop = asyncio.Event()
    control = asyncio.create_task(Control(platform.jobs, handlers).run(stop))
    async with asyncio.timeout(DEADLINE_S):
        while (await platform.jobs.get(job.id)).state is not JobState.FAILED:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await webhooks.on_change(AssetHeld(event_id="event_1", at=1.0, title_id=job.subject, reason="too dark"))
    await webhooks.on_failures()
    await all_sent(platform)
    stop.set()
    await control
    assert [one["type"] for one in receiver.documents] == ["title.held"]
    assert (receiver.documents[0]["data"]["title"], receiver.documents[0]["data"]["reason"]) == ("Fog", "too dark")


async def hold(lease: Lease) -> None:
    raise Held("too dark", lease.job.subject)


async def test_each_receiver_is_told_and_one_that_fails_holds_up_no_other(platform: Intake, receiver: Receiver) -> None:
    webhooks = webhooks_of(platform.catalog, platform.jobs, f"http://127.0.0.1:1/x, {receiver.url}", SECRET)
    await webhooks.on_change(published("title_1"))
    async with running(platform, webhooks), asyncio.timeout(DEADLINE_S):
        while not receiver.received:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        waiting: list[Job] = []
        while not waiting:
            jobs = await platform.jobs.list(kind=KIND)
            waiting = [job for job in jobs if job.reason]
            await asyncio.sleep(0.05)
    (job,) = waiting
    assert job.state is JobState.QUEUED and job.reason.startswith("http://127.0.0.1:1 could not be reached")
    assert "/x" not in job.reason, "a path may be a secret"


async def test_a_receiver_that_was_taken_out_is_not_called(platform: Intake, receiver: Receiver) -> None:
    before = webhooks_of(platform.catalog, platform.jobs, receiver.url, SECRET)
    await before.on_change(published("title_1"))
    after = webhooks_of(platform.catalog, platform.jobs, "", "")
    async with running(platform, after):
        (job,) = await all_sent(platform)
    assert (job.state, receiver.received) == (JobState.DONE, [])


async def test_a_receiver_that_wants_no_more_is_not_tried_again(platform: Intake, receiver: Receiver) -> None:
    webhooks = webhooks_of(platform.catalog, platform.jobs, receiver.url, SECRET)
    receiver.answers = [410]
    await webhooks.on_change(published("title_1"))
    async with running(platform, webhooks):
        (job,) = await all_sent(platform)
    assert (job.state, len(receiver.received)) == (JobState.FAILED, 1)
    assert "take it out of MATINEE_WEBHOOK_URLS" in job.reason


async def test_a_trial_says_how_it_went(platform: Intake, receiver: Receiver) -> None:
    webhooks = webhooks_of(platform.catalog, platform.jobs, f"{receiver.url} http://127.0.0.1:1/", SECRET)
    good, bad = await webhooks.test()
    assert (good.problem, receiver.documents[0]["type"]) == ("", "matinee.test")
    assert "could not be reached" in bad.problem
    assert await platform.jobs.list(kind=KIND) == []


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_%%%", "hello"])
async def test_addresses_need_a_secret_that_can_sign(platform: Intake, text: str) -> None:
    with pytest.raises(BadSecret, match="matinee webhooks secret"):
        webhooks_of(platform.catalog, platform.jobs, "https://a.example/", text)
