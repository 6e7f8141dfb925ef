"""Who works, as controls tell of it: on real workers, and in the database."""

from __future__ import annotations

import asyncio
from pathlib import Path

from matinee.work.compute import open_compute
from matinee.work.crew import CREW_SILENT_S, SHOWN_MAX, Crew, Worker, crew_of, merged
from matinee.work.service import Jobs

from . import compute_tasks as tasks
from .conftest import Hand

DEADLINE_S = 60


def worker(name: str, doing: str = "", *, is_leaving: bool = False) -> Worker:
    return Worker(name=name, host="10.0.0.1", cores=1, doing=doing, is_leaving=is_leaving)


async def test_a_real_crew_says_what_each_worker_is_doing(tmp_path: Path) -> None:
    gate, started = tmp_path / "gate", tmp_path / "started"
    async with open_compute("", 2, tmp_path / "scratch") as compute:
        run = asyncio.create_task(compute.run(tasks.begin_and_wait_for, started, gate, doing="title_1 360p"))
        async with asyncio.timeout(DEADLINE_S):
            while not started.exists():  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            while not (crew := await compute.crew(5.0)).busy:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert (crew.at, crew.total, crew.busy, crew.waiting) == (5.0, 2, 1, 0)
        assert [one.doing for one in crew.workers] == ["title_1 360p", ""]
        assert {one.host for one in crew.workers} == {"127.0.0.1"} and crew.workers[0].cores == 1
        gate.touch()
        await asyncio.wait_for(run, DEADLINE_S)
        assert (await compute.crew(6.0)).busy == 0


def test_the_busy_ones_are_told_first_and_all_are_counted() -> None:
    crew = crew_of("s", 1.0, [*(worker(f"w{n:03}") for n in range(SHOWN_MAX)), worker("z", "title_1 360p")], 7)
    assert (crew.total, crew.busy, crew.waiting, len(crew.workers)) == (SHOWN_MAX + 1, 1, 7, SHOWN_MAX)
    assert crew.workers[0].name == "z"


def test_a_worker_that_leaves_is_not_counted_on() -> None:
    assert crew_of("s", 1.0, [worker("a"), worker("b", "title_1 360p", is_leaving=True)], 0).total == 1


def test_two_controls_of_one_scheduler_do_not_double_its_workers() -> None:
    shared = crew_of("s", 10.0, [worker("a")], 1)
    newer = crew_of("s", 11.0, [worker("a", "title_1 360p")], 0)
    other = crew_of("t", 11.0, [worker("b")], 2)
    crew = merged([newer, shared, other], 12.0)
    assert (crew.total, crew.busy, crew.waiting) == (2, 1, 2)
    assert merged([shared], 10.0 + CREW_SILENT_S) == Crew(scheduler="", at=0.0)


async def test_what_controls_tell_of_their_workers_is_kept_until_they_fall_silent(jobs: Jobs, clock: Hand) -> None:
    await jobs.tell_crew("one", crew_of("s", clock.now, [worker("a")], 0))
    await jobs.tell_crew("two", crew_of("t", clock.now, [worker("b", "title_1 360p")], 4))
    await jobs.tell_crew("one", crew_of("s", clock.now, [worker("a"), worker("c")], 0))
    crew = await jobs.crew()
    assert (crew.total, crew.busy, crew.waiting) == (3, 1, 4)
    await jobs.leave("two")
    assert (await jobs.crew()).total == 2
    clock.now += CREW_SILENT_S
    assert (await jobs.crew()).total == 0


async def test_the_line_is_what_runs_then_what_is_next(jobs: Jobs, clock: Hand) -> None:
    for subject, priority in (("low", -1), ("a", 0), ("b", 0), ("urgent", 9)):
        await jobs.enqueue("encode", subject, priority=priority)
        clock.now += 1
    await jobs.enqueue("ingest", "other")
    low = await jobs.find("encode", "low")
    assert low is not None
    for subject in ("urgent", "a", "b"):
        await jobs.pause((await jobs.enqueue("encode", subject)).id)
    await jobs.claim(["encode"], "one", 30)
    assert [job.subject for job in await jobs.line("encode")] == ["low", "urgent", "a", "b"]
    assert [job.subject for job in await jobs.line("encode", 2)] == ["low", "urgent"]
    counts = await jobs.counted("encode")
    assert (counts["running"], counts["paused"], counts["queued"]) == (1, 3, 0)  # type: ignore[index]
