"""A machine that works for a real scheduler: what it offers, and how it leaves when it is told to."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from matinee.work.compute import NothingFits, open_compute
from matinee.work.offer import GIB

from . import compute_tasks as tasks

DEADLINE_S = 60


@pytest.fixture
async def scheduler() -> AsyncIterator[str]:
    """The address of a scheduler by which no task may take even one worker with it."""
    import distributed

    dask: Any = distributed
    async with dask.Scheduler(
        host="127.0.0.1", port=0, dashboard=False, dashboard_address="127.0.0.1:0", allowed_failures=0
    ) as opened:
        yield opened.address


@asynccontextmanager
async def machine(url: str, folder: Path, **environment: str) -> AsyncIterator[Process]:
    """`matinee work` with one worker, on a data folder of its own."""
    seen = {name: value for name, value in os.environ.items() if not name.startswith("MATINEE_")}
    chosen = {"MATINEE_HOME": str(folder), "COMPUTE_URL": url, "MATINEE_WORKERS": "1", **environment}
    path = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "matinee", "work", env={**seen, **chosen, **path}, stdout=DEVNULL, stderr=PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_machine_that_is_told_to_leave_ends_its_task_takes_no_other_and_goes(
    scheduler: str, tmp_path: Path
) -> None:
    gate, started, order = tmp_path / "gate", tmp_path / "started", tmp_path / "order"
    async with machine(scheduler, tmp_path / "a") as leaving, open_compute(scheduler, 0, tmp_path) as compute:
        first = asyncio.create_task(compute.run(tasks.begin_and_wait_for, started, gate, name="first"))
        second = asyncio.create_task(compute.run(tasks.append, order, "second", name="second"))
        await until(started.exists)
        leaving.send_signal(signal.SIGTERM)
        async with asyncio.timeout(DEADLINE_S):
            while not any(one.is_leaving for one in (await compute.crew(0.0)).workers):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        gate.touch()
        await asyncio.wait_for(first, DEADLINE_S)
        assert await asyncio.wait_for(leaving.wait(), DEADLINE_S) == 0
        assert not order.exists() and not second.done(), "it took nothing new"
        async with machine(scheduler, tmp_path / "b"):
            await asyncio.wait_for(second, DEADLINE_S)
    assert order.read_text() == "second\n"


async def test_a_task_that_outlasts_the_notice_is_handed_back_and_nobody_is_blamed(
    scheduler: str, tmp_path: Path
) -> None:
    pid_file, began = tmp_path / "child", time.monotonic()
    async with AsyncExitStack() as stack:
        leaving = await stack.enter_async_context(machine(scheduler, tmp_path / "a", MATINEE_RETIRE_S="1"))
        compute = await stack.enter_async_context(open_compute(scheduler, 0, tmp_path))
        run = asyncio.create_task(compute.run(tasks.confined_sleep, pid_file))
        await until(pid_file.exists)
        pid = pid_file.read_text()
        leaving.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(leaving.wait(), DEADLINE_S) == 0
        assert time.monotonic() - began < DEADLINE_S
        await until(lambda: not Path(f"/proc/{pid}").exists())
        pid_file.unlink()
        await stack.enter_async_context(machine(scheduler, tmp_path / "b", MATINEE_RETIRE_S="1"))
        await until(pid_file.exists)
        assert not run.done(), "the task runs again, and its first worker's end is not held against it"
        run.cancel()


async def test_a_machine_leaves_although_its_scheduler_is_gone(tmp_path: Path) -> None:
    import distributed

    dask: Any = distributed
    quiet = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
    async with (
        dask.Scheduler(host="127.0.0.1", port=0, **quiet) as opened,
        machine(opened.address, tmp_path / "a") as leaving,
    ):
        async with open_compute(opened.address, 0, tmp_path) as compute:
            assert await asyncio.wait_for(compute.run(tasks.double, 4), DEADLINE_S) == 8
        await opened.close()
        leaving.send_signal(signal.SIGTERM)
        await asyncio.wait_for(leaving.wait(), DEADLINE_S)


async def test_a_worker_offers_memory_and_cores_and_a_task_goes_only_where_it_fits(tmp_path: Path) -> None:
    async with open_compute("", 2, tmp_path / "scratch", memory_bytes=6 * GIB, encoders=["h264_nvenc"]) as compute:
        crew = sorted((await compute.crew(0.0)).workers, key=lambda worker: worker.memory_bytes)
        assert [(one.memory_bytes, one.cores, one.encoders) for one in crew] == [
            (GIB, 1, ("h264_nvenc",)), (int(4.4 * GIB), 1, ("h264_nvenc",)),
        ]  # fmt: skip
        assert await compute.run(tasks.double, 2, memory_bytes=4 * GIB) == 4
        with pytest.raises(NothingFits, match=r"2160p needs 5\.0 GiB of memory, and the most .* is 4\.4 GiB"):
            await compute.run(tasks.double, 2, name="2160p", memory_bytes=5 * GIB)


async def test_small_workers_are_left_out_for_a_large_task_even_when_the_large_one_is_busy(
    scheduler: str, tmp_path: Path
) -> None:
    import distributed

    dask: Any = distributed
    gate, started = tmp_path / "gate", tmp_path / "started"
    async with (
        dask.Worker(scheduler, nthreads=1, resources={"memory": 1 * GIB}, name="small"),
        dask.Worker(scheduler, nthreads=1, resources={"memory": 4 * GIB}, name="large"),
        open_compute(scheduler, 0, tmp_path) as compute,
    ):
        hold = asyncio.create_task(compute.run(tasks.begin_and_wait_for, started, gate, memory_bytes=3 * GIB))
        await until(started.exists)
        others = [asyncio.create_task(compute.run(tasks.double, n, memory_bytes=2 * GIB)) for n in range(3)]
        await asyncio.sleep(1.5)
        crew = await compute.crew(0.0)
        busy = {worker.name: bool(worker.doing) or worker.since_s > 0 for worker in crew.workers}
        assert not any(run.done() for run in others) and crew.waiting == 3
        assert busy["small"] is False
        gate.touch()
        assert await asyncio.wait_for(asyncio.gather(*others), DEADLINE_S) == [0, 2, 4]
        await hold


async def test_large_tasks_wait_for_what_is_more_urgent_and_can_be_moved_ahead_of_each_other(tmp_path: Path) -> None:
    gate, started, order = tmp_path / "gate", tmp_path / "started", tmp_path / "order"
    async with open_compute("", 1, tmp_path / "scratch", memory_bytes=8 * GIB) as compute:
        hold = asyncio.create_task(compute.run(tasks.begin_and_wait_for, started, gate, priority=100))
        await until(started.exists)
        runs = [
            asyncio.create_task(
                compute.run(tasks.append, order, word, name=word, priority=level, memory_bytes=needed)
            )
            for word, level, needed in (
                ("large-0", 0, 2 * GIB), ("small-5", 5, 0), ("large-9", 9, 2 * GIB), ("moved", -5, 2 * GIB),
            )
        ]  # fmt: skip
        await asyncio.sleep(1.0)
        await compute.move(["moved"], 12)
        gate.touch()
        await asyncio.wait_for(asyncio.gather(hold, *runs), DEADLINE_S)
    assert order.read_text().split() == ["large-9", "small-5", "moved", "large-0"]
