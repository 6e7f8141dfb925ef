"""HTTP of what the service is doing: its jobs and its encoding queue, with ways to change what is done when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from litestar import delete, get, post, put
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler

from matinee.app.ingest import FILM_KINDS, Ingest
from matinee.app.queue import FAILED_MAX, SHOWN_MAX, EncodingQueue, is_held, queue_of
from matinee.base.errors import Conflict
from matinee.base.given import Given
from matinee.catalog.service import Catalog
from matinee.catalog.snapshot import Snapshot
from matinee.discovery.preparing import stage_of, titles_of
from matinee.encoding.plan import KIND as ENCODE
from matinee.encoding.qc.quality import Held
from matinee.encoding.service import Assets
from matinee.encoding.storage import Storage
from matinee.work.job import PRIORITY_MAX, Job, JobState, Stage, fraction
from matinee.work.service import Jobs

_OWNER = {"access": "owner"}


class WaitsForReview(Conflict):
    """The job is held: putting it away would throw away what somebody has to decide on."""

    code = "waits_for_review"

    def __init__(self, job_id: str, title_id: str) -> None:
        super().__init__(
            f"{job_id} is held and waits for a decision; nothing was changed: look at /title/{title_id}/report or "
            f"`matinee encode report {title_id}`, then approve it, have it encoded again, or reject it"
        )
        self.job_id, self.title_id = job_id, title_id


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """A job as people see it; `progress` is 0 to 1. `is_held`: it waits until somebody decides on its report."""

    id: str
    kind: str
    title_id: str
    title: str
    state: JobState
    priority: int
    stage: str
    stages: tuple[Stage, ...]
    progress: float
    attempt: int
    is_held: bool
    reason: str
    remedy: str
    created: float
    updated: float


@get("/v1/jobs", opt=_OWNER)
async def list_jobs(jobs: Given[Jobs], catalog: Given[Catalog]) -> list[Activity]:
    """The jobs that are about films, the one that changed last first."""
    listed = {job.id: job for job in (*await jobs.list(), *await held_jobs(jobs))}
    found = [job for job in listed.values() if job.kind in FILM_KINDS and not is_handed_on(job)]
    return _activities(found, await catalog.snapshot())


@post("/v1/jobs/{job_id:str}/retry", opt=_OWNER, status_code=200)
async def retry_job(job_id: FromPath[str], ingest: Given[Ingest], catalog: Given[Catalog]) -> Activity:
    """Try a job again that failed or was given up."""
    return await _told(await ingest.retry(job_id), catalog)


@post("/v1/jobs/{job_id:str}/pause", opt=_OWNER, status_code=200)
async def pause_job(job_id: FromPath[str], jobs: Given[Jobs], catalog: Given[Catalog]) -> Activity:
    """Let a job rest; what it has done stays, also over a restart."""
    return await _told(await jobs.pause(job_id), catalog)


@post("/v1/jobs/{job_id:str}/resume", opt=_OWNER, status_code=200)
async def resume_job(job_id: FromPath[str], jobs: Given[Jobs], catalog: Given[Catalog]) -> Activity:
    """Let a paused job go on."""
    return await _told(await jobs.resume(job_id), catalog)


@post("/v1/jobs/{job_id:str}/first", opt=_OWNER, status_code=200)
async def put_job_first(job_id: FromPath[str], jobs: Given[Jobs], catalog: Given[Catalog]) -> Activity:
    """Give a job a higher priority than every other of its kind."""
    return await _told(await jobs.put_first(job_id), catalog)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A job's priority, from -1,000 to 1,000; 0 is back catalogue, 10 a release."""

    priority: Annotated[int, msgspec.Meta(ge=-PRIORITY_MAX, le=PRIORITY_MAX)]


@put("/v1/jobs/{job_id:str}/priority", opt=_OWNER, status_code=200)
async def move_job(
    job_id: FromPath[str], data: JSONBody[Wanted], jobs: Given[Jobs], catalog: Given[Catalog]
) -> Activity:
    """Give a job another priority, also while it runs."""
    return await _told(await jobs.move(job_id, data.priority), catalog)


@get("/v1/encoding", opt=_OWNER)
async def encoding_queue(jobs: Given[Jobs], catalog: Given[Catalog]) -> EncodingQueue:
    """The encoding queue: titles with their stages and when they will be done, failures, and who works."""
    return await read_queue(jobs, catalog)


@get("/v1/encoding/storage", opt=_OWNER)
async def encoding_storage(assets: Given[Assets]) -> Storage:
    """What the object store holds, by codec and rung, as it was last measured."""
    return await assets.storage()


async def read_queue(jobs: Jobs, catalog: Catalog) -> EncodingQueue:
    """The encoding queue as it is now."""
    return queue_of(
        await jobs.line(ENCODE, SHOWN_MAX),
        await _failures(jobs),
        await jobs.counted(ENCODE),
        await jobs.crew(),
        await catalog.snapshot(),
        jobs.clock(),
    )


async def held_jobs(jobs: Jobs) -> Sequence[Job]:
    """Those that wait for a person, however long ago they failed."""
    return await jobs.list(states=[JobState.FAILED], kind=ENCODE, code=Held.code)


async def _failures(jobs: Jobs) -> Sequence[Job]:
    latest = await jobs.list(states=[JobState.FAILED], kind=ENCODE, limit=FAILED_MAX)
    return list({job.id: job for job in (*latest, *await held_jobs(jobs))}.values())


@delete("/v1/jobs/{job_id:str}", opt=_OWNER, status_code=204)
async def cancel_job(job_id: FromPath[str], jobs: Given[Jobs], catalog: Given[Catalog]) -> None:
    """Give a job up, or put away one that has ended; not one that is held, while there is its title to decide on."""
    title_id = (await jobs.get(job_id)).subject
    kept = (Held.code,) if title_id in (await catalog.snapshot()).titles else ()
    if not await jobs.put_away(job_id, but=kept):
        raise WaitsForReview(job_id, title_id)


async def _told(job: Job, catalog: Catalog) -> Activity:
    return _activities([job], await catalog.snapshot())[0]


def is_handed_on(job: Job) -> bool:
    """Whether another job has taken over: what was uploaded or rendered is being encoded."""
    return job.kind != ENCODE and job.state is JobState.DONE


def _activities(jobs: Sequence[Job], snapshot: Snapshot) -> list[Activity]:
    names = titles_of(jobs, snapshot)
    return [_activity(job, names[job.id], job.subject in snapshot.titles) for job in jobs]


def _activity(job: Job, title: str, has_title: bool) -> Activity:
    return Activity(
        id=job.id,
        kind=job.kind,
        title_id=job.subject if job.subject.startswith("title_") else "",
        title=title,
        state=job.state,
        priority=job.priority,
        stage=stage_of(job),
        stages=job.progress.stages,
        progress=fraction(job.progress),
        attempt=job.attempt,
        is_held=has_title and is_held(job),
        reason=job.reason,
        remedy=job.remedy,
        created=job.created,
        updated=job.updated,
    )


HANDLERS: Sequence[ControllerRouterHandler] = (
    list_jobs,
    retry_job,
    pause_job,
    resume_job,
    put_job_first,
    move_job,
    cancel_job,
    encoding_queue,
    encoding_storage,
)
