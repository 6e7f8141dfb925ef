"""Films on their way: what the home page says of a title whose job has not made it playable yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec

from matinee.base.units import Seconds
from matinee.catalog.snapshot import Snapshot
from matinee.catalog.title import Kind, Picture, Title, is_playable
from matinee.work.job import LIVE, Job, JobState, fraction

PACE_FROM_S = 3.0  # an estimate from less than this swings too much to be shown
PACES_MAX = 1_000  # jobs whose pace is remembered

Eta: TypeAlias = Callable[[Job, Seconds], float | None]


class Preparing(msgspec.Struct, frozen=True, kw_only=True):
    """A job on its way to a title; `eta_s` is None while nobody can say. `reason`, `remedy`: why it failed or waits.

    `title_id` is empty until the file is in; until then `kind` is a film unless the job says that it is of a show.
    """

    title_id: str
    job_id: str
    kind: Kind
    title: str
    state: JobState
    stage: str
    progress: float
    eta_s: float | None
    reason: str
    remedy: str
    poster: Picture | None


@dataclass(frozen=True)
class Pace:
    """Remembers where each attempt of a job was first seen, and so knows how fast it goes."""

    seen: dict[tuple[str, int], tuple[float, float]] = field(default_factory=dict)

    def eta_s(self, job: Job, now: Seconds) -> float | None:
        """Seconds until `job` is done, None while it is not known."""
        if job.state is not JobState.RUNNING:
            return None
        if len(self.seen) >= PACES_MAX:
            self.seen.clear()
        done = fraction(job.progress)
        began, first = self.seen.setdefault((job.id, job.attempt), (float(now), done))
        if now - began < PACE_FROM_S or done <= first:
            return None
        return (1.0 - done) * (now - began) / (done - first)


def preparing_of(jobs: Iterable[Job], snapshot: Snapshot, now: Seconds, eta: Eta) -> tuple[Preparing, ...]:
    """All that is being prepared: running first, then waiting, then paused; one entry a title, of its latest job."""
    latest: dict[str, Job] = {}
    for job in sorted(jobs, key=lambda job: job.created):
        latest[job.subject] = job
    shown = [job for job in latest.values() if _is_shown(job, snapshot.titles.get(job.subject))]
    shown.sort(key=lambda job: (_ORDER[job.state], -job.priority, job.created, job.id))
    coming = [_preparing(job, snapshot, now, eta) for job in shown]
    # For a moment both the job that made a film and the one that encodes it are at work.
    taken_in = {each.title for each in coming if each.title_id}
    return tuple(each for each in coming if each.title_id or each.title not in taken_in)


_ORDER = {state: rank for rank, state in enumerate((JobState.RUNNING, JobState.QUEUED, JobState.PAUSED))}


def stage_of(job: Job) -> str:
    """The name of the first stage that is not done, empty when there is none."""
    return next((stage.name for stage in job.progress.stages if stage.done < stage.total), "")


def _is_shown(job: Job, title: Title | None) -> bool:
    if title is not None and is_playable(title):
        return False
    return job.state in LIVE


def _preparing(job: Job, snapshot: Snapshot, now: Seconds, eta: Eta) -> Preparing:
    title = snapshot.titles.get(job.subject)
    return Preparing(
        title_id=title.id if title is not None else "",
        job_id=job.id,
        kind=title.kind if title is not None else "episode" if job.payload.get("show") else "film",
        title=_name(title, job, snapshot),
        state=job.state,
        stage=stage_of(job),
        progress=fraction(job.progress),
        eta_s=eta(job, now),
        reason=job.reason,
        remedy=job.remedy,
        poster=title.poster if title is not None else None,
    )


def _name(title: Title | None, job: Job, snapshot: Snapshot) -> str:
    if title is None:
        return str(job.payload.get("title") or job.payload.get("name") or job.subject)
    show = snapshot.titles.get(title.show_id or "")
    return f"{show.title}: {title.title}" if show is not None else title.title


def titles_of(jobs: Sequence[Job], snapshot: Snapshot) -> dict[str, str]:
    """What to call the subject of each job, by job id."""
    return {job.id: _name(snapshot.titles.get(job.subject), job, snapshot) for job in jobs}
