"""A place to measure encodes in: production's own study and commands on some processes of this machine, CPU counted.

CPU seconds are those that the kernel counted for a task and the programs it ran, so that they hold on a machine with
other things to do. What was measured lies in the folder under a name made of its inputs, and is not measured again.
"""

from __future__ import annotations

import asyncio
import hashlib
import resource
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any, TypeVar

import imageio_ffmpeg
import msgspec

from matinee.base.objects import open_objects
from matinee.base.process import run_confined
from matinee.encoding.formats.mp4 import read_track
from matinee.encoding.pertitle.trial import VmafLog, judged_at
from matinee.encoding.plan import Order, Plan, plan_of
from matinee.encoding.recipe import Coding, Encoder, VideoRecipe, key_of
from matinee.encoding.source import display_size
from matinee.encoding.study import Study
from matinee.encoding.timeline import Chunk
from matinee.encoding.worker.ffmpeg import chunk_argv, vmaf_argv
from matinee.encoding.worker.workplace import ENCODE_LIMITS, Workplace

VMAF_EVERY = 7
"""Frames of which one is scored."""
T = TypeVar("T")


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A rung as it came out: bits/s of its pictures, mean VMAF and of which model, CPU seconds of its encode."""

    name: str
    bps: float
    vmaf: float
    model: str
    cpu_s: float
    chunk_s: tuple[float, ...]
    """CPU seconds of each chunk."""


class Studied(msgspec.Struct, frozen=True, kw_only=True):
    """A title after its analysis: its plan, what trials cost (CPU seconds) and over how many seconds they were made."""

    plan: Plan
    trials: tuple[Any, ...]
    tried_s: float
    samples_cpu_s: float
    trials_cpu_s: float


class Encode(msgspec.Struct, frozen=True, kw_only=True):
    """One chunk of one rung: the commands that make `out`, one after the other."""

    commands: tuple[list[str], ...]
    out: Path


def counted(fn: Callable[..., T], *args: Any) -> tuple[T, float]:
    """What `fn` answers, and the CPU seconds of it and of the programs that it ran; nothing else may run meanwhile."""
    before = _used_s()
    return fn(*args), _used_s() - before


def _used_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def ran(commands: Sequence[list[str]], folder: Path) -> None:
    """Run FFmpeg commands one after the other, confined as production confines them."""
    for argv in commands:
        done = run_confined(argv, limits=ENCODE_LIMITS, folder=folder)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(argv)}\n{done.stderr_tail}")


def two_pass(argv: list[str], log: Path) -> tuple[list[str], list[str]]:
    """A one-pass command as the two commands of two passes."""
    *options, form, muxer, out = argv
    assert (form, muxer) == ("-f", "mp4"), argv
    number = ("-passlogfile", str(log), "-pass")
    return [*options, *number, "1", "-f", "null", "-"], [*options, *number, "2", form, muxer, out]


@dataclass
class Place:
    """Where titles are measured: a folder that keeps everything, and processes that work."""

    folder: Path
    pool: ProcessPoolExecutor
    preset: str
    workplace: Workplace = field(init=False)
    encoder: Encoder = field(init=False)
    cpu_s: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """By the name of the task of production's that used it."""

    def __post_init__(self) -> None:
        ffmpeg = Path(imageio_ffmpeg.get_ffmpeg_exe())
        build = hashlib.file_digest(ffmpeg.open("rb"), "sha256").hexdigest()
        objects, scratch = self.folder / "objects", self.folder / "scratch"
        for path in (objects, scratch, self.folder / "measured"):
            path.mkdir(parents=True, exist_ok=True)
        self.workplace = Workplace(objects_url=objects.as_uri(), scratch=str(scratch), ffmpeg=str(ffmpeg), build=build)
        self.encoder = Encoder(build=build, preset=self.preset)

    async def work(self, fn: Callable[..., T], *args: Any) -> tuple[T, float]:
        """`counted`, in one of the processes."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, counted, fn, *args)

    def take(self, film: Path) -> Order:
        """The order for a film, which is stored as a master by a link to it."""
        with film.open("rb") as file:
            source = hashlib.file_digest(file, "sha256").hexdigest()
        master = self.folder / "objects" / "masters" / source
        master.parent.mkdir(exist_ok=True)
        master.unlink(missing_ok=True)
        master.symlink_to(film.resolve())
        size_bytes = film.stat().st_size
        return Order(
            title_id=film.stem, master=f"masters/{source}", source=source, size_bytes=size_bytes,
            is_damaged_accepted=True, ladder="quality",
        )  # fmt: skip

    async def studied(self, order: Order) -> Studied:
        """Production's study of a film, and the plan that follows."""
        self.cpu_s.clear()

        async def run(fn: Callable[..., str], *args: Any, name: str, priority: int, memory_bytes: int = 0) -> str:
            made, cpu_s = await self.work(fn, self.workplace, *args)
            self.cpu_s[fn.__name__] += cpu_s
            return made

        study = Study(open_objects(self.workplace.objects_url), self.encoder, order, run, lambda _: None)
        inspection = await study.inspection()
        windows = await study.samples(inspection)
        analyses = await study.trials(inspection, windows) if order.ladder == "quality" else {}
        plan = plan_of(order, inspection, windows, self.encoder, analyses)

        async def cost() -> dict[str, float]:
            return dict(self.cpu_s)

        analysis = analyses.get("h264")
        trials, tried_s = (analysis.trials, analysis.seconds) if analysis is not None else ((), 0.0)
        names = tuple(f"{trial.size}{trial.crf:g}" for trial in trials)
        spent = await self._kept(f"study-{order.source[:16]}-{_hash(*names, str(tried_s))}", dict, cost)
        seen = await self._kept(f"samples-{order.source[:16]}", dict, cost)  # these outlive another study
        return Studied(
            plan=plan,
            trials=trials,
            tried_s=tried_s,
            samples_cpu_s=seen.get("sample_window", 0.0),
            trials_cpu_s=spent.get("try_piece", 0.0),
        )

    async def outcomes(self, plan: Plan, recipes: Sequence[VideoRecipe], passes: int) -> list[Outcome]:
        """Each rung encoded in the plan's chunks, and all of it scored against the source."""
        missing = [one for one in recipes if not self._path(self._name(one, passes)).exists()]
        if missing:
            for recipe, made in zip(missing, await self._made(plan, missing, passes), strict=True):
                self._path(self._name(recipe, passes)).write_bytes(msgspec.json.encode(made))
        return [msgspec.json.decode(self._path(self._name(one, passes)).read_bytes(), type=Outcome) for one in recipes]

    async def _made(self, plan: Plan, recipes: Sequence[VideoRecipe], passes: int) -> list[Outcome]:
        with self._room() as room:
            encodes = [[self._encode(plan, chunk, recipe, passes, room) for recipe in recipes] for chunk in plan.chunks]
            flat = [one for row in encodes for one in row]
            spent = await asyncio.gather(*(self.work(ran, one.commands, room) for one in flat))
            scores = await asyncio.gather(*(self._scores(plan, chunk, recipes, row, room) for chunk, row in
                                            zip(plan.chunks, encodes, strict=True)))  # fmt: skip
            weights = [(chunk.end - chunk.start) / plan.timeline.frames for chunk in plan.chunks]
            return [
                Outcome(
                    name=recipe.rung.name,
                    bps=sum(_size_bytes(row[n].out) for row in encodes) * 8 / plan.timeline.duration_s,
                    vmaf=sum(weight * row[n] for weight, row in zip(weights, scores, strict=True)),
                    model=self._judged(plan, recipe)[1],
                    cpu_s=sum(chunk_s := [cpu_s for _, cpu_s in spent[n :: len(recipes)]]),
                    chunk_s=tuple(chunk_s),
                )
                for n, recipe in enumerate(recipes)
            ]

    def _encode(self, plan: Plan, chunk: Chunk, recipe: VideoRecipe, passes: int, room: Path) -> Encode:
        out = room / f"{key_of(recipe)}-{chunk.number}.mp4"
        master = Path(self.workplace.objects_url.removeprefix("file://")) / plan.order.master
        argv = chunk_argv(Path(self.workplace.ffmpeg), master, plan.inspection, chunk, recipe, out)
        return Encode(commands=(argv,) if passes == 1 else two_pass(argv, out.with_suffix(".log")), out=out)

    async def _scores(
        self, plan: Plan, chunk: Chunk, recipes: Sequence[VideoRecipe], encodes: Sequence[Encode], room: Path
    ) -> list[float]:
        """The VMAF of each rung's chunk."""
        scores: dict[int, float] = {}
        for judged in {self._judged(plan, recipe) for recipe in recipes}:
            mine = [n for n, recipe in enumerate(recipes) if self._judged(plan, recipe) == judged]
            (display, model), files = judged, [encodes[n].out for n in mine]
            folder = room / f"{chunk.number}-{display[1]}"
            folder.mkdir()
            argv = vmaf_argv(
                Path(self.workplace.ffmpeg),
                Path(self.workplace.objects_url.removeprefix("file://")) / plan.order.master,
                plan.inspection, plan.timeline, chunk, display, files, Coding(), model, VMAF_EVERY,
            )  # fmt: skip
            await self.work(ran, (argv,), folder)
            logs = [(folder / f"{rank}.json").read_bytes() for rank in range(len(mine))]
            scores |= {
                n: mean(msgspec.json.decode(log, type=VmafLog).scores) for n, log in zip(mine, logs, strict=True)
            }
        return [scores[n] for n in range(len(recipes))]

    def _judged(self, plan: Plan, recipe: VideoRecipe) -> tuple[tuple[int, int], str]:
        assert plan.inspection.video is not None
        return judged_at((recipe.rung.width, recipe.rung.height), *display_size(plan.inspection.video))

    @contextmanager
    def _room(self) -> Iterator[Path]:
        import tempfile  # noqa: PLC0415

        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            yield Path(name)

    def _name(self, recipe: VideoRecipe, passes: int) -> str:
        return f"{key_of(recipe)}-{passes}-{VMAF_EVERY}"

    def _path(self, name: str) -> Path:
        return self.folder / "measured" / f"{name}.json"

    async def _kept(self, name: str, kind: type[Any], make: Callable[[], Awaitable[Any]]) -> Any:
        path = self._path(name)
        if not path.exists():
            path.write_bytes(msgspec.json.encode(await make()))
        return msgspec.json.decode(path.read_bytes(), type=kind)


def _size_bytes(file: Path) -> int:
    return int(read_track(file).samples.size.sum())


def _hash(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
