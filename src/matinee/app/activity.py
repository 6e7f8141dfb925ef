"""HTTP of what the service is doing: its jobs, with a way to try one again or to give it up."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from matinee.app.ingest import FILM_KINDS, Ingest
from matinee.base.given import Given
from matinee.catalog.service import Catalog
from matinee.discovery.preparing import stage_of, titles_of
from matinee.encoding.plan import KIND as ENCODE
from matinee.work.job import Job, JobState, Stage, fraction
from matinee.work.service import Jobs

_OWNER = {"access": "owner"}


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """A job as people see it; `progress` is 0 to 1."""

    id: str
    kind: str
    title_id: str
    title: str
    state: JobState
    stage: str
    stages: tuple[Stage, ...]
    progress: float
    attempt: int
    reason: str
    remedy: str
    created: float
    updated: float


@get("/v1/jobs", opt=_OWNER)
async def list_jobs(jobs: Given[Jobs], catalog: Given[Catalog]) -> list[Activity]:
    """The jobs that are about films, the one that changed last first."""
    found = [job for job in await jobs.list() if job.kind in FILM_KINDS and not is_handed_on(job)]
    names = titles_of(found, await catalog.snapshot())
    return [_activity(job, names[job.id]) for job in found]


@post("/v1/jobs/{job_id:str}/retry", opt=_OWNER, status_code=200)
async def retry_job(job_id: FromPath[str], ingest: Given[Ingest], catalog: Given[Catalog]) -> Activity:
    """Try a job again that failed or was given up."""
    job = await ingest.retry(job_id)
    return _activity(job, titles_of([job], await catalog.snapshot())[job.id])


@delete("/v1/jobs/{job_id:str}", opt=_OWNER, status_code=204)
async def cancel_job(job_id: FromPath[str], jobs: Given[Jobs]) -> None:
    """Give a job up, or put away one that has ended."""
    await jobs.put_away(job_id)


def is_handed_on(job: Job) -> bool:
    """Whether another job has taken over: what was uploaded or rendered is being encoded."""
    return job.kind != ENCODE and job.state is JobState.DONE


def _activity(job: Job, title: str) -> Activity:
    return Activity(
        id=job.id,
        kind=job.kind,
        title_id=job.subject if job.subject.startswith("title_") else "",
        title=title,
        state=job.state,
        stage=stage_of(job),
        stages=job.progress.stages,
        progress=fraction(job.progress),
        attempt=job.attempt,
        reason=job.reason,
        remedy=job.remedy,
        created=job.created,
        updated=job.updated,
    )


HANDLERS: Sequence[ControllerRouterHandler] = (list_jobs, retry_job, cancel_job)
