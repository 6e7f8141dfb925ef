"""Real workers: that results arrive whoever is killed, that tasks learn of their end, that nothing stays behind."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from matinee.base.process import TimedOut
from matinee.work.compute import (
    Compute,
    ComputeAway,
    InsecureCompute,
    MissingCertificates,
    WorkerLost,
    check_compute_url,
    is_cancelled,
    open_compute,
)

from . import compute_tasks as tasks

DEADLINE_S = 60


@pytest.fixture
async def compute(tmp_path: Path) -> AsyncIterator[Compute]:
    async with open_compute("", 2, tmp_path / "scratch") as opened:
        yield opened


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while True:
            if is_so():
                return
            await asyncio.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


async def test_functions_run_in_other_processes_at_a_lower_priority(compute: Compute) -> None:
    assert compute.workers == 2
    assert await compute.run(tasks.double, 21) == 42
    assert await compute.run(tasks.process_id) != os.getpid()
    assert await compute.run(tasks.niceness) > os.nice(0)


async def test_what_a_task_raises_arrives_with_its_data(compute: Compute) -> None:
    with pytest.raises(TimedOut, match="ffmpeg used more than 60 s") as caught:
        await compute.run(tasks.refuse)
    assert caught.value.stderr_tail == "last words"


async def test_all_results_arrive_although_workers_are_killed(compute: Compute) -> None:
    runs = [asyncio.create_task(compute.run(tasks.slow_double, number)) for number in range(60)]
    for _ in range(2):
        os.kill(await compute.run(tasks.process_id, priority=100), signal.SIGKILL)
    assert await asyncio.wait_for(asyncio.gather(*runs), DEADLINE_S) == [2 * number for number in range(60)]


async def test_a_task_that_kills_its_worker_each_time_fails_and_others_go_on(compute: Compute) -> None:
    with pytest.raises(WorkerLost, match="3 workers died while they ran encode 1080p") as caught:
        await asyncio.wait_for(compute.run(tasks.die, name="encode 1080p"), DEADLINE_S)
    assert caught.value.deaths == 3
    assert await asyncio.wait_for(compute.run(tasks.double, 1), DEADLINE_S) == 2


async def test_what_matters_more_goes_first(tmp_path: Path) -> None:
    gate, order = tmp_path / "gate", tmp_path / "order"
    async with open_compute("", 1, tmp_path / "scratch") as compute:
        hold = asyncio.create_task(compute.run(tasks.wait_for, gate))
        words = [("low", 0)] * 6 + [("high", 10)] * 2
        runs = [asyncio.create_task(compute.run(tasks.append, order, word, priority=level)) for word, level in words]
        async with asyncio.timeout(DEADLINE_S):
            while await compute.client.run_on_scheduler(waiting) < len(runs):  # noqa: ASYNC110 - Dask has no event
                await asyncio.sleep(0.02)
        gate.touch()
        await asyncio.wait_for(asyncio.gather(hold, *runs), DEADLINE_S)
    assert order.read_text().split() == ["high"] * 2 + ["low"] * 6


async def test_what_waits_can_be_made_more_urgent_and_less(tmp_path: Path) -> None:
    gate, order = tmp_path / "gate", tmp_path / "order"
    async with open_compute("", 1, tmp_path / "scratch") as compute:
        hold = asyncio.create_task(compute.run(tasks.wait_for, gate))
        words = [("down", 9)] * 2 + [("stays", 5)] * 2 + [("up", 0)] * 2
        runs = [
            asyncio.create_task(compute.run(tasks.append, order, word, name=f"{word}-{number}", priority=level))
            for number, (word, level) in enumerate(words)
        ]
        async with asyncio.timeout(DEADLINE_S):
            while await compute.client.run_on_scheduler(waiting) < len(runs):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await compute.move(["up-"], 9)
        await compute.move(["down-"], -9)
        gate.touch()
        await asyncio.wait_for(asyncio.gather(hold, *runs), DEADLINE_S)
    assert order.read_text().split() == ["up"] * 2 + ["stays"] * 2 + ["down"] * 2


async def test_who_asks_is_told_how_long_a_task_took(compute: Compute) -> None:
    took: list[float] = []
    assert await compute.run(tasks.slow_double, 4, took=took.append) == 8
    assert len(took) == 1 and 0.04 < took[0] < DEADLINE_S


def waiting(dask_scheduler: Any) -> int:
    return len(dask_scheduler.queued)


async def test_a_running_task_learns_that_nobody_waits_for_it(compute: Compute, tmp_path: Path) -> None:
    started, ended = tmp_path / "started", tmp_path / "ended"
    run = asyncio.create_task(compute.run(tasks.until_cancelled, started, ended))
    await until(started.exists)
    assert not ended.exists()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    await until(ended.exists)
    assert await asyncio.wait_for(compute.run(tasks.double, 1), DEADLINE_S) == 2


async def test_who_cancels_can_wait_until_no_worker_is_at_work_on_it_any_more(compute: Compute, tmp_path: Path) -> None:
    gate, started = tmp_path / "gate", tmp_path / "started"
    run = asyncio.create_task(compute.run(tasks.begin_and_wait_for, started, gate, name="stubborn"))
    await until(started.exists)
    run.cancel()
    waiting = asyncio.create_task(compute.let_go(["stubborn"]))
    await asyncio.wait_for(compute.let_go(["another"]), DEADLINE_S)
    await asyncio.sleep(0.5)
    assert not waiting.done()
    gate.touch()
    await asyncio.wait_for(waiting, DEADLINE_S)


async def test_a_waiting_task_that_is_cancelled_never_runs(compute: Compute, tmp_path: Path) -> None:
    gate, order = tmp_path / "gate", tmp_path / "order"
    holds = [asyncio.create_task(compute.run(tasks.wait_for, gate)) for _ in range(2)]
    waiting = asyncio.create_task(compute.run(tasks.append, order, "unwanted"))
    await asyncio.sleep(0.2)
    waiting.cancel()
    await asyncio.sleep(0.2)
    gate.touch()
    await asyncio.wait_for(asyncio.gather(*holds), DEADLINE_S)
    await asyncio.wait_for(compute.run(tasks.append, order, "wanted"), DEADLINE_S)
    assert order.read_text() == "wanted\n"


async def test_a_child_program_ends_with_the_wish_for_its_result(compute: Compute, tmp_path: Path) -> None:
    pid_file = tmp_path / "child"
    run = asyncio.create_task(compute.run(tasks.confined_sleep, pid_file))
    await until(pid_file.exists)
    run.cancel()
    await until(lambda: not is_alive(int(pid_file.read_text())))


async def test_closing_ends_workers_and_what_they_run(tmp_path: Path) -> None:
    pid_file = tmp_path / "child"
    async with open_compute("", 1, tmp_path / "scratch") as compute:
        worker = await compute.run(tasks.process_id)
        run = asyncio.create_task(compute.run(tasks.confined_sleep, pid_file))
        await until(pid_file.exists)
    with pytest.raises((asyncio.CancelledError, ComputeAway)):
        await asyncio.wait_for(run, DEADLINE_S)
    await until(lambda: not is_alive(worker) and not is_alive(int(pid_file.read_text())))


async def test_workers_and_their_children_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    program = [sys.executable, "-m", "tests.work.compute_tasks", str(tmp_path)]
    with subprocess.Popen(program, env=environment) as parent:  # noqa: ASYNC220 - it does not wait
        await until((tmp_path / "child").exists)
        pids = [int(pid) for name in ("workers", "child") for pid in (tmp_path / name).read_text().split()]
        assert len(pids) >= 2 and all(map(is_alive, pids))
        parent.kill()
    await until(lambda: not any(map(is_alive, pids)))


def test_nobody_has_cancelled_what_does_not_run_on_a_worker() -> None:
    assert is_cancelled() is False


@pytest.mark.parametrize("url", ["tcp://encoders.example:8786", "encoders.example:8786", "tcp://0.0.0.0:8786"])
def test_a_plain_scheduler_on_the_network_is_refused(url: str) -> None:
    with pytest.raises(InsecureCompute, match="use tls:// with certificates"):
        check_compute_url(url)


@pytest.mark.parametrize("url", ["tls://encoders.example:8786", "tcp://127.0.0.1:8786", "tcp://localhost:8786"])
def test_tls_or_this_machine_is_accepted(url: str) -> None:
    check_compute_url(url)


async def test_tls_without_certificates_says_which_is_missing(tmp_path: Path) -> None:
    with pytest.raises(MissingCertificates, match=r"ca\.pem is missing"):
        async with open_compute("tls://127.0.0.1:1", 0, tmp_path, certificates=tmp_path):
            pass


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make certificates")
async def test_a_tls_scheduler_is_used_with_client_certificates_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import distributed

    dask: Any = distributed  # it ships no types

    monkeypatch.setattr("matinee.work.compute.CONNECT_TIMEOUT_S", 2)
    make_certificates(tmp_path)
    files = {"tls_ca_file": "ca.pem", "tls_client_cert": "cert.pem", "tls_client_key": "key.pem"}
    files |= {"tls_scheduler_cert": "cert.pem", "tls_scheduler_key": "key.pem"}
    files |= {"tls_worker_cert": "cert.pem", "tls_worker_key": "key.pem"}
    trusted = dask.Security(require_encryption=True, **{key: str(tmp_path / name) for key, name in files.items()})
    async with dask.LocalCluster(
        n_workers=1, processes=False, dashboard_address=None, security=trusted, asynchronous=True
    ) as cluster:
        address = cluster.scheduler_address
        assert address.startswith("tls://")
        async with open_compute(address, 0, tmp_path, certificates=tmp_path) as compute:
            assert await compute.run(tasks.double, 21) == 42
        stranger = tmp_path / "stranger"
        stranger.mkdir()
        make_certificates(stranger)
        shutil.copy(tmp_path / "ca.pem", stranger)
        with pytest.raises(ComputeAway):
            async with open_compute(address, 0, tmp_path, certificates=stranger):
                pass


def make_certificates(folder: Path) -> None:
    """A certificate that is its own authority, for the loopback address."""
    subject = ["-subj", "/CN=matinee test", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject, *files],
        check=True,
        capture_output=True,
    )
    shutil.copy(folder / "cert.pem", folder / "ca.pem")


async def test_a_scheduler_that_does_not_answer_is_said_to_be_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("matinee.work.compute.CONNECT_TIMEOUT_S", 1)
    with pytest.raises(ComputeAway, match=r"tcp://127\.0\.0\.1:1 does not answer"):
        async with open_compute("tcp://127.0.0.1:1", 0, tmp_path):
            pass
