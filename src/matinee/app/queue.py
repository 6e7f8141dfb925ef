"""The encoding queue as an operator sees it: every title with its stages and when it will be done, and who works.

Pure: a value of jobs, of what workers say, and of the catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from matinee.base.units import Seconds
from matinee.catalog.snapshot import Snapshot
from matinee.catalog.title import Picture
from matinee.discovery.preparing import stage_of, titles_of
from matinee.encoding.qc.quality import Held
from matinee.work.crew import Crew
from matinee.work.eta import etas_s, left_s, stage_etas_s
from matinee.work.job import LIVE, Job, JobState, Stage, fraction

SHOWN_MAX = 200
"""Titles in one answer: those that run, then those whose turn is next."""
FAILED_MAX = 50
"""Of those that wait for a person, all."""


class QueuedStage(msgspec.Struct, frozen=True, kw_only=True):
    """A stage of a title; a rung is one. `eta_s` is None while nobody can say."""

    name: str
    done: float
    total: float
    is_rung: bool
    eta_s: float | None
    mean_s: float | None
    """Worker-seconds that one of its tasks takes, as measured."""


class QueuedTitle(msgspec.Struct, frozen=True, kw_only=True):
    """A title's job in the queue; `progress` is 0 to 1, times are Unix seconds."""

    job_id: str
    title_id: str
    title: str
    still: Picture | None
    state: JobState
    priority: int
    stage: str
    stages: tuple[QueuedStage, ...]
    progress: float
    eta_s: float | None
    left_s: float | None
    """Worker-seconds that are left."""
    attempt: int
    is_held: bool
    """Whether it waits until somebody decides on its report."""
    reason: str
    remedy: str
    created: float
    updated: float


class BusyWorker(msgspec.Struct, frozen=True, kw_only=True):
    """A worker and what it is doing, in the catalogue's words; `title` is empty while it waits."""

    name: str
    host: str
    cores: int
    memory_bytes: int
    encoders: tuple[str, ...]
    is_leaving: bool
    title_id: str
    title: str
    stage: str
    since_s: float


class EncodingQueue(msgspec.Struct, frozen=True, kw_only=True):
    """The queue at the Unix time `at`. Counts are of all; `titles` and `failed` are the first of them."""

    at: float
    running: int
    waiting: int
    paused: int
    failed_count: int
    workers_total: int
    workers_busy: int
    tasks_waiting: int
    eta_s: float | None
    """Until everything is done; None while nobody can say, or some titles are not in the answer."""
    titles: tuple[QueuedTitle, ...]
    failed: tuple[QueuedTitle, ...]
    workers: tuple[BusyWorker, ...]


def is_held(job: Job) -> bool:
    """Whether a job waits until somebody decides on its title's report."""
    return job.state is JobState.FAILED and job.code == Held.code


def queue_of(
    line: Sequence[Job],
    failed: Sequence[Job],
    counts: Mapping[JobState, int],
    crew: Crew,
    snapshot: Snapshot,
    now: Seconds,
) -> EncodingQueue:
    """The queue: `line` and `failed` are the jobs that are shown, `counts` how many of each state there are."""
    etas = etas_s(line, crew.total)
    names = titles_of([*line, *failed], snapshot)
    titles = tuple(_queued(job, names, etas[job.id], crew.total, snapshot) for job in line)
    return EncodingQueue(
        at=float(now),
        running=counts[JobState.RUNNING],
        waiting=counts[JobState.QUEUED],
        paused=counts[JobState.PAUSED],
        failed_count=counts[JobState.FAILED],
        workers_total=crew.total,
        workers_busy=crew.busy,
        tasks_waiting=crew.waiting,
        eta_s=_all_done_s(titles, sum(counts[state] for state in LIVE)),
        titles=titles,
        failed=tuple(_queued(job, names, None, 0, snapshot) for job in failed),
        workers=_workers(crew, snapshot),
    )


def _all_done_s(titles: Sequence[QueuedTitle], live: int) -> float | None:
    """The latest of all, if every one is known; those that are paused are not waited for."""
    etas = [title.eta_s for title in titles if title.state is not JobState.PAUSED]
    known = [eta for eta in etas if eta is not None]
    return max(known) if known and len(known) == len(etas) and len(titles) == live else None


def _queued(job: Job, names: Mapping[str, str], eta_s: float | None, workers: int, snapshot: Snapshot) -> QueuedTitle:
    title = snapshot.titles.get(job.subject)
    return QueuedTitle(
        job_id=job.id,
        title_id=title.id if title is not None else "",
        title=names[job.id],
        still=(title.still or title.poster) if title is not None else None,
        state=job.state,
        priority=job.priority,
        stage=stage_of(job),
        stages=_stages(job, eta_s, workers),
        progress=fraction(job.progress),
        eta_s=eta_s,
        left_s=left_s(job),
        attempt=job.attempt,
        is_held=title is not None and is_held(job),
        reason=job.reason,
        remedy=job.remedy,
        created=job.created,
        updated=job.updated,
    )


def _stages(job: Job, eta_s: float | None, workers: int) -> tuple[QueuedStage, ...]:
    etas = stage_etas_s(job, eta_s, workers)
    return tuple(_stage(stage, eta) for stage, eta in zip(job.progress.stages, etas, strict=True))


def _stage(stage: Stage, eta_s: float | None) -> QueuedStage:
    return QueuedStage(
        name=stage.name,
        done=stage.done,
        total=stage.total,
        is_rung=stage.weight > 0,
        eta_s=eta_s,
        mean_s=stage.spent_s / stage.timed if stage.timed else None,
    )


def _workers(crew: Crew, snapshot: Snapshot) -> tuple[BusyWorker, ...]:
    workers = []
    for worker in crew.workers:
        subject, _, stage = worker.doing.partition(" ")
        title = snapshot.titles.get(subject)
        workers.append(
            BusyWorker(
                name=worker.name,
                host=worker.host,
                cores=worker.cores,
                memory_bytes=worker.memory_bytes,
                encoders=worker.encoders,
                is_leaving=worker.is_leaving,
                title_id=title.id if title is not None else "",
                title=title.title if title is not None else subject,
                stage=stage,
                since_s=worker.since_s,
            )
        )
    return tuple(workers)
