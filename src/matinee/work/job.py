"""A durable job: its values, and its whole lifecycle as a pure function (job, event) -> job.

    queued --Claim--> running --Finish--> done
       ^                 |----Fail-----> failed
       |---Release/Defer-|
       |---Retry-- failed, cancelled;   Cancel: queued, running, paused -> cancelled
       |---Resume-- paused;             Pause: queued, running -> paused

A lease is (owner, attempt, expiry). Every claim adds one to `attempt`, and every event of a lease names the attempt it
belongs to, so that a holder who was taken for dead and comes back late changes nothing (fencing). An expired lease may
be claimed by anybody; that counts as a crash of its holder, and a job whose holders keep crashing without getting
further is poison and fails. Clocks of machines that share a database must agree to within a third of a lease.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeAlias, assert_never

import msgspec

from matinee.base.errors import Conflict
from matinee.base.units import Seconds

CRASHES_MAX = 10  # holders that may die in a row, without the job getting further, before the job is to blame
RETRIES_MAX = 5  # answers of `Unavailable` in a row, without the job getting further: half a minute of backoff
BACKOFF_FIRST_S = 1.0
BACKOFF_MAX_S = 300.0
PRIORITY_MAX = 1_000  # of a job, and -PRIORITY_MAX the least: a task's priority is thousands of it


class JobState(StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


LIVE = (JobState.QUEUED, JobState.RUNNING, JobState.PAUSED)
"""At most one job of a (kind, subject) is in these states."""


class Stage(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far one stage is, in a unit of its own (frames, chunks, bytes).

    Where its units are tasks, `timed` of them took `spent_s` worker-seconds in all. `weight` is what a unit costs
    against a unit of another stage of this job of the same `family`; 0: it cannot be compared.
    """

    name: str
    done: float
    total: float
    timed: int = 0
    spent_s: float = 0.0
    weight: float = 0.0
    family: str = ""


class Progress(msgspec.Struct, frozen=True):
    """The stages of a job in their order, and a sentence about what it is doing now."""

    stages: tuple[Stage, ...] = ()
    note: str = ""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One long piece of work on one `subject` (an id). Times are Unix seconds, UTC."""

    id: str
    kind: str
    subject: str
    created: float
    updated: float
    priority: int = 0
    state: JobState = JobState.QUEUED
    payload: dict[str, Any] = msgspec.field(default_factory=dict)
    attempt: int = 0
    lease_owner: str = ""
    lease_expires: float = 0.0
    progress: Progress = Progress()
    reason: str = ""
    remedy: str = ""
    code: str = ""
    """Of the error that `reason` tells; empty where none was foreseen."""
    run_after: float = 0.0
    """A queued job is not claimed before this moment."""
    crashes: int = 0
    retries: int = 0
    furthest: float = 0.0
    """The `distance` at the setback that got furthest; going beyond it clears both counts."""


class LeaseLost(Conflict):
    """Somebody else holds the job now, or nobody: this holder must stop, and what it says is not recorded."""

    code = "lease_lost"

    def __init__(self, job_id: str, owner: str, attempt: int, state: JobState) -> None:
        super().__init__(
            f"{owner} no longer holds attempt {attempt} of {job_id}, which is {state.value}; stop its work"
        )
        self.job_id, self.owner, self.attempt, self.state = job_id, owner, attempt, state


_ALLOWED = {
    "claimed": "waiting",
    "cancelled": "queued, running or paused",
    "paused": "queued or running",
    "resumed": "paused",
    "moved": "queued, running or paused",
    "retried": "failed or cancelled",
}


class NotNow(Conflict):
    """The job's state does not allow this."""

    code = "job_state"

    def __init__(self, job_id: str, state: JobState, wanted: str) -> None:
        super().__init__(
            f"{job_id} is {state.value}, and only a {_ALLOWED[wanted]} job can be {wanted}; nothing was changed"
        )
        self.job_id, self.state, self.wanted = job_id, state, wanted


class Claim(msgspec.Struct, frozen=True):
    """`owner` takes the job for `lease_s` seconds."""

    owner: str
    lease_s: float


class Renew(msgspec.Struct, frozen=True):
    """The holder is alive and keeps the job for another `lease_s` seconds."""

    owner: str
    attempt: int
    lease_s: float


class Report(msgspec.Struct, frozen=True):
    """How far it is."""

    owner: str
    attempt: int
    progress: Progress


class Finish(msgspec.Struct, frozen=True):
    """It is done."""

    owner: str
    attempt: int


class Fail(msgspec.Struct, frozen=True):
    """It failed, and trying again will not help."""

    owner: str
    attempt: int
    reason: str
    remedy: str = ""
    code: str = ""


class Defer(msgspec.Struct, frozen=True):
    """Something it needs is away: try again after a while, `retries_max` times in all."""

    owner: str
    attempt: int
    reason: str
    remedy: str = ""
    retries_max: int = RETRIES_MAX
    code: str = ""


class Release(msgspec.Struct, frozen=True):
    """The holder stops in good order; another may go on at once."""

    owner: str
    attempt: int


class Cancel(msgspec.Struct, frozen=True):
    """A person does not want it any more."""


class Pause(msgspec.Struct, frozen=True):
    """A person wants it to rest: what is done stays, its holder stops."""


class Resume(msgspec.Struct, frozen=True):
    """A person wants a paused job to go on."""


class Move(msgspec.Struct, frozen=True):
    """A person gives it another priority, whoever holds it."""

    priority: int


class Retry(msgspec.Struct, frozen=True):
    """A person wants it once more."""


OfLease: TypeAlias = Renew | Report | Finish | Fail | Defer | Release
OfPerson: TypeAlias = Cancel | Pause | Resume | Move | Retry
Event: TypeAlias = OfLease | OfPerson | Claim


def step(job: Job, event: Event, now: Seconds) -> Job:
    """The job after `event` at `now`. Raises LeaseLost and NotNow; the job is then as it was."""
    match event:
        case Claim():
            return _claim(job, event, now)
        case Cancel() | Pause() | Resume() | Move() | Retry():
            return _of_person(job, event, now)
        case Renew() | Report() | Finish() | Fail() | Defer() | Release():
            if (job.state, job.lease_owner, job.attempt) != (JobState.RUNNING, event.owner, event.attempt):
                raise LeaseLost(job.id, event.owner, event.attempt, job.state)
            return _of_lease(job, event, now)
        case _:
            assert_never(event)


def _of_person(job: Job, event: OfPerson, now: Seconds) -> Job:
    match event:
        case Cancel():
            return _end(job, JobState.CANCELLED, now) if job.state in LIVE else _refuse(job, "cancelled")
        case Pause():
            return _pause(job, now)
        case Resume():
            return _queue(job, now) if job.state is JobState.PAUSED else _refuse(job, "resumed")
        case Move(priority=priority):
            within = max(-PRIORITY_MAX, min(PRIORITY_MAX, priority))
            return _change(job, now, priority=within) if job.state in LIVE else _refuse(job, "moved")
        case Retry():
            return _retry(job, now)
        case _:
            assert_never(event)


def _of_lease(job: Job, event: OfLease, now: Seconds) -> Job:
    match event:
        case Renew(lease_s=lease_s):
            return _change(job, now, lease_expires=now + lease_s)
        case Report(progress=progress):
            return _change(job, now, progress=progress, reason="", remedy="", code="")
        case Finish():
            return _end(job, JobState.DONE, now)
        case Fail():
            return _end(job, JobState.FAILED, now, event.reason, event.remedy, event.code)
        case Defer():
            return _defer(job, event, now)
        case Release():
            return _queue(job, now)
        case _:
            assert_never(event)


def is_claimable(job: Job, now: Seconds) -> bool:
    """Whether anybody may claim it: it waits and its time has come, or its holder was not heard of in time."""
    if job.state is JobState.QUEUED:
        return job.run_after <= now
    return job.state is JobState.RUNNING and job.lease_expires <= now


def distance(progress: Progress) -> float:
    """How far the work is: 1 for each finished stage. New stages never make it less."""
    return sum(min(1.0, stage.done / stage.total) for stage in progress.stages if stage.total > 0)


def fraction(progress: Progress) -> float:
    """How much of the stages known so far is done, 0 to 1; those with nothing to do do not count."""
    stages = sum(stage.total > 0 for stage in progress.stages)
    return distance(progress) / stages if stages else 0.0


def backoff_s(retries: int) -> float:
    """How long to wait after the `retries`-th answer of `Unavailable` in a row: 1, 2, 4 ... 300 seconds."""
    return float(min(BACKOFF_MAX_S, BACKOFF_FIRST_S * 2 ** min(retries - 1, 32)))


def _claim(job: Job, event: Claim, now: Seconds) -> Job:
    if not is_claimable(job, now):
        return _refuse(job, "claimed")
    if job.state is JobState.RUNNING:
        job = _setback(job, crashes=job.crashes + 1)
    if job.crashes >= CRASHES_MAX:
        reason = f"the process that worked on it died {job.crashes} times in a row without getting further"
        return _end(job, JobState.FAILED, now, reason, "look at the log for what kills it, then retry the job")
    return _change(
        job,
        now,
        state=JobState.RUNNING,
        attempt=job.attempt + 1,
        lease_owner=event.owner,
        lease_expires=now + event.lease_s,
        run_after=0.0,
    )


def _defer(job: Job, event: Defer, now: Seconds) -> Job:
    job = _setback(job, retries=job.retries + 1)
    if job.retries >= event.retries_max:
        return _end(job, JobState.FAILED, now, event.reason, event.remedy, event.code)
    waits = backoff_s(job.retries)
    why = {"reason": event.reason, "remedy": event.remedy, "code": event.code}
    return _change(_queue(job, now), now, run_after=now + waits, **why)


def _setback(job: Job, *, crashes: int | None = None, retries: int | None = None) -> Job:
    reached = distance(job.progress)
    if reached > job.furthest:
        return msgspec.structs.replace(
            job, furthest=reached, crashes=int(crashes is not None), retries=int(retries is not None)
        )
    return msgspec.structs.replace(
        job,
        crashes=job.crashes if crashes is None else crashes,
        retries=job.retries if retries is None else retries,
    )


def _pause(job: Job, now: Seconds) -> Job:
    if job.state not in (JobState.QUEUED, JobState.RUNNING):
        return job if job.state is JobState.PAUSED else _refuse(job, "paused")
    return _change(_queue(job, now), now, state=JobState.PAUSED, run_after=0.0)


def _retry(job: Job, now: Seconds) -> Job:
    if job.state not in (JobState.FAILED, JobState.CANCELLED):
        return _refuse(job, "retried")
    counts = {"crashes": 0, "retries": 0, "furthest": 0.0, "run_after": 0.0}
    return _change(_queue(job, now), now, **counts, reason="", remedy="", code="")


def _queue(job: Job, now: Seconds) -> Job:
    return _change(job, now, state=JobState.QUEUED, lease_owner="", lease_expires=0.0)


def _end(job: Job, state: JobState, now: Seconds, reason: str = "", remedy: str = "", code: str = "") -> Job:
    return _change(job, now, state=state, lease_owner="", lease_expires=0.0, reason=reason, remedy=remedy, code=code)


def _refuse(job: Job, wanted: str) -> Job:
    raise NotNow(job.id, job.state, wanted)


def _change(job: Job, now: Seconds, **fields: Any) -> Job:
    return msgspec.structs.replace(job, updated=float(now), **fields)
