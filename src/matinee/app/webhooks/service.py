"""Webhooks' use cases: what happened becomes a durable job for each receiver, which sends until that has heard it."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from matinee.app.webhooks.delivery import check_url, post, shown
from matinee.app.webhooks.message import TEST, Message, body_of, failure_of, message_of
from matinee.app.webhooks.signature import BadSecret, headers_of, secret_bytes
from matinee.base.errors import MatineeError
from matinee.base.ids import new_id
from matinee.catalog.service import Catalog
from matinee.discovery.preparing import titles_of
from matinee.encoding.plan import KIND as ENCODE
from matinee.encoding.qc.quality import Held
from matinee.insight.events import Event
from matinee.work.control import Lease
from matinee.work.job import Job, JobState
from matinee.work.service import Jobs

KIND = "webhook"
RETRIES_MAX = 300
"""Tries of one delivery: seconds apart at first, then every five minutes, for a day."""
PRIORITY = 100
"""Sending takes no worker, and does not wait behind what does."""
FAILED_SINCE_S = 86_400.0
"""Older failures are not told any more: receivers may be new."""

_log = logging.getLogger(__name__)


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be sent, and to whom: the payload of a job."""

    url: str
    message: Message


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """How a trial message went; `url` without its path, `problem` empty where it was taken."""

    url: str
    problem: str


@dataclass(frozen=True)
class Webhooks:
    """Tells `urls` what becomes of titles, signed with `key`. Without urls it does nothing."""

    catalog: Catalog
    jobs: Jobs
    urls: tuple[str, ...]
    key: bytes

    async def on_change(self, event: Event) -> None:
        """Tell of an event of the outbox; meeting it again changes nothing."""
        title_id = str(getattr(event, "title_id", ""))
        known = (await self.catalog.snapshot()).titles.get(title_id) if self.urls else None
        message = message_of(event, known.title if known is not None else "")
        if message is not None:
            await self._enqueue(message)

    async def on_failures(self) -> None:
        """Tell of the titles whose jobs have failed lately, each once; of what is held, its event tells."""
        if not self.urls:
            return
        since = self.jobs.clock() - FAILED_SINCE_S
        failed = [job for job in await self._failed() if job.updated > since and job.code != Held.code]
        names = titles_of(failed, await self.catalog.snapshot())
        for job in failed:
            await self._enqueue(failure_of(job, names[job.id]))

    async def deliver(self, lease: Lease) -> None:
        """The handler of `webhook` jobs. Raises NotDelivered, after which it is tried again, and ReceiverGone."""
        delivery = msgspec.convert(lease.job.payload, Delivery)
        if delivery.url not in self.urls:
            _log.info("%s is not sent: its receiver was taken out", delivery.message.id)
            return
        await self._send(delivery.url, delivery.message)

    async def test(self) -> Sequence[Tried]:
        """Send every receiver a message that says nothing, now and once."""
        message = Message(id=new_id("event"), name=TEST, at=float(self.jobs.clock()), data={})
        return await asyncio.gather(*(self._tried(url, message) for url in self.urls))

    async def _tried(self, url: str, message: Message) -> Tried:
        try:
            await self._send(url, message)
        except MatineeError as error:
            return Tried(url=shown(url), problem=error.message)
        return Tried(url=shown(url), problem="")

    async def _send(self, url: str, message: Message) -> None:
        body = body_of(message)
        headers = headers_of(self.key, message.id, int(self.jobs.clock()), body)
        await post(url, headers, body)

    async def _failed(self) -> Sequence[Job]:
        return await self.jobs.list(states=[JobState.FAILED], kind=ENCODE)

    async def _enqueue(self, message: Message) -> None:
        for url in self.urls:
            subject = f"{message.id}:{hashlib.sha256(url.encode()).hexdigest()[:12]}"
            if await self.jobs.find(KIND, subject) is None:
                payload = msgspec.to_builtins(Delivery(url=url, message=message))
                await self.jobs.enqueue(KIND, subject, payload, PRIORITY)


def public(job: Job) -> Job:
    """A job as it may be shown: of a receiver's address no more than `shown` says."""
    if job.kind != KIND:
        return job
    return msgspec.structs.replace(job, payload={**job.payload, "url": shown(str(job.payload["url"]))})


def webhooks_of(catalog: Catalog, jobs: Jobs, urls: str, secret: str) -> Webhooks:
    """The webhooks that two settings say. Raises BadWebhookUrl and BadSecret."""
    found = tuple(dict.fromkeys(check_url(url) for url in urls.replace(",", " ").split()))
    if found and not secret:
        raise BadSecret
    return Webhooks(catalog, jobs, found, secret_bytes(secret) if found else b"")
