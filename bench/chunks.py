"""What encoding in chunks by workers costs, against the same FFmpeg commands one after the other.

`python -m bench.chunks` encodes a generated film by production's own job on one Dask worker and on one a core, and
runs the job's own encodes in a plain loop. It counts the CPU of all processes: what Matinee adds, and what its checks
take. It encodes the film whole too, to see what cutting it costs in bits at equal VMAF, and asks the scheduler for
tasks that do nothing. Writes `bench/results/chunks.json`, which `bench/fleet.py` reads.
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import msgspec
from tests.encoding.workshop import workshop

from bench.encodes import Place
from bench.machine import machine, write_result
from bench.titles import fast, flat, fractal, generated, grain, slow, text
from matinee.encoding.pertitle.hull import bd_rate
from matinee.encoding.plan import Plan
from matinee.encoding.recipe import AudioRecipe, VideoRecipe
from matinee.encoding.worker.ffmpeg import audio_argv, chunk_argv
from matinee.encoding.worker.tasks import perform
from matinee.encoding.worker.workplace import load_plan, metered
from matinee.work.compute import Compute, open_compute

PRESET = "fast"
SIZE, RATE, SCENE_S = (854, 480), 24, 40.0  # four minutes: chunks are 30 s, as a film's are
KINDS = (slow, grain, fast, fractal, text, flat)
CRFS = (22.0, 28.0, 34.0)
IDLE_TASKS = 400
ANALYSIS = ("inspect", "sample_window", "measure_sound")
AIMS = {"overhead_percent": 5.0, "checks_of_encode": 0.5, "cutting_percent": 2.0, "efficiency": 0.85}


@dataclass(frozen=True)
class Counting(Compute):
    """Workers that tell the CPU seconds of each task, by kind, and the plan that the tasks belong to."""

    spent: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    plans: list[Plan] = field(default_factory=list)

    async def run(self, fn: Callable[..., Any], *args: Any, **how: Any) -> Any:  # type: ignore[override]
        """As `Compute.run`."""
        if fn is not metered:
            return await super().run(fn, *args, **how)
        task, place, *rest = args
        if task is perform and not self.plans:  # while it is there: a job that is done tidies up
            self.plans.append(load_plan(place.objects_url, rest[0]))
        done = await super().run(metered, *args, **how)
        self.spent[rest[-1].kind if task is perform else task.__name__].append(done.cpu_s)
        return done

    async def used_s(self) -> float:
        """The CPU seconds of all workers, this process and what they all ran, so far."""
        of_workers: dict[str, float] = await self.client.run(used_s)
        return used_s() + sum(of_workers.values())


def used_s() -> float:
    """The CPU seconds of this process and its children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job that was run: seconds of time, of CPU in all, and of its tasks by kind."""

    wall_s: float
    cpu_s: float
    spent: dict[str, list[float]]
    plan: Plan
    master: Path

    def cpu_of(self, *kinds: str) -> float:
        """The CPU seconds of all tasks of these kinds."""
        return sum(sum(self.spent.get(kind, ())) for kind in kinds)


def main() -> int:
    """Measure, print, write."""
    before, cores = machine(), os.cpu_count() or 1
    with tempfile.TemporaryDirectory(prefix="matinee-bench-") as name:
        folder = Path(name)
        film = made_film(folder)
        one = asyncio.run(job(film, folder / "one", 1))
        plain = plain_loop(one, folder / "plain")
        many = asyncio.run(job(film, folder / "many", cores))
        result = {
            "machine": before,
            "aims": AIMS,
            "film": {"seconds": float(one.plan.timeline.duration_s), "size": SIZE, "chunks": len(one.plan.chunks)},
            **overhead(one, sum(cpu_s for *_, cpu_s in plain)),
            **efficiency(one, many, cores),
            **asyncio.run(cutting(film, folder / "cut")),
            "queue": asyncio.run(queue(folder / "queue", cores)),
            "tasks": tasks(one, plain),
        }
    for key in ("overhead_percent", "checks_of_encode", "efficiency", "cutting_percent", "queue"):
        print(f"{key:20} {result[key]}")
    print(f"written to {write_result('chunks', result)}")
    return 0


def made_film(folder: Path) -> Path:
    """A film of different scenes, with sound."""
    pictures = generated("film", SIZE, RATE, SCENE_S, KINDS).make(folder)
    film = folder / "film with sound.mkv"
    sound = ["-f", "lavfi", "-i", f"sine=220:sample_rate=48000:duration={SCENE_S * len(KINDS)}", "-c:a", "flac"]
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(pictures), *sound, "-c:v", "copy", str(film)]
    subprocess.run(argv, check=True)
    return film


async def job(film: Path, folder: Path, workers: int) -> Job:
    """The film encoded by production's job, by the fast ladder; the workers have been started before."""
    async with workshop(folder, preset=PRESET) as shop, open_compute("", workers, folder / "dask") as opened:
        order, compute = shop.take(film), Counting(**vars(opened))
        began, before = time.perf_counter(), await compute.used_s()
        await dataclasses.replace(shop, handler=dataclasses.replace(shop.handler, compute=compute)).encode(order)
        wall_s, cpu_s = time.perf_counter() - began, await compute.used_s() - before
        master = folder / "objects" / order.master
        return Job(wall_s=wall_s, cpu_s=cpu_s, spent=dict(compute.spent), plan=compute.plans[0], master=master)


def plain_loop(done: Job, folder: Path) -> list[tuple[str, float, float]]:
    """The job's own encodes, one after the other: what was encoded, seconds of the film, CPU seconds."""
    folder.mkdir()
    plan, ffmpeg = done.plan, Path(imageio_ffmpeg.get_ffmpeg_exe())
    spent = []
    for rung in plan.video:
        assert isinstance(rung.recipe, VideoRecipe)
        for chunk in plan.chunks:
            argv = chunk_argv(ffmpeg, done.master, plan.inspection, chunk, rung.recipe, folder / "chunk.mp4")
            seconds = float((chunk.end - chunk.start) / plan.timeline.fps)
            spent.append((rung.recipe.rung.name, seconds, _looped(argv)))
    for track in plan.audio:
        assert isinstance(track.recipe, AudioRecipe)
        argv = audio_argv(ffmpeg, done.master, plan.inspection, track.recipe, folder / "audio.mp4")
        spent.append(("audio", float(plan.timeline.duration_s), _looped(argv)))
    return spent


def _looped(argv: list[str]) -> float:
    before = used_s()
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return used_s() - before


def overhead(done: Job, plain_s: float) -> dict[str, Any]:
    """What a job adds to its encodes, its look at the film and its checks apart."""
    analysis_s, checks_s = done.cpu_of(*ANALYSIS), done.cpu_of("check")
    rest_s = done.cpu_s - analysis_s - checks_s
    return {
        "cpu_s": {
            "plain_commands": round(plain_s, 1),
            "job": round(done.cpu_s, 1),
            "analysis": round(analysis_s, 1),
            "checks": round(checks_s, 1),
            "encodes": round(done.cpu_of("chunk", "audio"), 1),
            "packaging_and_pictures": round(done.cpu_of("package", "pictures", "subtitles"), 1),
        },
        "overhead_percent": round(100 * (rest_s / plain_s - 1), 1),
        "checks_of_encode": round(checks_s / done.cpu_of("chunk", "audio"), 2),
    }


def efficiency(one: Job, many: Job, workers: int) -> dict[str, Any]:
    """Time of one worker over `workers` times the time of so many, and the CPU that both took."""
    return {
        "one_worker_s": round(one.wall_s, 1),
        "workers": workers,
        "workers_s": round(many.wall_s, 1),
        "efficiency": round(one.wall_s / (workers * many.wall_s), 3),
        "cpu_of_one_worker": round(many.cpu_s / one.cpu_s, 3),
    }


async def cutting(film: Path, folder: Path) -> dict[str, Any]:
    """Bits more than one encode of the whole film, at equal settings, and at equal VMAF (BD-rate)."""
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        place = Place(folder, pool, PRESET)
        plan = (await place.studied(msgspec.structs.replace(place.take(film), ladder="fast"))).plan
        (*_, top) = plan.video
        assert isinstance(top.recipe, VideoRecipe)
        rungs = [msgspec.structs.replace(top.recipe.rung, crf=crf, maxrate_bps=20_000_000) for crf in CRFS]
        recipes = [msgspec.structs.replace(top.recipe, rung=rung) for rung in rungs]
        cut = await place.outcomes(plan, recipes, 1)
        (first, *_), frames = plan.chunks, plan.timeline.frames
        whole_plan = msgspec.structs.replace(plan, chunks=(msgspec.structs.replace(first, end=frames),))
        elsewhere = Place(folder / "whole", pool, PRESET)
        elsewhere.take(film)
        whole = await elsewhere.outcomes(whole_plan, recipes, 1)
    percent, low, high = bd_rate(*([(one.bps, one.vmaf) for one in outcomes] for outcomes in (whole, cut)))
    return {
        "cutting_percent": round(percent, 2),
        "cutting": {
            "from_vmaf": round(low, 1),
            "to_vmaf": round(high, 1),
            "crfs": CRFS,
            "bits_percent": [round(100 * (a.bps / b.bps - 1), 2) for a, b in zip(cut, whole, strict=True)],
            "vmaf": [round(a.vmaf - b.vmaf, 2) for a, b in zip(cut, whole, strict=True)],
        },
    }


async def queue(folder: Path, workers: int) -> dict[str, float]:
    """What the scheduler takes for a task, by tasks that do nothing: milliseconds of time, and of its own CPU."""
    async with open_compute("", workers, folder) as compute:
        await asyncio.gather(*(compute.run(os.getpid) for _ in range(workers * 4)))
        began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
        gate = asyncio.Semaphore(64)

        async def one() -> None:
            async with gate:
                await compute.run(os.getpid)

        await asyncio.gather(*(one() for _ in range(IDLE_TASKS)))
        wall_s, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"ms_per_task": round(1e3 * wall_s / IDLE_TASKS, 2), "cpu_ms_per_task": round(1e3 * cpu_s / IDLE_TASKS, 2)}


def tasks(done: Job, plain: Sequence[tuple[str, float, float]]) -> dict[str, list[float]]:
    """CPU seconds a second of the film: of each chunk by its rung, in the film's order, and of other tasks by kind."""
    found: dict[str, list[float]] = defaultdict(list)
    for name, seconds, cpu_s in plain:
        found[name].append(round(cpu_s / seconds, 4))
    for kind in (*ANALYSIS, "check", "package", "pictures"):
        found[kind] = [round(done.cpu_of(kind) / float(done.plan.timeline.duration_s), 5)]
    return dict(found)


if __name__ == "__main__":
    sys.exit(main())
