"""What the compute tests run on workers: functions that a worker process can import by name."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from matinee.base.process import Limits, TimedOut, run_confined
from matinee.work.compute import is_cancelled

LIMITS = Limits(cpu_s=60, wall_s=600, memory_bytes=2**32, output_bytes=2**20)


def double(number: int) -> int:
    return 2 * number


def slow_double(number: int) -> int:
    time.sleep(0.05)
    return 2 * number


def process_id() -> int:
    return os.getpid()


def niceness() -> int:
    return os.nice(0)


def refuse() -> None:
    raise TimedOut("ffmpeg", 60, "time", "last words")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def append(path: Path, word: str) -> None:
    with path.open("a") as file:
        file.write(word + "\n")


def wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(0.01)


def begin_and_wait_for(started: Path, path: Path) -> None:
    started.touch()
    wait_for(path)


def until_cancelled(started: Path, ended: Path) -> None:
    started.touch()
    while not is_cancelled():
        time.sleep(0.01)
    ended.touch()


def confined_sleep(pid_file: Path) -> None:
    """A child program that ends when nobody wants its result."""

    def note(pid: str) -> None:
        pid_file.with_suffix(".part").write_text(pid)
        pid_file.with_suffix(".part").rename(pid_file)

    run_confined(["/bin/sh", "-c", "echo $$; exec sleep 1000"], limits=LIMITS, stop=is_cancelled, on_line=note)


async def parent(folder: Path) -> None:
    """A process with workers, one of which runs a child program: what a test kills."""
    import asyncio

    from matinee.work.compute import open_compute

    async with open_compute("", 2, folder / "scratch") as compute:
        workers = {await compute.run(process_id) for _ in range(20)}
        (folder / "workers").write_text(" ".join(map(str, workers)))
        await asyncio.gather(compute.run(confined_sleep, folder / "child"))


if __name__ == "__main__":
    import asyncio

    asyncio.run(parent(Path(sys.argv[1])))
