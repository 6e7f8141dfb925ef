"""The control loop: what becomes of jobs whose handlers succeed, fail, hang, are cancelled or lose their process."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from obstore.exceptions import GenericError
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from matinee.base.clock import system_clock
from matinee.base.errors import Invalid, Unavailable
from matinee.base.units import Seconds
from matinee.work.control import Control, Ending, Handler, Lease
from matinee.work.job import CRASHES_MAX, Job, JobState, Progress, Stage
from matinee.work.schedule import Schedule
from matinee.work.service import Jobs

PROGRAM = Path(__file__).parent / "control_process.py"
DEADLINE_S = 60  # of a test that waits for something which never comes


@asynccontextmanager
async def running(jobs: Jobs, handler: Handler, lease_s: float = 30.0, concurrency: int = 2) -> AsyncIterator[None]:
    stop = asyncio.Event()
    control = Control(jobs, {"encode": handler}, lease_s=lease_s, concurrency=concurrency)
    task = asyncio.create_task(control.run(stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, DEADLINE_S)


async def until(jobs: Jobs, job: Job, is_so: Callable[[Job], bool]) -> Job:
    async with asyncio.timeout(DEADLINE_S):
        while True:
            now = await jobs.get(job.id)
            if is_so(now):
                return now
            await asyncio.sleep(0.02)


def has_ended(job: Job) -> bool:
    return job.state in (JobState.DONE, JobState.FAILED)


async def hang(lease: Lease) -> None:
    await asyncio.Event().wait()


@asynccontextmanager
async def process(engine: AsyncEngine, handler: str, lease_s: float = 30.0) -> AsyncIterator[Process]:
    url = engine.url.render_as_string(hide_password=False)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    child = await asyncio.create_subprocess_exec(
        sys.executable, str(PROGRAM), url, handler, str(lease_s), stdout=PIPE, env=environment
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.communicate()


async def line(child: Process) -> str:
    assert child.stdout is not None
    return (await asyncio.wait_for(child.stdout.readline(), DEADLINE_S)).decode().strip()


async def test_a_handler_that_returns_finishes_its_job(jobs_now: Jobs) -> None:
    async def report(lease: Lease) -> None:
        lease.report(Progress((Stage("encode", 3, 3),)))

    async with running(jobs_now, report):
        job = await until(jobs_now, await jobs_now.enqueue("encode", "title_1"), has_ended)
    assert (job.state, job.progress.stages) == (JobState.DONE, (Stage("encode", 3, 3),))


async def test_what_a_handler_says_is_wrong_is_the_reason_of_the_failure(jobs_now: Jobs) -> None:
    class NoVideo(Invalid):
        remedy = "add a film"

    async def refuse(lease: Lease) -> None:
        raise NoVideo("there is no video in it")

    async with running(jobs_now, refuse):
        job = await until(jobs_now, await jobs_now.enqueue("encode", "title_1"), has_ended)
    assert (job.state, job.reason, job.remedy) == (JobState.FAILED, "there is no video in it", "add a film")


async def test_one_bad_job_does_not_keep_the_next_from_running(
    jobs_now: Jobs, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail_first(lease: Lease) -> None:
        if lease.job.subject == "bad":
            raise ZeroDivisionError("a mistake of ours")

    async with running(jobs_now, fail_first):
        bad = await until(jobs_now, await jobs_now.enqueue("encode", "bad"), has_ended)
        good = await until(jobs_now, await jobs_now.enqueue("encode", "good"), has_ended)
    assert (bad.state, good.state) == (JobState.FAILED, JobState.DONE)
    assert "ZeroDivisionError" in bad.reason and bad.id in bad.remedy and bad.id in caplog.text


async def test_what_is_away_for_a_while_is_tried_again(jobs_now: Jobs) -> None:
    async def away_at_first(lease: Lease) -> None:
        if lease.job.attempt == 1:
            raise Unavailable("the storage is full")

    async with running(jobs_now, away_at_first):
        job = await until(jobs_now, await jobs_now.enqueue("encode", "title_1"), has_ended)
    assert (job.state, job.attempt, job.retries) == (JobState.DONE, 2, 1)


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("SELECT 1", {}, OSError("the server closed the connection")),
        ConnectionResetError("the scheduler went away"),
        OSError(errno.EIO, "Input/output error"),
        GenericError("HTTP 503 of the object store"),
    ],
)
async def test_a_back_end_that_restarts_does_not_end_a_job(jobs_now: Jobs, error: Exception) -> None:
    async def away_at_first(lease: Lease) -> None:
        if lease.job.attempt == 1:
            raise error

    async with running(jobs_now, away_at_first):
        job = await until(jobs_now, await jobs_now.enqueue("encode", "title_1"), has_ended)
    assert (job.state, job.attempt, job.retries) == (JobState.DONE, 2, 1)


async def test_never_more_than_the_concurrency_run_at_a_time(jobs_now: Jobs) -> None:
    at_a_time: list[int] = []
    now, are_three = 0, asyncio.Event()

    async def count(lease: Lease) -> None:
        nonlocal now
        now += 1
        at_a_time.append(now)
        if now == 3:
            are_three.set()
        await are_three.wait()
        await asyncio.sleep(0.01)
        now -= 1

    queued = [await jobs_now.enqueue("encode", f"title_{number}") for number in range(8)]
    async with running(jobs_now, count, concurrency=3):
        for job in queued:
            await until(jobs_now, job, has_ended)
    assert max(at_a_time) == 3 and len(at_a_time) == 8


async def test_a_lease_is_renewed_while_its_handler_works(jobs_now: Jobs) -> None:
    async with running(jobs_now, hang, lease_s=0.6):
        job = await until(jobs_now, await jobs_now.enqueue("encode", "title_1"), lambda job: job.attempt == 1)
        later = await until(jobs_now, job, lambda now: now.lease_expires > job.lease_expires + 1)
    assert later.attempt == 1


async def test_a_handler_is_cancelled_when_a_person_cancels_its_job(jobs_now: Jobs) -> None:
    ended: asyncio.Future[Ending | None] = asyncio.get_running_loop().create_future()

    async def note(lease: Lease) -> None:
        try:
            await hang(lease)
        finally:
            ended.set_result(lease.ending)

    async with running(jobs_now, note):
        job = await until(jobs_now, await jobs_now.enqueue("encode", "title_1"), lambda job: job.attempt == 1)
        await jobs_now.cancel(job.id)
        assert await asyncio.wait_for(ended, DEADLINE_S) is Ending.CANCELLED
    assert (await jobs_now.get(job.id)).state is JobState.CANCELLED


async def test_a_handler_is_cancelled_when_its_job_is_paused_and_begins_again_when_it_is_resumed(
    jobs_now: Jobs,
) -> None:
    endings: list[Ending | None] = []

    async def note(lease: Lease) -> None:
        try:
            await hang(lease)
        finally:
            endings.append(lease.ending)

    async with running(jobs_now, note):
        job = await until(jobs_now, await jobs_now.enqueue("encode", "title_1"), lambda job: job.attempt == 1)
        await jobs_now.pause(job.id)
        async with asyncio.timeout(DEADLINE_S):
            while not endings:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.6)
        assert (await jobs_now.get(job.id)).state is JobState.PAUSED
        await jobs_now.resume(job.id)
        await until(jobs_now, job, lambda job: job.attempt == 2)
    assert endings == [Ending.PAUSED, Ending.STOPPING]


async def test_a_pause_outlives_its_control(jobs_now: Jobs) -> None:
    async with running(jobs_now, hang):
        job = await until(jobs_now, await jobs_now.enqueue("encode", "title_1"), lambda job: job.attempt == 1)
        await jobs_now.pause(job.id)
    async with running(jobs_now, hang):
        await asyncio.sleep(0.6)
        assert ((await jobs_now.get(job.id)).state, (await jobs_now.get(job.id)).attempt) == (JobState.PAUSED, 1)


async def test_a_handler_sees_the_priority_that_its_job_was_given_meanwhile(jobs_now: Jobs) -> None:
    async def until_urgent(lease: Lease) -> None:
        while lease.job.priority < 7:  # noqa: ASYNC110
            await asyncio.sleep(0.02)

    async with running(jobs_now, until_urgent):
        job = await until(jobs_now, await jobs_now.enqueue("encode", "title_1"), lambda job: job.attempt == 1)
        await jobs_now.move(job.id, 7)
        await until(jobs_now, job, has_ended)


async def test_what_is_more_urgent_than_all_that_runs_begins_beside_it_and_no_more(jobs_now: Jobs) -> None:
    async with running(jobs_now, hang, concurrency=1):
        first = await until(jobs_now, await jobs_now.enqueue("encode", "a"), lambda job: job.attempt == 1)
        equal = await jobs_now.enqueue("encode", "b")
        urgent = [await jobs_now.enqueue("encode", f"u{level}", priority=level) for level in (3, 2, 1)]
        await until(jobs_now, urgent[0], lambda job: job.attempt == 1)
        await asyncio.sleep(0.6)
        states = [(await jobs_now.get(job.id)).attempt for job in (first, equal, *urgent)]
    assert states == [1, 0, 1, 0, 0], "only what is above the most urgent one that runs"


async def test_a_handler_whose_lease_another_took_is_cancelled_and_records_nothing(jobs_now: Jobs) -> None:
    ended = asyncio.Event()

    async def persist(lease: Lease) -> None:
        try:
            await hang(lease)
        except asyncio.CancelledError:
            assert lease.ending is Ending.LOST
            ended.set()  # and returns as if it had finished

    async with running(jobs_now, persist, concurrency=1):  # so that it does not claim the job again itself
        job = await until(jobs_now, await jobs_now.enqueue("encode", "title_1"), lambda job: job.attempt == 1)
        await jobs_now.abandon(job.lease_owner)
        taken = await jobs_now.claim(["encode"], "another", 30)
        await asyncio.wait_for(ended.wait(), DEADLINE_S)
    assert taken is not None
    now = await jobs_now.get(job.id)
    assert (now.state, now.lease_owner, now.attempt) == (JobState.RUNNING, "another", taken.attempt)


async def test_a_control_that_stops_hands_its_jobs_back_at_once(jobs_now: Jobs) -> None:
    async with running(jobs_now, hang):
        job = await until(jobs_now, await jobs_now.enqueue("encode", "title_1"), lambda job: job.attempt == 1)
    now = await jobs_now.get(job.id)
    assert (now.state, now.crashes) == (JobState.QUEUED, 0)
    assert await jobs_now.controls() == {}


async def test_a_job_that_is_being_finished_when_the_control_stops_is_done(jobs_now: Jobs) -> None:
    recording = asyncio.Event()

    class Slow(Jobs):
        async def finish(self, job: Job) -> Job:
            recording.set()
            await asyncio.sleep(0.2)
            return await super().finish(job)

    async def nothing(lease: Lease) -> None:
        return

    slow = Slow(jobs_now.engine, jobs_now.clock)
    job = await slow.enqueue("encode", "title_1")
    async with running(slow, nothing):
        await asyncio.wait_for(recording.wait(), DEADLINE_S)
    assert (await slow.get(job.id)).state is JobState.DONE


async def test_progress_is_written_seldom_but_a_stage_that_begins_or_ends_at_once(jobs_now: Jobs) -> None:
    written: list[Progress] = []

    class Watched(Jobs):
        async def report(self, job: Job, progress: Progress) -> Job:
            written.append(progress)
            return await super().report(job, progress)

    watched = Watched(jobs_now.engine, jobs_now.clock)

    async def chatter(lease: Lease) -> None:
        for done in range(1, 101):
            lease.report(Progress((Stage("encode", done, 200),)))
            await asyncio.sleep(0.001)
        lease.report(Progress((Stage("encode", 200, 200), Stage("package", 0, 1))))

    async with running(watched, chatter):
        job = await until(watched, await watched.enqueue("encode", "title_1"), has_ended)
    assert len(written) <= 4
    assert job.progress.stages == (Stage("encode", 200, 200), Stage("package", 0, 1))


async def test_a_control_outlives_a_database_that_is_away(jobs_now: Jobs) -> None:
    class Away(Jobs):
        async def claim(self, *arguments: object) -> Job | None:
            if next(fails, False):
                raise OperationalError("claim", {}, Exception("the server closed the connection"))
            return await super().claim(*arguments)  # type: ignore[arg-type]

        async def finish(self, job: Job) -> Job:
            if next(fails_to_finish, False):
                raise OSError("connection refused")
            return await super().finish(job)

    fails, fails_to_finish = iter([True, True]), iter([True])

    async def nothing(lease: Lease) -> None:
        return

    away = Away(jobs_now.engine, jobs_now.clock)
    async with running(away, nothing):
        job = await until(away, await away.enqueue("encode", "title_1"), has_ended)
    assert (job.state, job.attempt) == (JobState.DONE, 1)
    assert next(fails, None) is None and next(fails_to_finish, None) is None


async def test_schedules_are_enqueued_by_the_control(jobs_now: Jobs) -> None:
    minute = Schedule(name="minute", cron="* * * * *", kind="encode", subject="all")
    past = Jobs(jobs_now.engine, lambda: Seconds(system_clock() - 120))
    await past.enqueue_due([minute])
    ran = asyncio.Event()

    async def note(lease: Lease) -> None:
        ran.set()

    stop = asyncio.Event()
    control = asyncio.create_task(Control(jobs_now, {"encode": note}, schedules=[minute]).run(stop))
    await asyncio.wait_for(ran.wait(), DEADLINE_S)
    stop.set()
    await control


async def test_a_job_whose_control_is_killed_goes_on_in_another_at_once(
    jobs_now: Jobs, jobs_engine: AsyncEngine
) -> None:
    job = await jobs_now.enqueue("encode", "title_1")
    async with process(jobs_engine, "forever", lease_s=3_600) as first:
        assert await line(first) == "began title_1"
        first.kill()
        await first.wait()
        async with process(jobs_engine, "done", lease_s=3_600) as second:  # nobody waits for that hour
            assert await line(second) == "done title_1"
            job = await until(jobs_now, job, has_ended)
    assert (job.state, job.attempt, job.crashes) == (JobState.DONE, 2, 1)


async def test_a_job_of_a_control_that_froze_is_taken_over_and_the_late_one_is_refused(
    jobs_now: Jobs, jobs_engine: AsyncEngine
) -> None:
    job = await jobs_now.enqueue("encode", "title_1")
    async with process(jobs_engine, "forever", lease_s=1.0) as first:
        assert await line(first) == "began title_1"
        first.send_signal(signal.SIGSTOP)  # not dead, as far as anybody can see: its lease has to expire
        async with process(jobs_engine, "done", lease_s=1.0) as second:
            assert await line(second) == "done title_1"
            job = await until(jobs_now, job, has_ended)
            second.terminate()
            assert await second.wait() == 0
        first.send_signal(signal.SIGCONT)
        first.terminate()
        assert await asyncio.wait_for(first.wait(), DEADLINE_S) == 0  # it noticed, and stopped in good order
    assert await jobs_now.get(job.id) == job and job.attempt == 2


async def test_a_job_that_kills_every_process_fails_in_the_end(jobs_now: Jobs, jobs_engine: AsyncEngine) -> None:
    job = await jobs_now.enqueue("encode", "title_1")
    for _ in range(CRASHES_MAX):
        async with process(jobs_engine, "deadly") as child:
            assert await asyncio.wait_for(child.wait(), DEADLINE_S) == -signal.SIGKILL
    async with process(jobs_engine, "deadly") as child:
        job = await until(jobs_now, job, has_ended)
        assert child.returncode is None
    assert job.state is JobState.FAILED and f"{CRASHES_MAX} times" in job.reason


async def test_several_processes_run_each_job_exactly_once(jobs_now: Jobs, jobs_engine: AsyncEngine) -> None:
    queued = [await jobs_now.enqueue("encode", f"title_{number}") for number in range(40)]
    async with (
        process(jobs_engine, "done") as one,
        process(jobs_engine, "done") as two,
        process(jobs_engine, "done") as three,
    ):
        for job in queued:
            await until(jobs_now, job, has_ended)
        said: Counter[str] = Counter()
        for child in (one, two, three):
            child.terminate()
            output, _ = await child.communicate()
            said.update(output.decode().split("\n"))
    del said[""]
    assert said == Counter({f"done {job.subject}": 1 for job in queued})


async def test_a_kind_that_is_held_to_one_at_a_time_leaves_the_other_places_free(jobs: Jobs) -> None:
    now: Counter[str] = Counter()
    done: Counter[str] = Counter()
    quick_done = asyncio.Event()

    async def slow(lease: Lease) -> None:
        now["slow"] += 1
        assert now["slow"] == 1
        await quick_done.wait()  # for ever, if slow ones had taken both places
        now["slow"] -= 1

    async def quick(lease: Lease) -> None:
        done["quick"] += 1
        if done["quick"] == 3:
            quick_done.set()

    enqueued = [await jobs.enqueue("slow", f"slow-{number}", priority=1) for number in range(2)]
    enqueued += [await jobs.enqueue("quick", f"quick-{number}") for number in range(3)]
    stop = asyncio.Event()
    control = Control(jobs, {"slow": slow, "quick": quick}, concurrency=2, at_once={"slow": 1})
    task = asyncio.create_task(control.run(stop))
    ended = [await until(jobs, job, has_ended) for job in enqueued]
    stop.set()
    await task
    assert {job.state for job in ended} == {JobState.DONE}
