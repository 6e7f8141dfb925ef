"""What the commands about encoding ask and change; a title is called by its name, its id or its job's."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Literal, TypeAlias, assert_never

from matinee.app.activity import WaitsForReview, read_queue
from matinee.app.cli.session import opened
from matinee.app.ingest import ENCODE
from matinee.app.queue import EncodingQueue, QueuedTitle, is_held, queue_of
from matinee.app.settings import Settings
from matinee.app.wiring import Platform
from matinee.base.errors import Conflict, NotFound
from matinee.catalog.title import plain
from matinee.work.job import Job, JobState

Change: TypeAlias = Literal["pause", "resume", "first", "priority", "retry", "cancel"]


class NoSuchTitle(NotFound):
    """Nothing that is or was encoded is called so."""

    code = "no_such_title"

    def __init__(self, text: str) -> None:
        super().__init__(f"no title with a job is called {text!r}; `matinee encode status` lists those in the queue")


class WhichTitle(Conflict):
    """Several titles are called so."""

    code = "which_title"

    def __init__(self, text: str, ids: Sequence[str]) -> None:
        super().__init__(f"{len(ids)} titles are called {text!r}; name one by its id: {', '.join(ids)}")


def queue_now(settings: Settings) -> EncodingQueue:
    """The whole queue."""

    async def run() -> EncodingQueue:
        async with opened(settings) as platform:
            return await read_queue(platform.jobs, platform.catalog)

    return asyncio.run(run())


def title_now(settings: Settings, text: str) -> QueuedTitle:
    """One title, wherever in the queue it is. Raises NoSuchTitle and WhichTitle."""

    async def run() -> QueuedTitle:
        async with opened(settings) as platform:
            job = await job_of(platform, text)
            queue = await read_queue(platform.jobs, platform.catalog)
            alone = queue_of(
                [job], [], dict.fromkeys(JobState, 0), await platform.jobs.crew(),
                await platform.catalog.snapshot(), platform.clock(),
            )  # fmt: skip
            return next((one for one in (*queue.titles, *queue.failed) if one.job_id == job.id), alone.titles[0])

    return asyncio.run(run())


def changed(settings: Settings, text: str, change: Change, level: int = 0) -> Job:
    """Change the job of a title; answers it. Raises NoSuchTitle, WhichTitle, NotNow and WaitsForReview."""

    async def run() -> Job:
        async with opened(settings) as platform:
            job = await job_of(platform, text)
            if change == "cancel" and is_held(job):
                raise WaitsForReview(job.id, job.subject)
            return await _change(platform, job.id, change, level)

    return asyncio.run(run())


async def _change(platform: Platform, job_id: str, change: Change, level: int) -> Job:
    jobs = platform.jobs
    match change:
        case "pause":
            return await jobs.pause(job_id)
        case "resume":
            return await jobs.resume(job_id)
        case "first":
            return await jobs.put_first(job_id)
        case "priority":
            return await jobs.move(job_id, level)
        case "retry":
            return await platform.ingest.retry(job_id)
        case "cancel":
            return await jobs.cancel(job_id)
        case _:
            assert_never(change)


async def job_of(platform: Platform, text: str) -> Job:
    """The encode job that `text` means: a job's id, a title's id, a title's name. Raises NoSuchTitle and WhichTitle."""
    if text.startswith("job_"):
        return await platform.jobs.get(text)
    job = await platform.jobs.find(ENCODE, text)
    if job is not None:
        return job
    found: dict[str, Job] = {}
    for one in await platform.jobs.list(kind=ENCODE):  # the one that changed last first
        if plain(str(one.payload.get("title", ""))) == plain(text):
            found.setdefault(one.subject, one)
    if len(found) > 1:
        raise WhichTitle(text, list(found))
    if not found:
        raise NoSuchTitle(text)
    return next(iter(found.values()))
