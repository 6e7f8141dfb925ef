"""The control loop: claims jobs, runs their handlers, keeps their leases, and hands them back when it stops.

One bad job, or a database that is away, never ends it. A handler is an async function that is given a `Lease`; it is
cancelled when the lease is lost, when a person cancels or pauses the job, and when the control stops (`Lease.ending`
says which). A priority that a person changes is in `Lease.job` within `POLL_S`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

import msgspec
from obstore.exceptions import BaseError as StoreError
from sqlalchemy.exc import InterfaceError, OperationalError

from matinee.base.errors import MatineeError, Unavailable
from matinee.work.holder import is_dead, this_holder
from matinee.work.job import RETRIES_MAX, Job, JobState, LeaseLost, Progress
from matinee.work.schedule import Schedule
from matinee.work.service import Jobs, NoSuchJob

LEASE_S = 30.0  # how long others wait for a holder on another machine that says nothing
POLL_S = 0.25  # between looks for work that another process enqueued, and for jobs that a person cancelled
REPORT_EVERY_S = 1.0  # between writes of a job's progress, unless its stage changes
AWAY_FIRST_S, AWAY_MAX_S = 0.5, 15.0  # how long to leave a database alone that does not answer
STOP_S = 10.0  # how long handlers may take to stop
URGENT_PLACES = 2
"""Places beside those of a kind, for jobs that are more urgent than every one of it that runs: nobody who was put
first waits for hours until another is done, and nothing that runs is broken off for it."""
AWAY = (OSError, OperationalError, InterfaceError, StoreError)
"""What a handler meets when the database, the object store, a disk or the scheduler is away for a while."""
AWAY_RETRIES_MAX = 12
"""Tries for a job that met one of these, without getting further in between: about half an hour of backoff."""
SAID_CHARS_MAX = 200
AWAY_REMEDY = "see that the database, the object store and the scheduler are up, then retry the job"
SETTLE_TRIES = 12  # to record how a job ended while the database is away: two minutes, then another does it again

_log = logging.getLogger(__name__)


class Ending(StrEnum):
    """Why a handler was cancelled."""

    LOST = "lost"
    CANCELLED = "cancelled"
    PAUSED = "paused"
    STOPPING = "stopping"


_ENDINGS = {JobState.CANCELLED: Ending.CANCELLED, JobState.PAUSED: Ending.PAUSED}


class Lease:
    """A job that this control holds, as its handler sees it."""

    def __init__(self, job: Job, write: Callable[[Job, Progress], Awaitable[Job]]) -> None:
        self.job = job
        self.ending: Ending | None = None
        """Why the handler is being cancelled; None until then."""
        self._write = write
        self._unwritten: Progress | None = None
        self._news = asyncio.Event()
        self._is_closed = False

    def report(self, progress: Progress) -> None:
        """Tell how far the job is; never waits. Written at once when a stage begins or ends, else once a second."""
        before = self._unwritten or self.job.progress
        self._unwritten = progress
        if _milestones(progress) != _milestones(before):
            self._news.set()

    async def flush(self) -> None:
        """Write what was reported and is not written yet."""
        progress, self._unwritten = self._unwritten, None
        if progress is None or progress == self.job.progress:
            return
        try:
            self.job = await self._write(self.job, progress)
        except Exception:
            self._unwritten = self._unwritten or progress
            raise

    async def keep_written(self) -> None:
        """Write reports as they come, until the lease is closed or lost."""
        while not self._is_closed:
            self._news.clear()
            try:
                await self.flush()
            except LeaseLost:
                return  # the control finds out by itself
            except Exception:
                _log.warning("the progress of %s could not be written", self.job.id, exc_info=True)
            await _wait(self._news, REPORT_EVERY_S)

    def close(self) -> None:
        """No more reports will come."""
        self._is_closed = True
        self._news.set()


Handler: TypeAlias = Callable[[Lease], Coroutine[Any, Any, None]]
Record: TypeAlias = Callable[[Job], Awaitable[Job]]


@dataclass(frozen=True)
class _Run:
    """A handler at work. Only `work` is ever cancelled: what comes after it, recording its end, is not."""

    lease: Lease
    work: asyncio.Task[None]

    def end(self, ending: Ending) -> None:
        if self.lease.ending is None and not self.work.done():
            _log.info("the work on %s ends: %s", self.lease.job.id, ending.value)
            self.lease.ending = ending
            self.work.cancel()


class Control:
    """Runs jobs of the kinds in `handlers`, up to `concurrency` at a time, under the name `name`.

    `at_once` holds some kinds to fewer: jobs of theirs wait in the queue and not in a place that others could have.
    `retries` has the kinds that are tried more often than `RETRIES_MAX` times while what they need is away.

    Any number of controls may share a database; `schedules` are enqueued once whoever of them comes first.
    """

    def __init__(
        self,
        jobs: Jobs,
        handlers: Mapping[str, Handler],
        *,
        name: str = "control",
        concurrency: int = 2,
        at_once: Mapping[str, int] | None = None,
        lease_s: float = LEASE_S,
        schedules: Sequence[Schedule] = (),
        retries: Mapping[str, int] | None = None,
    ) -> None:
        self.jobs, self.handlers, self.schedules = jobs, handlers, schedules
        self.retries = retries or {}
        self.concurrency, self.lease_s, self.at_once = concurrency, lease_s, at_once or {}
        self.owner = this_holder(name)
        self._running: dict[asyncio.Task[None], _Run] = {}
        self._next_upkeep = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; then handlers are cancelled and their jobs handed back."""
        away_s = AWAY_FIRST_S
        try:
            while not stop.is_set():
                try:
                    await self._turn()
                    away_s = AWAY_FIRST_S
                    await self._pause(stop)
                except Exception:
                    _log.exception("%s could not look after its jobs; next try in %.1f s", self.owner, away_s)
                    self._drop_expired()
                    await _wait(stop, away_s)
                    away_s = min(AWAY_MAX_S, away_s * 2)
        finally:
            await self._leave()

    async def _turn(self) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._next_upkeep:
            await self._upkeep()
            self._next_upkeep = now + self.lease_s / 3
        await self._drop_lost()
        while len(self._running) < self.concurrency:
            job = await self.jobs.claim(self._kinds(), self.owner, self.lease_s)
            if job is None:
                break
            self._start(job)
        await self._begin_urgent()

    async def _begin_urgent(self) -> None:
        """Where all places of a kind are taken, begin what is more urgent than all of them."""
        for kind in set(self.handlers) - set(self._kinds()):
            running = [run.lease.job.priority for run in self._running.values() if run.lease.job.kind == kind]
            if len(running) < self.at_once.get(kind, self.concurrency) + URGENT_PLACES:
                job = await self.jobs.claim([kind], self.owner, self.lease_s, above=max(running))
                if job is not None:
                    self._start(job)

    def _kinds(self) -> Sequence[str]:
        """The kinds of which another job may begin."""
        running = Counter(run.lease.job.kind for run in self._running.values())
        return [kind for kind in self.handlers if running[kind] < self.at_once.get(kind, self.concurrency)]

    async def _upkeep(self) -> None:
        """Renew what is held, say that we live, end the leases of the dead, enqueue what is due."""
        for run in list(self._running.values()):
            await self._renew(run.lease)
        await self.jobs.heartbeat(self.owner)
        for owner in await self.jobs.controls():
            if is_dead(owner):
                ended = await self.jobs.abandon(owner)
                _log.warning("%s has died; %d of its jobs go on elsewhere", owner, ended)
        await self.jobs.enqueue_due(self.schedules)

    async def _renew(self, lease: Lease) -> None:
        try:
            lease.job = await self.jobs.renew(lease.job, self.lease_s)
        except (LeaseLost, NoSuchJob):
            return  # found and dropped right after this

    async def _drop_lost(self) -> None:
        if not self._running:
            return
        held = await self.jobs.held(self.owner)
        for run in list(self._running.values()):
            attempt, priority = held.get(run.lease.job.id, (None, 0))
            if attempt == run.lease.job.attempt:
                run.lease.job = msgspec.structs.replace(run.lease.job, priority=priority)
            elif not run.work.done():
                state = await self._state_of(run.lease.job)
                run.end(_ENDINGS.get(state, Ending.LOST) if state is not None else Ending.LOST)

    def _drop_expired(self) -> None:
        """The database is away and our leases end: others that reach it may go on, so stop."""
        for run in self._running.values():
            if self.jobs.clock() >= run.lease.job.lease_expires:
                run.end(Ending.LOST)

    async def _state_of(self, job: Job) -> JobState | None:
        try:
            return (await self.jobs.get(job.id)).state
        except NoSuchJob:
            return None

    def _start(self, job: Job) -> None:
        _log.info("%s took %s (%s of %s, attempt %d)", self.owner, job.id, job.kind, job.subject, job.attempt)
        lease = Lease(job, self.jobs.report)
        run = _Run(lease, asyncio.create_task(self.handlers[job.kind](lease), name=f"{job.kind} {job.id}"))
        task = asyncio.create_task(self._see_through(run))
        self._running[task] = run
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        run = self._running.pop(task)
        self.jobs.enqueued.set()  # there is a free place: look for work at once
        if not task.cancelled() and task.exception() is not None:
            _log.error("%s was not brought to an end", run.lease.job.id, exc_info=task.exception())

    async def _see_through(self, run: _Run) -> None:
        writer = asyncio.create_task(run.lease.keep_written())
        record = await self._outcome(run)
        run.lease.close()
        await writer
        if record is not None:
            await self._settle(run.lease, record)

    async def _outcome(self, run: _Run) -> Record | None:
        """Wait for the handler; answers how to record its end, None when there is nothing of ours to record."""
        jobs, job_id = self.jobs, run.lease.job.id
        try:
            await run.work
        except asyncio.CancelledError:
            if run.lease.ending is None:
                return lambda job: jobs.fail(job, "its work was cancelled from within", f"look for {job_id} in the log")
            return jobs.release if run.lease.ending is Ending.STOPPING else None
        except MatineeError as error:
            reason, remedy, code = error.message, str(getattr(error, "remedy", "")), error.code
            _log.warning("%s did not succeed: %s", job_id, reason)
            if not isinstance(error, Unavailable):
                return lambda job: jobs.fail(job, reason, remedy, code)
            tries = int(getattr(error, "retries_max", self.retries.get(run.lease.job.kind, RETRIES_MAX)))
            return lambda job: jobs.defer(job, reason, remedy, tries, code)
        except Exception as error:
            return self._unforeseen(job_id, error)
        return jobs.finish

    def _unforeseen(self, job_id: str, error: Exception) -> Record:
        """How to record an error that no handler foresaw: a back end that is away comes back."""
        _log.exception("%s failed", job_id)
        said = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:SAID_CHARS_MAX]}"
        if isinstance(error, AWAY):
            reason = f"something that it needs is away ({said})"
            return lambda job: self.jobs.defer(job, reason, AWAY_REMEDY, AWAY_RETRIES_MAX)
        return lambda job: self.jobs.fail(job, f"unexpected {said}", f"look for {job_id} in the log")

    async def _settle(self, lease: Lease, record: Record) -> None:
        """Record how the job ended, however long the database is away, within `SETTLE_TRIES`."""
        away_s = AWAY_FIRST_S
        for _ in range(SETTLE_TRIES if lease.ending is None else 1):
            try:
                await lease.flush()
                await record(lease.job)
                return
            except (LeaseLost, NoSuchJob) as error:
                _log.info("%s: what it did is not recorded: %s", lease.job.id, error)
                return
            except Exception:
                _log.exception("the end of %s could not be recorded; next try in %.1f s", lease.job.id, away_s)
                await asyncio.sleep(away_s)
                away_s = min(AWAY_MAX_S, away_s * 2)

    async def _pause(self, stop: asyncio.Event) -> None:
        """Until there may be something to do: an enqueue in this process, a place that became free, `POLL_S`."""
        waits = [asyncio.create_task(event.wait()) for event in (stop, self.jobs.enqueued)]
        await asyncio.wait(waits, timeout=POLL_S, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        self.jobs.enqueued.clear()

    async def _leave(self) -> None:
        for run in self._running.values():
            run.end(Ending.STOPPING)
        if self._running:
            await asyncio.wait(self._running, timeout=STOP_S)
        for run in self._running.values():
            _log.error("%s did not stop within %.0f s", run.lease.job.id, STOP_S)
        try:
            await self.jobs.leave(self.owner)
        except Exception:
            _log.warning("%s could not say that it leaves", self.owner, exc_info=True)


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), timeout_s)
    except TimeoutError:
        return


def _milestones(progress: Progress) -> Sequence[tuple[str, bool, bool]]:
    """What begins and ends: changes of this are worth telling at once."""
    return [(stage.name, stage.done > 0, stage.done >= stage.total > 0) for stage in progress.stages]
