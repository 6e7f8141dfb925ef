"""Webhooks against a real HTTP server: signed, sent again until they are taken, and nothing else ever called."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.app.platform import Intake, intake
from tests.app.test_ingest import ignore, make_film

from matinee.app.given import given_at
from matinee.app.webhooks.delivery import BadWebhookUrl, NotDelivered, ReceiverGone, check_url, post
from matinee.app.webhooks.message import NAMES, Message, body_of, message_of
from matinee.app.webhooks.service import KIND, RETRIES_MAX, Webhooks, webhooks_of
from matinee.app.webhooks.signature import (
    TOLERANCE_S,
    BadSecret,
    headers_of,
    is_genuine,
    secret_bytes,
    secret_text,
)
from matinee.insight.events import AssetPublished, AssetRefused
from matinee.work.control import Control
from matinee.work.job import Job, JobState

SECRET = secret_text(b"k" * 32)
KEY = b"k" * 32
DEADLINE_S = 60


@dataclass
class Receiver:
    """A server that answers as told, and keeps what it was sent."""

    url: str
    answers: list[int] = field(default_factory=list)
    """What the next requests are answered; 200 when there is nothing left."""
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    location: str = ""

    @property
    def documents(self) -> list[dict[str, Any]]:
        return [msgspec.json.decode(body) for _, body in self.received]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            kept.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(kept.answers.pop(0) if kept.answers else 200)
            if kept.location:
                self.send_header("location", kept.location)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    kept = Receiver(f"http://127.0.0.1:{server.server_port}/hook?of=matinee")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield kept
    server.shutdown()
    server.server_close()
    thread.join()


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


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.answers, receiver.location = [302], receiver.url
    with pytest.raises(NotDelivered, match="answered 302: redirects are not followed"):
        post(receiver.url, {}, b"{}")
    assert len(receiver.received) == 1


def test_a_receiver_that_says_nothing_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr("matinee.app.webhooks.delivery.TIMEOUT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(NotDelivered, match="timed out"):
        post(f"http://127.0.0.1:{silent.getsockname()[1]}/", {}, b"{}")


def test_gone_is_told_apart(receiver: Receiver) -> None:
    receiver.answers = [410]
    with pytest.raises(ReceiverGone):
        post(receiver.url, {}, b"{}")


@pytest.mark.parametrize(
    "url",
    ["ftp://a.example/", "file:///etc/passwd", "//a.example", "https://", "https://u:p@a.example/", "http://a/#x"],
)
def test_only_plain_http_addresses_are_called(url: str) -> None:
    with pytest.raises(BadWebhookUrl):
        check_url(url)


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_%%%", "hello"])
async def test_addresses_need_a_secret_that_can_sign(platform: Intake, text: str) -> None:
    with pytest.raises(BadSecret, match="matinee webhooks secret"):
        webhooks_of(platform.catalog, platform.jobs, "https://a.example/", text)


def test_the_signature_is_that_of_the_standard() -> None:
    # The example of the specification's own libraries (standard-webhooks, v1).
    key = secret_bytes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = headers_of(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_was_changed_or_kept_too_long_is_not_genuine() -> None:
    headers = headers_of(KEY, "event_1", 1_000, b"body")
    assert is_genuine(KEY, headers, b"body", 1_000 + TOLERANCE_S)
    assert not is_genuine(KEY, headers, b"body", 1_001 + TOLERANCE_S)
    assert not is_genuine(KEY, headers, b"other", 1_000)
    assert not is_genuine(b"l" * 32, headers, b"body", 1_000)
    assert not is_genuine(KEY, {**headers, "webhook-id": "event_2"}, b"body", 1_000)
    assert not is_genuine(KEY, {**headers, "webhook-timestamp": "1001"}, b"body", 1_000)
    assert not is_genuine(KEY, {}, b"body", 1_000)


def test_only_events_with_a_name_outside_are_told() -> None:
    refused = AssetRefused(event_id="event_2", at=1.0, title_id="title_1", reason="no film")
    assert message_of(refused, "Fog") is None
    message = message_of(published("title_1"), "Fog")
    assert message is not None and message.name in NAMES.values()
    assert not {"kind", "event_id", "at"} & set(msgspec.json.decode(body_of(message))["data"])
    assert Message(id="a", name="b", at=0.0).data == {}
