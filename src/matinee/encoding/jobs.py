"""The durable job of a title: inspect, sample, then whatever `next_tasks` says until every rung is published.

The job keeps nothing in memory that it could not find again: what is done is what exists in the object store. It
publishes a version each time another rung has passed, lowest first.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any, TypeVarTuple

import msgspec
from obstore.exceptions import BaseError as StoreError

from matinee.base import objects as store
from matinee.base import scratch
from matinee.base.errors import Invalid, MatineeError
from matinee.base.objects import Objects
from matinee.base.process import Killed, OutOfMemory
from matinee.encoding import plan as planning
from matinee.encoding.asset import Asset, AudioRendition, Pictures, SubtitleTrack, VideoRendition, image_names
from matinee.encoding.pertitle.ladder import Codec
from matinee.encoding.pertitle.trial import Analysis
from matinee.encoding.plan import Order, Plan, Rendition, Task, Text
from matinee.encoding.qc.checks import show_moment
from matinee.encoding.qc.limits import QualityLimits
from matinee.encoding.qc.quality import Finding, Held, QualityFailed
from matinee.encoding.qc.record import Record
from matinee.encoding.qc.report import Moment, Report, name_of
from matinee.encoding.recipe import Encoder, VideoRecipe, content_key
from matinee.encoding.service import Assets
from matinee.encoding.source import FilmRefused, Inspection, chapters_of
from matinee.encoding.study import Study, cancel_all, looked
from matinee.encoding.tracks.sound import Surround
from matinee.encoding.worker.ffmpeg import origin_s
from matinee.encoding.worker.memory import task_bytes
from matinee.encoding.worker.tasks import perform
from matinee.encoding.worker.workplace import VERDICTS, MachineFailed, Workplace, metered, said_of
from matinee.work.compute import Compute, WorkerLost
from matinee.work.control import Ending, Lease
from matinee.work.job import Progress, Stage, backoff_s

Args = TypeVarTuple("Args")

_log = logging.getLogger(__name__)
IN_FLIGHT_MAX = 64
"""Tasks of one title that wait or run on workers at a time: enough for any machine here, little to cancel."""
PRIORITY_LOOK_S = 0.5
JOB_PRIORITY = 1_000
"""A job of a higher priority goes before any task of a lower one."""


TASK_RETRIES_MAX = 3
"""How often a task is tried again that failed for a reason of the machine, on whichever worker has room then."""


class Poisonous(Invalid):
    """A task that failed each time that it was tried, while others were done."""

    code = "task_poisonous"

    def __init__(self, rendition: str, retries: int, reason: str) -> None:
        super().__init__(f"tried {retries + 1} times: {reason}")
        self.rendition = rendition


async def _nobody(_: Order) -> bool:
    return False


async def _fine() -> None:
    pass


@dataclass(frozen=True)
class EncodeTitle:
    """The handler of `encode` jobs."""

    assets: Assets
    objects: Objects
    compute: Compute
    place: Workplace
    encoder: Encoder
    surround: Surround = "none"
    is_wanted_again: Callable[[Order], Awaitable[bool]] = _nobody
    """Whether another job is about the same film as one that was given up."""
    see_store: Callable[[], Awaitable[None]] = _fine
    """Raises Unavailable where the object store is not the one that masters are in."""
    limits: QualityLimits = field(default_factory=QualityLimits)

    async def __call__(self, lease: Lease) -> None:
        order = msgspec.convert(lease.job.payload, Order)
        run = _Run(self, lease, order, await self.assets.of_source(order.title_id, order.source))
        if not await asyncio.to_thread(store.exists, self.objects, order.master):
            await self.see_store()
            raise FilmRefused("its file is not stored any more; add it again")
        try:
            await run.followed()
        except VERDICTS as error:
            await self.compute.let_go(run.started)
            await self._refuse(run, error.message)
            raise
        except QualityFailed as error:
            await self.compute.let_go(run.started)
            await run.make_anew(error)
            raise
        except Poisonous as error:
            await self.compute.let_go(run.started)
            await run.hold_what_cannot_be_made(error.rendition, error.message)
            raise
        except asyncio.CancelledError:
            if lease.ending is Ending.CANCELLED:
                await self._forget(run)
            elif lease.ending is Ending.PAUSED:
                await self.compute.let_go(run.started)
            raise
        await asyncio.to_thread(self._clean_up, order)

    async def _forget(self, run: _Run) -> None:
        """A person gave the job up: keep nothing of it but what was published."""
        await self.compute.let_go(run.started)
        if not await self.is_wanted_again(run.order):
            await self._refuse(run, "it was given up", run.lease.job.created)

    async def _refuse(self, run: _Run, reason: str, stored_before: float = inf) -> None:
        """Keep nothing of the film; no worker may be at work on it any more."""
        images = await asyncio.to_thread(run.image_names)
        await self.assets.refuse(run.order, run.rendition_keys(), images, reason, stored_before)

    def discard(self, order: Order, rendition: str, chunks: Sequence[str] | None = None) -> None:
        """Remove a rendition that failed, to be made anew when the job is tried again: with what its checks found, and
        with those of its chunks that are to blame; with all of them where any may have gone bad in the store."""
        store.delete_under(self.objects, f"renditions/{rendition}")
        if chunks is None:
            store.delete_under(self.objects, f"{planning.work_folder(order.source)}/{rendition}")
        for name in chunks or ():
            store.delete(self.objects, name)

    def _clean_up(self, order: Order) -> None:
        store.delete_under(self.objects, planning.work_folder(order.source))
        scratch.sweep(Path(self.place.scratch))  # what workers that were killed on the way have left


class _Run:
    """One attempt at one title, of which `versions` are published."""

    def __init__(self, job: EncodeTitle, lease: Lease, order: Order, versions: Sequence[Asset]) -> None:
        self.job, self.lease, self.order = job, lease, order
        self.versions = versions
        self.urgency = lease.job.priority * JOB_PRIORITY
        self.plan: Plan | None = None
        self.analyses: Mapping[Codec, Analysis] = {}
        self.record = Record(job.objects, order, job.limits, job.assets.clock, lease.job.attempt)
        self.plan_name = ""
        self.stages: Sequence[Stage] = lease.job.progress.stages
        self.said: Sequence[str] = ()
        """What the program said by which a task failed last."""
        self.warnings: tuple[str, ...] = ()
        """What of the film is left out, and what is odd about it."""
        self.done: set[str] = set()
        self.started: set[str] = set()
        self.published: Asset | None = None
        self.times = {stage.name: (stage.timed, stage.spent_s) for stage in lease.job.progress.stages if stage.timed}
        """How many tasks of each stage were timed, and the seconds that they took: also those of earlier attempts."""
        self.study = Study(job.objects, job.encoder, order, self._run, self._tell, job.surround)

    async def followed(self) -> None:
        """To the end, at the priority that the job has meanwhile."""
        following = asyncio.create_task(self._follow_priority())
        try:
            await self.to_the_end()
        finally:
            await cancel_all([following])

    async def _follow_priority(self) -> None:
        while True:
            await asyncio.sleep(PRIORITY_LOOK_S)
            wanted = self.lease.job.priority * JOB_PRIORITY
            if wanted != self.urgency:
                with suppress(OSError):  # the scheduler is away: at the next look
                    await self.job.compute.move(self.started, wanted - self.urgency)
                    self.urgency = wanted

    def _name(self, rendition: str) -> str:
        """What people call the rendition of this key."""
        plan = self.plan
        made = (*plan.video, *plan.audio, *plan.subtitles) if plan is not None else ()
        return next((name_of(one) for one in made if one.key == rendition), rendition)

    def rendition_keys(self) -> list[str]:
        plan = self.plan
        return [one.key for one in (*plan.video, *plan.audio, *plan.subtitles)] if plan is not None else []

    def image_names(self) -> Sequence[str]:
        name = planning.pictures_name(self.order)
        return image_names(self._read(name, Pictures)) if store.exists(self.job.objects, name) else []

    async def to_the_end(self) -> None:
        """Whatever is missing, until everything is published. Raises Held where something may not be."""
        try:
            await self._make()
        finally:
            await asyncio.to_thread(self.record.save)

    async def make_anew(self, error: QualityFailed) -> None:
        """Have what failed made once more when the job is tried again.

        Raises Held where that was tried enough, or where viewers have it: what is watched is never removed.
        """
        in_use = await self.job.assets.rendition_keys_in_use()
        if error.rendition in in_use or await asyncio.to_thread(self.record.is_worn_out, error.rendition):
            await self.hold_what_cannot_be_made(error.rendition, f"quality control failed: {'; '.join(error.faults)}")
        await asyncio.to_thread(self.job.discard, self.order, error.rendition, error.chunks)
        await asyncio.to_thread(self.record.count_remake, error.rendition)
        self.record.note(f"{self._name(error.rendition)} is made anew: {'; '.join(error.faults)}")
        await asyncio.to_thread(self.record.save)

    async def _make(self) -> None:
        inspection = await self.study.inspection()
        last = self.versions[-1] if self.versions else None
        if last is not None and planning.is_whole(self.order, last):
            await self._publish_with_subtitles(last, inspection)
            return
        self.done = await asyncio.to_thread(self._what_exists)
        windows, sounds, texts = await self.study.findings(inspection)
        self._warn(inspection, texts)
        analyses = await self.study.trials(inspection, windows) if self.order.ladder == "quality" else {}
        encoder, surround = self.job.encoder, self.job.surround
        self.plan = planning.plan_of(self.order, inspection, windows, encoder, analyses, texts, sounds, surround)
        self.analyses = analyses
        self.done |= await asyncio.to_thread(self._what_exists)
        self.plan_name = await asyncio.to_thread(self._write_plan, self.plan)
        await asyncio.to_thread(self.record.judge, self.plan, frozenset(self.done))
        await self._publish_if_more(self.plan)
        await self._work_through(self.plan)
        await self._conclude(self.plan)

    async def _conclude(self, plan: Plan) -> None:
        """Store the report of a title of which everything is made. Raises Held where not all of it is published."""
        report = self._warned(await asyncio.to_thread(self.record.report, plan, self.analyses))
        await asyncio.to_thread(self.record.put, report)
        if report.verdict == "hold":
            await self._hold(plan, report)

    def _warned(self, report: Report) -> Report:
        """`report` with what is to know of the film itself, which holds nothing."""
        if not self.warnings:
            return report
        told = (Finding(check="source", rendition="film", severity="warn", message=one) for one in self.warnings)
        verdict = "warn" if report.verdict == "pass" else report.verdict
        return msgspec.structs.replace(report, verdict=verdict, findings=(*report.findings, *told))

    async def hold_what_cannot_be_made(self, rendition: str, message: str) -> None:
        """Report what failed each time that it was tried. Raises Held."""
        assert self.plan is not None, "a rendition is only made by a plan"
        held = [Finding(check="package", rendition=self._name(rendition), severity="hold", message=message)]
        report = self._warned(await asyncio.to_thread(self.record.report, self.plan, self.analyses, held))
        marked = (
            msgspec.structs.replace(one, is_held=one.is_held or one.key == rendition) for one in report.renditions
        )
        report = msgspec.structs.replace(report, renditions=tuple(marked))
        await asyncio.to_thread(self.record.put, report)
        await self._hold(self.plan, report)

    async def _hold(self, plan: Plan, report: Report) -> None:
        """Publish what is fit, tell that the rest waits for a person, then take pictures of it. Raises Held."""
        await self._publish_if_more(plan, is_last=True)
        await self.job.assets.hold(self.order.title_id, report.reason)
        with suppress(MatineeError, OSError, StoreError):  # what is held is held, whether or not it can be shown
            await self._show(report.worst)
        raise Held(report.reason, self.order.title_id)

    async def _show(self, moment: Moment | None) -> None:
        """Pictures of `moment` in place of those of what was held before."""
        names, priority = planning.moment_names(self.order.source, self.order.title_id), planning.SOUND_PRIORITY
        for name in names:
            await asyncio.to_thread(store.delete, self.job.objects, name)
        if moment is not None:
            await self._run(show_moment, self.plan_name, moment, names, name=names[1], priority=priority)

    async def _publish_with_subtitles(self, last: Asset, inspection: Inspection) -> None:
        """Every rung is published: what can be new are the subtitles. Nothing that is watched is made again."""
        texts = await self.study.texts(inspection)
        subtitles = planning.subtitles_of(self.order, inspection, texts)
        if {track.key for track in last.subtitles} == {track.key for track in subtitles}:
            return
        bare = planning.plan_of(self.order, inspection, (), self.job.encoder)
        self.plan = msgspec.structs.replace(bare, video=(), audio=(), subtitles=subtitles)
        self.done = await asyncio.to_thread(self._what_exists)
        self.plan_name = await asyncio.to_thread(self._write_plan, self.plan)
        for task in planning.subtitle_tasks(self.plan, self.done):
            await self._perform(task)
        tracks = tuple([await asyncio.to_thread(self._facts, track, SubtitleTrack) for track in subtitles])
        await self.job.assets.publish(msgspec.structs.replace(last, subtitles=tracks), self.order.source)

    def _warn(self, inspection: Inspection, texts: Sequence[Text]) -> None:
        faults = (f"subtitle track {text.stream} is left out: {text.fault}" for text in texts if text.fault)
        self.warnings = (*inspection.warnings, *faults)
        for warning in self.warnings:
            _log.warning("%s: %s", self.order.title_id, warning)
            self.record.note(warning)

    def _what_exists(self) -> set[str]:
        """Names of what is there already: intermediates, and the facts of renditions that are whole."""
        exist = set(store.keys_under(self.job.objects, planning.work_folder(self.order.source)))
        facts = (planning.facts_name(key) for key in self.rendition_keys())
        return exist | {name for name in facts if store.exists(self.job.objects, name)}

    def _write_plan(self, plan: Plan) -> str:
        """Workers read the plan from the store: a task's arguments stay small."""
        name = f"{plan.work}/plan-{content_key(tuple(self.rendition_keys()))}"
        if not store.exists(self.job.objects, name):
            store.write(self.job.objects, name, msgspec.msgpack.encode(plan))
        return name

    async def _work_through(self, plan: Plan) -> None:
        running: dict[asyncio.Task[str], str] = {}
        try:
            while True:
                started = set(running.values())
                for task in planning.next_tasks(plan, self.done):
                    if task.makes not in started and len(running) < IN_FLIGHT_MAX:
                        running[asyncio.create_task(self._perform(task))] = task.makes
                        started.add(task.makes)
                self._report(plan)
                if not running:
                    return
                finished, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                made = {running.pop(one) for one in finished}
                for one in finished:
                    one.result()
                self.done |= made
                await asyncio.to_thread(self.record.judge, plan, frozenset(made))
                await self._publish_if_more(plan)
        finally:
            await cancel_all(list(running))

    async def _perform(self, task: Task) -> str:
        """Have a task done. One that fails each time for a reason of the machine costs nothing but itself, and ends.

        Raises Poisonous.
        """
        memory_bytes, tries = self._memory_bytes(task), 0
        while True:
            try:
                return await self._run(
                    perform, self.plan_name, task, name=task.makes, priority=task.priority, memory_bytes=memory_bytes
                )
            except (MachineFailed, Killed, OutOfMemory, WorkerLost) as error:
                if tries == TASK_RETRIES_MAX or isinstance(error, WorkerLost):  # it took as many workers with it
                    raise Poisonous(task.rendition, tries, error.message) from error
                tries += 1
                self.record.note(f"tried again: {error.message}")
                await asyncio.sleep(backoff_s(tries))

    def _memory_bytes(self, task: Task) -> int:
        """What a task on pictures takes; all others take little."""
        for rung in self.plan.video if self.plan is not None and task.kind in ("chunk", "check") else ():
            if rung.key == task.rendition and isinstance(rung.recipe, VideoRecipe):
                return task_bytes(rung.recipe.rung.width, rung.recipe.rung.height, rung.recipe.coding.codec)
        return 0

    async def _run(
        self, fn: Callable[[Workplace, *Args], str], *args: *Args, name: str, priority: int, memory_bytes: int = 0
    ) -> str:
        self.started.add(name)
        compute, place = self.job.compute, self.job.place
        stage = self._stage_of(name)

        def took(seconds: float) -> None:
            timed, spent_s = self.times.get(stage, (0, 0.0))
            self.times[stage] = (timed + 1, spent_s + seconds)

        try:
            done = await compute.run(
                metered,
                fn,
                place,
                *args,
                name=name,
                priority=self.urgency + priority,
                doing=f"{self.order.title_id} {stage}",
                took=took,
                memory_bytes=memory_bytes,
            )
        except MatineeError as error:
            self.said = said_of(error)
            self.record.heard(stage, self.said)
            self._tell(self.stages)  # with the job: it outlives the record of a film that is refused
            raise
        of = next((f"{one.kind}/{one.rendition}" for one in args if isinstance(one, Task)), fn.__name__)
        self.record.spent(of, done.cpu_s)
        self.record.heard(stage, done.warnings)
        return done.made

    def _stage_of(self, makes: str) -> str:
        return stage_of_task(self.plan, makes)

    async def _publish_if_more(self, plan: Plan, *, is_last: bool = False) -> None:
        """Each time that there is another rung, and when everything is there, or all that there will be (`is_last`)."""
        fit = await asyncio.to_thread(self.record.fit, plan, frozenset(self.done))
        rungs = planning.publishable(plan, fit, self.versions)
        sound = planning.audible(plan, fit)
        is_complete = (len(rungs), len(sound)) == (len(plan.video), len(plan.audio))
        shown = (len(self.published.video), self.published.is_complete) if self.published else (0, False)
        has_more_sound = is_last and self.published is not None and len(sound) > len(self.published.audio)
        if rungs and ((len(rungs), is_complete) != shown or has_more_sound):
            draft = await asyncio.to_thread(self._draft, plan, rungs, sound, is_complete)
            asset = self.published = await self.job.assets.publish(draft, self.order.source)
            self.record.note(f"version {asset.number} is published: {', '.join(rung.name for rung in asset.video)}")
            await asyncio.to_thread(self.record.save)

    def _draft(self, plan: Plan, rungs: Sequence[Rendition], sound: Sequence[Rendition], is_complete: bool) -> Asset:
        pictures = self._read(planning.pictures_name(self.order), Pictures)
        return Asset(
            id="",
            title_id=self.order.title_id,
            number=0,
            duration_s=float(plan.timeline.duration_s),
            video=tuple(self._facts(rung, VideoRendition) for rung in rungs),
            audio=tuple(self._facts(track, AudioRendition) for track in sound),
            subtitles=tuple(self._facts(track, SubtitleTrack) for track in plan.subtitles),
            still=pictures.still,
            storyboard=pictures.storyboard,
            chapters=chapters_of(plan.inspection, origin_s(plan.inspection, plan.timeline), plan.timeline.duration_s),
            is_complete=is_complete,
            keeps_bars=self.order.keeps_bars,
        )

    def _facts(self, rendition: Rendition, kind: type[Any]) -> Any:
        return self._read(planning.facts_name(rendition.key), kind)

    def _read(self, name: str, kind: type[Any]) -> Any:
        return msgspec.json.decode(store.read(self.job.objects, name), type=kind)

    def _report(self, plan: Plan) -> None:
        self._tell(stages(plan, self.done))

    def _tell(self, stages: Sequence[Stage]) -> None:
        self.stages = stages
        self.lease.report(Progress(tuple(self._timed(stage) for stage in stages), "\n".join(self.said)))

    def _timed(self, stage: Stage) -> Stage:
        timed, spent_s = self.times.get(stage.name, (0, 0.0))
        return msgspec.structs.replace(stage, timed=timed, spent_s=round(spent_s, 3))


def stage_of_task(plan: Plan | None, makes: str) -> str:
    """The name of the stage of `stages` that a task belongs to, by what it makes."""
    parts = makes.split("/")
    for rung in plan.video if plan is not None else ():
        if rung.key in parts:
            return name_of(rung)
    if parts[0] == "renditions" or (plan is not None and any(track.key in parts for track in plan.audio)):
        return "sound"
    kind = parts[-1].partition("-")[0]
    return {"inspect": "inspect", "trial": "try", "pictures": "pictures"}.get(kind, "analyse")


def stages(plan: Plan, done: Collection[str]) -> list[Stage]:
    """How far a title is, for people: looking at it, its sound, then each rung by its chunks."""
    sound = [planning.facts_name(track.key) for track in (*plan.audio, *plan.subtitles)]
    shown = [
        *looked(len(plan.windows), len(plan.windows)),
        *([Stage("try", 1, 1)] if plan.order.ladder == "quality" else []),
        Stage("sound", sum(name in done for name in sound), len(sound)),
    ]
    for rung in plan.video:
        total = len(plan.chunks) + 1 + len(plan.windows)
        if planning.facts_name(rung.key) in done:
            ready = (
                len(plan.chunks)
                + 1
                + sum(planning.check_name(plan, rung.key, one.number) in done for one in plan.windows)
            )
        else:
            ready = sum(planning.chunk_name(plan, rung.key, chunk.number) in done for chunk in plan.chunks)
        shown.append(Stage(name_of(rung), ready, total, weight=_weight(rung), family=_codec(rung)))
    return shown


def _weight(rung: Rendition) -> float:
    """Megapixels of a frame: what an encoder's time goes by, between rungs of one title."""
    assert isinstance(rung.recipe, VideoRecipe)
    return rung.recipe.rung.width * rung.recipe.rung.height / 1e6


def _codec(rung: Rendition) -> str:
    """What rungs have to share for the times of one to say anything of another."""
    assert isinstance(rung.recipe, VideoRecipe)
    return rung.recipe.coding.codec
