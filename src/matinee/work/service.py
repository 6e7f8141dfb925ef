"""Durable jobs in the database: load the row under a lock, let `job.step` decide, save.

Atomic on SQLite, where a writing transaction has the file to itself (BEGIN IMMEDIATE), and on PostgreSQL, where the row
is locked (FOR UPDATE, and SKIP LOCKED where any other row will do). An answer that was given is durable.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import Select, Table, and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from matinee.base.clock import Clock
from matinee.base.database import reading, writing
from matinee.base.errors import NotFound, Unavailable
from matinee.base.ids import new_id
from matinee.base.units import Seconds
from matinee.work import tables
from matinee.work.crew import CREW_SILENT_S, Crew, merged
from matinee.work.job import (
    LIVE,
    RETRIES_MAX,
    Cancel,
    Claim,
    Defer,
    Event,
    Fail,
    Finish,
    Job,
    JobState,
    Move,
    Pause,
    Progress,
    Release,
    Renew,
    Report,
    Resume,
    Retry,
    step,
)
from matinee.work.schedule import Schedule, is_due

CONTROL_SILENT_S = 60.0  # a control that has not been heard of for this long is not counted as alive
ENQUEUE_TRIES = 5  # each one lost means that the live job ended between our insert and our look
LIST_MAX = 1_000  # jobs in one answer


class NoSuchJob(NotFound):
    """No job has that id."""

    code = "no_such_job"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"there is no job {job_id}; `matinee jobs` lists those that there are")
        self.job_id = job_id


class JobsContended(Unavailable):
    """Others kept ending the live job while it was being enqueued."""

    code = "jobs_contended"


@dataclass(frozen=True)
class Jobs:
    """Durable jobs. Methods that take a `Job` speak for its lease and raise LeaseLost once another holds it."""

    engine: AsyncEngine
    clock: Clock
    enqueued: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when this process enqueues something, so that its control does not wait for the next poll."""

    async def enqueue(self, kind: str, subject: str, payload: dict[str, Any] | None = None, priority: int = 0) -> Job:
        """The live job of (kind, subject), made if there is none; one that ended does not count."""
        job = _new_job(kind, subject, payload or {}, priority, self.clock())
        for _ in range(ENQUEUE_TRIES):
            async with writing(self.engine) as connection:
                kept = await _enqueue(connection, job)
            if kept is not None:
                self.enqueued.set()
                return kept
        raise JobsContended(f"{kind} of {subject} could not be enqueued in {ENQUEUE_TRIES} tries; try again")

    async def claim(self, kinds: Collection[str], owner: str, lease_s: float, above: int | None = None) -> Job | None:
        """The claimable job of highest priority, oldest first, now leased to `owner`; None when there is none.

        With `above`, only one of a higher priority than that.

        Jobs whose lease has expired are claimable too; those that are poison fail on the way.
        """
        while await self._has_claimable(kinds, above):  # an idle look never waits for a writer, nor makes one wait
            async with writing(self.engine) as connection:
                now = self.clock()
                found = await _first_claimable(connection, kinds, now, above)
                if found is None:
                    return None
                job = step(found, Claim(owner, lease_s), now)
                await _save(connection, job)
            if job.state is JobState.RUNNING:
                return job
        return None

    async def renew(self, job: Job, lease_s: float) -> Job:
        """Keep the lease for another `lease_s` seconds."""
        return await self._step(job.id, Renew(job.lease_owner, job.attempt, lease_s))

    async def report(self, job: Job, progress: Progress) -> Job:
        """Keep how far it is."""
        return await self._step(job.id, Report(job.lease_owner, job.attempt, progress))

    async def finish(self, job: Job) -> Job:
        """It is done."""
        return await self._step(job.id, Finish(job.lease_owner, job.attempt))

    async def fail(self, job: Job, reason: str, remedy: str = "", code: str = "") -> Job:
        """It failed for good (until a person retries it)."""
        return await self._step(job.id, Fail(job.lease_owner, job.attempt, reason, remedy, code))

    async def defer(
        self, job: Job, reason: str, remedy: str = "", retries_max: int = RETRIES_MAX, code: str = ""
    ) -> Job:
        """Something it needs is away: queued again after a backoff, failed after `retries_max` of these in a row."""
        return await self._step(job.id, Defer(job.lease_owner, job.attempt, reason, remedy, retries_max, code))

    async def release(self, job: Job) -> Job:
        """Hand it back in good order; it is claimable at once."""
        return await self._step(job.id, Release(job.lease_owner, job.attempt))

    async def cancel(self, job_id: str) -> Job:
        """Stop it: a holder learns so at its next poll. Raises NotNow for a job that has ended."""
        return await self._step(job_id, Cancel())

    async def pause(self, job_id: str) -> Job:
        """Let it rest until it is resumed; a holder learns so at its next poll. Raises NotNow for one that ended."""
        return await self._step(job_id, Pause())

    async def resume(self, job_id: str) -> Job:
        """Let a paused job go on. Raises NotNow for any other."""
        job = await self._step(job_id, Resume())
        self.enqueued.set()
        return job

    async def move(self, job_id: str, priority: int) -> Job:
        """Give a live job another priority, also while it runs. Raises NotNow for one that has ended."""
        job = await self._step(job_id, Move(priority))
        self.enqueued.set()
        return job

    async def put_first(self, job_id: str) -> Job:
        """Give it a higher priority than every other live job of its kind has. Raises NotNow for one that ended."""
        jobs = tables.jobs.c
        async with writing(self.engine) as connection:
            job = await _locked(connection, job_id)
            others = (jobs.kind == job.kind, jobs.id != job.id, jobs.state.in_([state.value for state in LIVE]))
            highest = (await connection.execute(select(func.max(jobs.priority)).where(*others))).scalar()
            first = job.priority if highest is None or highest < job.priority else highest + 1
            job = step(job, Move(first), self.clock())
            await _save(connection, job)
        self.enqueued.set()
        return job

    async def retry(self, job_id: str) -> Job:
        """Queue a failed or cancelled job again, or answer the live one that has taken its place."""
        async with writing(self.engine) as connection:
            job = step(await _locked(connection, job_id), Retry(), self.clock())
            live = await _first(connection, _live(job.kind, job.subject))
            if live is not None:
                return live
            await _save(connection, job)
        self.enqueued.set()
        return job

    async def put_away(self, job_id: str, but: Collection[str] = ()) -> bool:
        """Cancel a live job; forget one that has ended, but not one that failed with a code of `but`; answers whether
        anything was done. Raises NoSuchJob."""
        async with writing(self.engine) as connection:
            job = await _locked(connection, job_id)
            if job.state in LIVE:
                await _save(connection, step(job, Cancel(), self.clock()))
                return True
            is_kept = job.state is JobState.FAILED and job.code in but
            if not is_kept:
                await connection.execute(delete(tables.jobs).where(tables.jobs.c.id == job_id))
            return not is_kept

    async def get(self, job_id: str) -> Job:
        """One job. Raises NoSuchJob."""
        async with reading(self.engine) as connection:
            job = await _first(connection, select(tables.jobs).where(tables.jobs.c.id == job_id))
        if job is None:
            raise NoSuchJob(job_id)
        return job

    async def find(self, kind: str, subject: str) -> Job | None:
        """The live job of (kind, subject), else its latest, else None."""
        jobs = tables.jobs.c
        mine = select(tables.jobs).where(jobs.kind == kind, jobs.subject == subject)
        async with reading(self.engine) as connection:
            live = await _first(connection, _live(kind, subject))
            return live or await _first(connection, mine.order_by(jobs.created.desc(), jobs.id.desc()).limit(1))

    async def list(
        self,
        *,
        states: Collection[JobState] = (),
        kind: str = "",
        subject: str = "",
        code: str = "",
        limit: int = LIST_MAX,
    ) -> Sequence[Job]:
        """Jobs in `states` (all when empty), of `kind`, `subject` and `code` where given, the latest change first."""
        jobs = tables.jobs.c
        query = select(tables.jobs).order_by(jobs.updated.desc(), jobs.id.desc()).limit(min(limit, LIST_MAX))
        if states:
            query = query.where(jobs.state.in_([state.value for state in states]))
        if kind:
            query = query.where(jobs.kind == kind)
        if subject:
            query = query.where(jobs.subject == subject)
        if code:
            query = query.where(jobs.code == code)
        async with reading(self.engine) as connection:
            return [_job(row) for row in await connection.execute(query)]

    async def payloads(self, kind: str, states: Collection[JobState]) -> Sequence[dict[str, Any]]:
        """What every job of `kind` in `states` is about, however many there are."""
        jobs = tables.jobs.c
        query = select(jobs.payload).where(jobs.kind == kind, jobs.state.in_([state.value for state in states]))
        async with reading(self.engine) as connection:
            return [row.payload for row in await connection.execute(query)]

    async def held(self, owner: str) -> dict[str, tuple[int, int]]:
        """What `owner` holds now: the attempt and the priority of each job, by its id."""
        jobs = tables.jobs.c
        mine = (jobs.state == JobState.RUNNING.value, jobs.lease_owner == owner)
        query = select(jobs.id, jobs.attempt, jobs.priority).where(*mine)
        async with reading(self.engine) as connection:
            return {row.id: (row.attempt, row.priority) for row in await connection.execute(query)}

    async def abandon(self, owner: str) -> int:
        """End the leases of a holder that is known to be dead, so that nobody waits for them; answers how many."""
        jobs = tables.jobs.c
        expire = update(tables.jobs).where(jobs.state == JobState.RUNNING.value, jobs.lease_owner == owner)
        async with writing(self.engine) as connection:
            ended = await connection.execute(expire.values(lease_expires=0.0))
            await connection.execute(delete(tables.controls).where(tables.controls.c.name == owner))
            return ended.rowcount

    async def heartbeat(self, owner: str) -> None:
        """Say that the control `owner` is alive."""
        async with writing(self.engine) as connection:
            await connection.execute(delete(tables.controls).where(tables.controls.c.name == owner))
            await connection.execute(insert(tables.controls).values(name=owner, heartbeat=float(self.clock())))

    async def leave(self, owner: str) -> None:
        """Say that the control `owner` has ended in good order."""
        async with writing(self.engine) as connection:
            await connection.execute(delete(tables.controls).where(tables.controls.c.name == owner))
            await connection.execute(delete(tables.crews).where(tables.crews.c.control == owner))

    async def tell_crew(self, owner: str, crew: Crew) -> None:
        """Keep what the control `owner` says of its workers; what others said long ago goes."""
        told, row = tables.crews, {"control": owner, "at": crew.at, "document": msgspec.to_builtins(crew)}
        async with writing(self.engine) as connection:
            stale = or_(told.c.control == owner, told.c.at < crew.at - CREW_SILENT_S)
            await connection.execute(delete(told).where(stale))
            await connection.execute(insert(told).values(row))

    async def crew(self) -> Crew:
        """All workers of all controls, as they were told of last."""
        async with reading(self.engine) as connection:
            rows = await connection.execute(select(tables.crews.c.document))
            crews = [msgspec.convert(row.document, Crew) for row in rows]
        return merged(crews, self.clock())

    async def line(self, kind: str, limit: int = LIST_MAX) -> Sequence[Job]:
        """The live jobs of `kind` in the order in which they are worked on: what runs, then by priority and age."""
        jobs = tables.jobs.c
        mine = select(tables.jobs).where(jobs.kind == kind, jobs.state.in_([state.value for state in LIVE]))
        waits = jobs.state != JobState.RUNNING.value
        query = mine.order_by(waits, jobs.priority.desc(), jobs.created, jobs.id).limit(min(limit, LIST_MAX))
        async with reading(self.engine) as connection:
            return [_job(row) for row in await connection.execute(query)]

    async def counted(self, kind: str) -> dict[JobState, int]:
        """How many jobs of `kind` there are in each state."""
        jobs = tables.jobs.c
        query = select(jobs.state, func.count()).where(jobs.kind == kind).group_by(jobs.state)
        async with reading(self.engine) as connection:
            rows = (await connection.execute(query)).all()
        return dict.fromkeys(JobState, 0) | {JobState(state): count for state, count in rows}

    async def controls(self) -> dict[str, float]:
        """When each control was last heard of, by its name; those that ended in good order are not in it."""
        async with reading(self.engine) as connection:
            rows = await connection.execute(select(tables.controls))
            return {row.name: row.heartbeat for row in rows}

    async def live_controls(self, now: Seconds) -> Sequence[str]:
        """The controls that were heard of in the last `CONTROL_SILENT_S`."""
        return sorted(name for name, seen in (await self.controls()).items() if seen > now - CONTROL_SILENT_S)

    async def enqueue_due(self, schedules: Sequence[Schedule]) -> Sequence[str]:
        """Enqueue what is due, remembering so in the same transaction; answers the names of those schedules."""
        known = select(tables.schedules)
        async with reading(self.engine) as connection:
            last = {row.name: Seconds(row.last_run) for row in await connection.execute(known)}
        maybe = [one for one in schedules if one.name not in last or is_due(one, last[one.name], self.clock())]
        return [one.name for one in maybe if await self._enqueue_if_due(one)]

    async def prune(self, before: Seconds, but: Collection[str] = (), done: Collection[str] = ()) -> int:
        """Forget jobs that ended before `before`; answers how many.

        Those that failed with a code of `but` stay, and of the kinds `done` those that are done.
        """
        jobs = tables.jobs.c
        ended = and_(
            jobs.state.not_in([state.value for state in LIVE]),
            jobs.updated < before,
            or_(jobs.state != JobState.FAILED.value, jobs.code.not_in(but)),
            or_(jobs.state != JobState.DONE.value, jobs.kind.not_in(done)),
        )
        async with writing(self.engine) as connection:
            return (await connection.execute(delete(tables.jobs).where(ended))).rowcount

    async def _enqueue_if_due(self, schedule: Schedule) -> bool:
        known, now = tables.schedules, self.clock()
        job = _new_job(schedule.kind, schedule.subject, schedule.payload, schedule.priority, now)
        async with writing(self.engine) as connection:
            if await _is_inserted(connection, known, {"name": schedule.name, "last_run": float(now)}):
                return False  # it begins now: nothing of before is made up for
            mine = known.c.name == schedule.name
            last = (await connection.execute(select(known.c.last_run).where(mine).with_for_update())).scalar_one()
            if not is_due(schedule, last, now):
                return False
            await connection.execute(update(known).where(mine).values(last_run=float(now)))
            await _enqueue(connection, job)
        self.enqueued.set()
        return True

    async def _has_claimable(self, kinds: Collection[str], above: int | None) -> bool:
        either = or_(*(exists(query) for query in _claimable(kinds, self.clock(), above)))
        async with reading(self.engine) as connection:
            return bool((await connection.execute(select(either))).scalar())

    async def _step(self, job_id: str, event: Event) -> Job:
        async with writing(self.engine) as connection:
            job = step(await _locked(connection, job_id), event, self.clock())
            await _save(connection, job)
        return job


async def _enqueue(connection: AsyncConnection, job: Job) -> Job | None:
    """Insert `job`, or answer the live one of its (kind, subject); None if that ended meanwhile: try again."""
    if await _is_inserted(connection, tables.jobs, _row(job)):
        return job
    return await _first(connection, _live(job.kind, job.subject))


async def _is_inserted(connection: AsyncConnection, table: Table, row: dict[str, Any]) -> bool:
    """Insert `row` unless a unique index has one like it; answers whether it did."""
    # Each dialect has its own ON CONFLICT; the one in use is loaded already, and the other one is never needed.
    dialect: Any = importlib.import_module(f"sqlalchemy.dialects.{connection.dialect.name}")
    insertion = dialect.insert(table).values(row).on_conflict_do_nothing().returning(*table.primary_key.columns)
    return (await connection.execute(insertion)).first() is not None


def _new_job(kind: str, subject: str, payload: dict[str, Any], priority: int, now: Seconds) -> Job:
    return Job(
        id=new_id("job"),
        kind=kind,
        subject=subject,
        payload=payload,
        priority=priority,
        created=float(now),
        updated=float(now),
    )


def _live(kind: str, subject: str) -> Select[Any]:
    jobs = tables.jobs.c
    live = jobs.state.in_([state.value for state in LIVE])
    return select(tables.jobs).where(jobs.kind == kind, jobs.subject == subject, live)


def _claimable(kinds: Collection[str], now: Seconds, above: int | None) -> Sequence[Select[Any]]:
    """What waits and what has an expired lease: one query for each, so that both can follow the index."""
    jobs = tables.jobs.c
    waits = and_(jobs.state == JobState.QUEUED.value, jobs.run_after <= now)
    expired = and_(jobs.state == JobState.RUNNING.value, jobs.lease_expires <= now)
    first = select(tables.jobs).order_by(jobs.priority.desc(), jobs.created, jobs.id).limit(1)
    if above is not None:
        first = first.where(jobs.priority > above)
    return [first.where(condition, jobs.kind.in_(kinds)) for condition in (waits, expired)]


async def _first_claimable(
    connection: AsyncConnection, kinds: Collection[str], now: Seconds, above: int | None
) -> Job | None:
    queries = [query.with_for_update(skip_locked=True) for query in _claimable(kinds, now, above)]
    found = [job for query in queries if (job := await _first(connection, query))]
    return min(found, key=lambda job: (-job.priority, job.created, job.id), default=None)


async def _locked(connection: AsyncConnection, job_id: str) -> Job:
    job = await _first(connection, select(tables.jobs).where(tables.jobs.c.id == job_id).with_for_update())
    if job is None:
        raise NoSuchJob(job_id)
    return job


async def _first(connection: AsyncConnection, query: Select[Any]) -> Job | None:
    row = (await connection.execute(query)).first()
    return None if row is None else _job(row)


async def _save(connection: AsyncConnection, job: Job) -> None:
    await connection.execute(update(tables.jobs).where(tables.jobs.c.id == job.id).values(_row(job)))


def _job(row: Any) -> Job:
    return msgspec.convert(row, Job, from_attributes=True)


def _row(job: Job) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.to_builtins(job)
    return row
